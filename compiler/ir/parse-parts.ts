/**
 * Reads the parts of a graph's text below statements: types, attributes, recipes of constants and lists of any of
 * these. Grammar in `parse.ts`.
 */
import { MillraceError } from '../../runtime/error.ts';
import type { OpSignatures } from './builder.ts';
import type { Attrs, AttrValue, Constant, TypedConstant } from './constant.ts';
import { bytesOf, fromNumbers } from './tensor.ts';
import type { Tokens } from './tokens.ts';
import {
  byteLength,
  type DType,
  dtypes,
  elementCount,
  formatType,
  sameType,
  type TensorType,
} from './types.ts';

/** Deepest nesting of recipes: enough for any chain of folds, too little to overflow the stack. */
const MAX_RECIPE_DEPTH = 200;

export class PartParser {
  readonly #tokens: Tokens;
  readonly #signatures: OpSignatures;

  constructor(tokens: Tokens, signatures: OpSignatures) {
    this.#tokens = tokens;
    this.#signatures = signatures;
  }

  /** `float32[1,3]`. */
  type(): TensorType {
    const token = this.#tokens.peek();
    const dtype = this.#tokens.anyWord();
    if (!(dtypes as readonly string[]).includes(dtype))
      throw this.#tokens.error(token.line, 'element type', dtypes.join(', '), dtype);
    this.#tokens.expect('[');
    const shape = this.list(() => {
      const dim = this.#tokens.number();
      if (!Number.isSafeInteger(dim) || dim < 0)
        throw this.#tokens.error(token.line, 'dimension', 'a natural number', String(dim));
      return dim;
    }, ']');
    return { dtype: dtype as DType, shape };
  }

  /** A constant's recipe; what elements it has is known by the type. */
  recipe(type: TensorType, depth = 0): Constant {
    const tokens = this.#tokens;
    const { line } = tokens.peek();
    if (depth > MAX_RECIPE_DEPTH) throw tokens.error(line, `recipe nested deeper than ${MAX_RECIPE_DEPTH}`);
    if (tokens.accept('[')) {
      const elements = this.list(() => tokens.number(), ']');
      if (elements.length !== elementCount(type.shape))
        throw tokens.error(line, 'elements', String(elementCount(type.shape)), String(elements.length));
      return { kind: 'inline', bytes: bytesOf(this.located(line, () => fromNumbers(type, elements))) };
    }
    const word = tokens.anyWord();
    tokens.expect('(');
    if (word === 'base64') {
      const bytes = new Uint8Array(Buffer.from(tokens.string(), 'base64'));
      if (bytes.byteLength !== byteLength(type))
        throw tokens.error(line, 'bytes', String(byteLength(type)), String(bytes.byteLength));
      return this.#closed({ kind: 'inline', bytes });
    }
    if (word === 'splat') return this.#closed({ kind: 'splat', value: tokens.number() });
    if (word === 'file')
      return this.#closed({ kind: 'file', path: tokens.string(), offset: this.#named('offset') });
    if (word === 'random') return this.#closed(this.#random());
    const args = this.list(() => this.#argument(depth + 1), ')');
    const attrs = this.located(line, () => this.#signatures.complete(word, this.attrs()));
    const [inferred] = this.located(line, () =>
      this.#signatures.infer(
        word,
        args.map((arg) => arg.type),
        attrs,
      ),
    );
    if (inferred === undefined || !sameType(inferred, type))
      throw tokens.error(
        line,
        `type of ${word}(…)`,
        inferred ? formatType(inferred) : 'a value',
        formatType(type),
      );
    return { kind: 'apply', op: word, attrs, args };
  }

  #random(): Constant {
    const { line } = this.#tokens.peek();
    const distribution = this.#tokens.anyWord();
    if (distribution !== 'normal' && distribution !== 'uniform')
      throw this.#tokens.error(line, 'distribution', 'normal or uniform', distribution);
    const seed = this.#named('seed');
    const mean = this.#named('mean');
    return { kind: 'random', distribution, seed, mean, scale: this.#named('scale') };
  }

  /**
   * A recipe's type stands behind it and is needed to read it (how many elements, how wide), so the recipe is
   * skipped, the type read, and the recipe then read from where it began.
   */
  #argument(depth: number): TypedConstant {
    const tokens = this.#tokens;
    const begin = tokens.position;
    tokens.skipExpression();
    tokens.expect(':');
    const type = this.type();
    const end = tokens.position;
    tokens.position = begin;
    const constant = this.recipe(type, depth);
    tokens.position = end;
    return { type, constant };
  }

  /** `, key=number`. */
  #named(key: string): number {
    this.#tokens.expect(',');
    this.#tokens.word(key);
    this.#tokens.expect('=');
    return this.#tokens.number();
  }

  #closed<T>(result: T): T {
    this.#tokens.expect(')');
    return result;
  }

  /** `{a=1, b="x"}`, or nothing for none. */
  attrs(): Attrs {
    const attrs: Record<string, AttrValue> = {};
    if (!this.#tokens.accept('{')) return attrs;
    this.list(() => {
      const { line } = this.#tokens.peek();
      const key = this.#tokens.anyWord();
      if (Object.hasOwn(attrs, key)) throw this.#tokens.error(line, `attribute "${key}" given twice`);
      this.#tokens.expect('=');
      attrs[key] = this.#attr();
    }, '}');
    return attrs;
  }

  #attr(): AttrValue {
    const tokens = this.#tokens;
    if (tokens.accept('[')) {
      const items = this.list(() => this.#scalar(), ']');
      if (items.every((item) => typeof item === 'number') || items.every((item) => typeof item === 'string'))
        return items as number[] | string[];
      throw tokens.unexpected('a list of numbers or of strings before this');
    }
    return this.#scalar();
  }

  #scalar(): number | string | boolean {
    if (this.#tokens.peek().kind === 'string') return this.#tokens.string();
    if (this.#tokens.acceptWord('true')) return true;
    if (this.#tokens.acceptWord('false')) return false;
    return this.#tokens.number();
  }

  /** Items between commas up to and including the closing token. */
  list<T>(item: () => T, close: string): T[] {
    const items: T[] = [];
    if (this.#tokens.accept(close)) return items;
    do items.push(item());
    while (this.#tokens.accept(','));
    this.#tokens.expect(close);
    return items;
  }

  /** Says the line of an error that the ops throw. */
  located<T>(line: number, run: () => T): T {
    try {
      return run();
    } catch (error) {
      if (error instanceof MillraceError && error.at?.startsWith('line ')) throw error;
      const what = error instanceof Error ? error.message : String(error);
      throw new MillraceError('MODEL_INVALID', what, { at: `line ${line}`, cause: error });
    }
  }
}
