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
import { GraphBuilder, type OpSignatures } from './builder.ts';
import type { Graph, ValueId } from './graph.ts';
import { PartParser } from './parse-parts.ts';
import { formatName, Tokens } from './tokens.ts';
import { formatType, sameType, type TensorType } from './types.ts';

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
  readonly #parts: PartParser;
  #builder: GraphBuilder;

  constructor(tokens: Tokens, signatures: OpSignatures) {
    this.#tokens = tokens;
    this.#signatures = signatures;
    this.#parts = new PartParser(tokens, signatures);
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
      this.#ids.set(key, this.#builder.constant(name, type, this.#parts.recipe(type)));
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
    return { key, name, type: this.#parts.type() };
  }

  #node(): void {
    const tokens = this.#tokens;
    const { line } = tokens.peek();
    const definitions = this.#parts.list(() => this.#definition(), '=');
    const op = tokens.anyWord();
    tokens.expect('(');
    const inputs = this.#parts.list(() => (tokens.acceptWord('_') ? null : this.#reference()), ')');
    const attrs = this.#parts.attrs();
    const name = definitions[0]!.name;
    if (this.#nodeNames.has(name)) throw tokens.error(line, `a second node named "${name}"`);
    this.#nodeNames.add(name);
    const outputs = this.#parts.located(line, () => this.#builder.node(op, inputs, attrs, name));
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
}
