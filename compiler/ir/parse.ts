/**
 * Reads the text that `print.ts` writes (its head shows the notation) back into a graph. Types of nodes are inferred
 * and compared with those written, so a fixture cannot say something the ops do not mean. Errors name the line.
 *
 * Grammar, with `{ x }` for any number of x:
 *   graph   "graph" STRING "{" { input | const | node | output } "}"
 *   input   "input" VALUE ":" type                    const   "const" VALUE ":" type "=" recipe
 *   node    VALUE ":" type { "," VALUE ":" type } "=" WORD "(" [ arg { "," arg } ] ")" [ attrs ]
 *   arg     VALUE | "_"                               output  "output" STRING "=" VALUE
 *   recipe  "splat" "(" n ")" | "file" "(" STRING "," "offset" "=" n ")" | "base64" "(" STRING ")" | "[" numbers "]"
 *           | "random" "(" WORD "," "seed" "=" n "," "mean" "=" n "," "scale" "=" n ")"
 *           | WORD "(" [ recipe ":" type { "," recipe ":" type } ] ")" [ attrs ]
 */
import { MillraceError } from '../../runtime/error.ts';
import { GraphBuilder, type OpSignatures } from './builder.ts';
import type { Attrs, AttrValue, Constant, TypedConstant } from './constant.ts';
import type { Graph, ValueId } from './graph.ts';
import { bytesOf, fromNumbers } from './tensor.ts';
import { formatName, type Token, Tokens } from './tokens.ts';
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

export function parse(text: string, signatures: OpSignatures): Graph {
  return new GraphParser(new Tokens(text), signatures).graph();
}

interface Definition {
  /** What the text calls the value: `conv1`, `w#2`. */
  readonly key: string;
  readonly name: string;
  readonly type: TensorType;
}

class GraphParser {
  readonly #tokens: Tokens;
  readonly #signatures: OpSignatures;
  readonly #ids = new Map<string, ValueId>();
  readonly #timesNamed = new Map<string, number>();
  readonly #nodeNames = new Set<string>();
  #builder: GraphBuilder;

  constructor(tokens: Tokens, signatures: OpSignatures) {
    this.#tokens = tokens;
    this.#signatures = signatures;
    this.#builder = new GraphBuilder('', signatures);
  }

  graph(): Graph {
    const tokens = this.#tokens;
    tokens.word('graph');
    this.#builder = new GraphBuilder(tokens.string(), this.#signatures);
    tokens.expect('{');
    while (!tokens.accept('}')) this.#statement();
    tokens.end();
    return this.#builder.build();
  }

  #statement(): void {
    const token = this.#tokens.peek();
    if (token.kind === 'value') this.#node();
    else if (this.#tokens.acceptWord('input')) {
      const { key, name, type } = this.#definition();
      this.#ids.set(key, this.#builder.input(name, type));
    } else if (this.#tokens.acceptWord('const')) {
      const { key, name, type } = this.#definition();
      this.#tokens.expect('=');
      this.#ids.set(key, this.#builder.constant(name, type, this.#recipe(type, 0)));
    } else if (this.#tokens.acceptWord('output')) {
      const name = this.#tokens.string();
      this.#tokens.expect('=');
      this.#builder.output(name, this.#reference());
    } else throw this.#tokens.unexpected('"input", "const", "output", a value or "}"');
  }

  #definition(): Definition {
    const token = this.#tokens.value();
    const { name, key } = token;
    const times = (this.#timesNamed.get(name) ?? 0) + 1;
    this.#timesNamed.set(name, times);
    const expected = times > 1 ? `${formatName(name)}#${times}` : formatName(name);
    if (key !== expected)
      throw this.#tokens.error(token.line, 'value defined out of turn', `%${expected}`, `%${key}`);
    this.#tokens.expect(':');
    return { key, name, type: this.#type() };
  }

  #node(): void {
    const tokens = this.#tokens;
    const { line } = tokens.peek();
    const definitions = this.#list(() => this.#definition(), '=');
    const op = tokens.anyWord();
    tokens.expect('(');
    const inputs = this.#list(() => (tokens.acceptWord('_') ? null : this.#reference()), ')');
    const attrs = this.#attrs();
    const name = definitions[0]!.name;
    if (this.#nodeNames.has(name)) throw tokens.error(line, `a second node named "${name}"`);
    this.#nodeNames.add(name);
    const outputs = this.#located(line, () => this.#builder.node(op, inputs, attrs, name));
    if (outputs.length !== definitions.length)
      throw tokens.error(line, `outputs of ${op}`, `${outputs.length}`, `${definitions.length}`);
    definitions.forEach((definition, i) => {
      const value = this.#builder.lookup(outputs[i]!);
      if (value.name !== definition.name)
        throw tokens.error(line, `name of output ${i}`, value.name, definition.name);
      if (!sameType(value.type, definition.type))
        throw tokens.error(
          line,
          `type of %${definition.key}`,
          formatType(value.type),
          formatType(definition.type),
        );
      this.#ids.set(definition.key, value.id);
    });
  }

  #reference(): ValueId {
    const token = this.#tokens.value();
    const id = this.#ids.get(token.key);
    if (id === undefined) throw this.#tokens.error(token.line, `no value %${token.key} before this line`);
    return id;
  }

  #type(): TensorType {
    const token = this.#tokens.peek();
    const dtype = this.#tokens.anyWord();
    if (!(dtypes as readonly string[]).includes(dtype))
      throw this.#tokens.error(token.line, 'element type', dtypes.join(', '), dtype);
    this.#tokens.expect('[');
    const shape = this.#list(() => {
      const dim = this.#tokens.number();
      if (!Number.isSafeInteger(dim) || dim < 0)
        throw this.#tokens.error(token.line, 'dimension', 'a natural number', String(dim));
      return dim;
    }, ']');
    return { dtype: dtype as DType, shape };
  }

  #recipe(type: TensorType, depth: number): Constant {
    const tokens = this.#tokens;
    const { line } = tokens.peek();
    if (depth > MAX_RECIPE_DEPTH) throw tokens.error(line, `recipe nested deeper than ${MAX_RECIPE_DEPTH}`);
    if (tokens.accept('[')) {
      const elements = this.#list(() => tokens.number(), ']');
      if (elements.length !== elementCount(type.shape))
        throw tokens.error(line, 'elements', String(elementCount(type.shape)), String(elements.length));
      return { kind: 'inline', bytes: bytesOf(this.#located(line, () => fromNumbers(type, elements))) };
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
    const args = this.#list(() => this.#argument(depth + 1), ')');
    const attrs = this.#located(line, () => this.#signatures.complete(word, this.#attrs()));
    const [inferred] = this.#located(line, () =>
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
    const type = this.#type();
    const end = tokens.position;
    tokens.position = begin;
    const constant = this.#recipe(type, depth);
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

  #attrs(): Attrs {
    const attrs: Record<string, AttrValue> = {};
    if (!this.#tokens.accept('{')) return attrs;
    this.#list(() => {
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
      const items = this.#list(() => this.#scalar(), ']');
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
  #list<T>(item: () => T, close: Token['text']): T[] {
    const items: T[] = [];
    if (this.#tokens.accept(close)) return items;
    do items.push(item());
    while (this.#tokens.accept(','));
    this.#tokens.expect(close);
    return items;
  }

  /** Says the line of an error that the ops throw. */
  #located<T>(line: number, run: () => T): T {
    try {
      return run();
    } catch (error) {
      if (error instanceof MillraceError && error.at?.startsWith('line ')) throw error;
      const what = error instanceof Error ? error.message : String(error);
      throw new MillraceError('MODEL_INVALID', what, { at: `line ${line}`, cause: error });
    }
  }
}
