/**
 * The text of a graph, which `parse.ts` inverts. Equal graphs print equal text whatever their value ids are. Values
 * are called by name, and constants stand before their first use. Attributes are in the order of the op's definition;
 * those that equal the default are left out.
 *
 *   graph "tiny" {
 *     input %image: float32[1,8,8,3]
 *     const %w: float32[4,3,3,3] = random(normal, seed=1, mean=0, scale=0.1)
 *     const %b: float32[4] = mul(splat(2): float32[4], [1, 2, 3, 4]: float32[4])
 *     %conv1: float32[1,8,8,4] = conv(%image, %w, %b, _) {strides=[1, 1], dilations=[1, 1], pads=[1, 1, 1, 1]}
 *     output "y" = %conv1
 *   }
 *
 * The first output of a node bears the node's name, output i the name with `:i`. Where several values have one name
 * (constants need not be unique), the second is written `%name#2`.
 */
import type { OpSignatures } from './builder.ts';
import type { Attrs, AttrValue, Constant, TypedConstant } from './constant.ts';
import { type Graph, type Node, type ValueId, valueAt } from './graph.ts';
import { bytesOf, fromNumbers, type Tensor, tensorFromBytes, toNumbers } from './tensor.ts';
import { formatName } from './tokens.ts';
import { elementCount, formatType, isFloat, type TensorType } from './types.ts';

/** Longest inline constant that is written as decimals. */
const DECIMAL_ELEMENTS = 16;

export function print(graph: Graph, signatures: OpSignatures): string {
  const text = new GraphText(graph, signatures);
  return text.lines().join('\n').concat('\n');
}

class GraphText {
  readonly #graph: Graph;
  readonly #signatures: OpSignatures;
  readonly #references = new Map<ValueId, string>();
  readonly #timesNamed = new Map<string, number>();

  constructor(graph: Graph, signatures: OpSignatures) {
    this.#graph = graph;
    this.#signatures = signatures;
  }

  lines(): string[] {
    const { name, inputs, nodes, outputs } = this.#graph;
    const lines = [`graph ${JSON.stringify(name)} {`];
    for (const id of inputs) lines.push(`  input ${this.#define(id)}: ${this.#type(id)}`);
    for (const node of nodes) {
      for (const id of node.inputs) lines.push(...this.#constantLine(id));
      lines.push(`  ${this.#node(node)}`);
    }
    for (const { value } of outputs) lines.push(...this.#constantLine(value));
    for (const output of outputs)
      lines.push(`  output ${JSON.stringify(output.name)} = ${this.#reference(output.value)}`);
    lines.push('}');
    return lines;
  }

  /** The constant's line if this is its first use. */
  #constantLine(id: ValueId | null): string[] {
    if (id === null || this.#references.has(id)) return [];
    const { type, constant } = valueAt(this.#graph, id);
    if (constant === undefined) return [];
    return [
      `  const ${this.#define(id)}: ${formatType(type)} = ${formatRecipe(type, constant, this.#signatures)}`,
    ];
  }

  #node(node: Node): string {
    const inputs = node.inputs.map((id) => (id === null ? '_' : this.#reference(id)));
    const outputs = node.outputs.map((id) => `${this.#define(id)}: ${this.#type(id)}`);
    const attrs = formatAttrs(node.op, node.attrs, this.#signatures);
    return `${outputs.join(', ')} = ${node.op}(${inputs.join(', ')})${attrs}`;
  }

  #define(id: ValueId): string {
    const { name } = valueAt(this.#graph, id);
    const times = (this.#timesNamed.get(name) ?? 0) + 1;
    this.#timesNamed.set(name, times);
    const reference = `%${formatName(name)}${times > 1 ? `#${times}` : ''}`;
    this.#references.set(id, reference);
    return reference;
  }

  /** A value read before it is defined has no reference; graphs being debugged must print all the same. */
  #reference(id: ValueId): string {
    return this.#references.get(id) ?? `%"undefined value ${id}"`;
  }

  #type(id: ValueId): string {
    return formatType(valueAt(this.#graph, id).type);
  }
}

/** ` {a=1, b="x"}`, or nothing where every attribute has its default. */
function formatAttrs(op: string, attrs: Attrs, signatures: OpSignatures): string {
  const shown = Object.entries(signatures.complete(op, attrs))
    .filter(([key, value]) => !isDefault(op, attrs, key, value, signatures))
    .map(([key, value]) => `${key}=${formatAttr(value)}`);
  return shown.length === 0 ? '' : ` {${shown.join(', ')}}`;
}

/** Whether the ops would fill in this very value: asked by leaving it out (a required one may not be). */
function isDefault(op: string, attrs: Attrs, key: string, value: AttrValue, signatures: OpSignatures) {
  const { [key]: _, ...others } = attrs;
  try {
    const filled = signatures.complete(op, others)[key];
    return filled !== undefined && formatAttr(filled) === formatAttr(value);
  } catch {
    return false;
  }
}

function formatAttr(value: AttrValue): string {
  if (typeof value === 'number') return formatNumber(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'boolean') return String(value);
  return `[${value.map(formatAttr).join(', ')}]`;
}

const formatNumber = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));

function formatRecipe(type: TensorType, constant: Constant, signatures: OpSignatures): string {
  switch (constant.kind) {
    case 'inline':
      return formatInline(type, constant.bytes);
    case 'splat':
      return `splat(${formatNumber(constant.value)})`;
    case 'file':
      return `file(${JSON.stringify(constant.path)}, offset=${constant.offset})`;
    case 'random': {
      const { distribution, seed, mean, scale } = constant;
      return `random(${distribution}, seed=${seed}, mean=${formatNumber(mean)}, scale=${formatNumber(scale)})`;
    }
    case 'apply': {
      const args = constant.args.map((arg) => formatTyped(arg, signatures));
      return `${constant.op}(${args.join(', ')})${formatAttrs(constant.op, constant.attrs, signatures)}`;
    }
  }
}

/** A recipe and its type, as it stands among the arguments of another: `splat(0): float32[4]`. */
export const formatTyped = ({ type, constant }: TypedConstant, signatures: OpSignatures): string =>
  `${formatRecipe(type, constant, signatures)}: ${formatType(type)}`;

/** Decimals where they are few and give back the same bytes (a NaN with a payload would not), else base64. */
function formatInline(type: TensorType, bytes: Uint8Array): string {
  const decimals =
    elementCount(type.shape) <= DECIMAL_ELEMENTS ? decimalsOf(tensorFromBytes(type, bytes)) : null;
  if (decimals === null) return `base64("${Buffer.from(bytes).toString('base64')}")`;
  return `[${decimals.join(', ')}]`;
}

function decimalsOf(tensor: Tensor): string[] | null {
  const values = toNumbers(tensor);
  if (!isFloat(tensor.type.dtype) && !values.every(Number.isSafeInteger)) return null;
  const back = bytesOf(fromNumbers(tensor.type, values));
  if (Buffer.compare(back, bytesOf(tensor)) !== 0) return null;
  return values.map((value) => shortest(tensor.type, value));
}

/** The shortest decimal that is this element: 0.1 and not 0.10000000149011612. */
function shortest(type: TensorType, value: number): string {
  if (!isFloat(type.dtype) || !Number.isFinite(value)) return formatNumber(value);
  const scalar: TensorType = { dtype: type.dtype, shape: [] };
  const bytes = bytesOf(fromNumbers(scalar, [value]));
  for (let digits = 1; digits <= 17; digits++) {
    const candidate = Number(value.toPrecision(digits));
    if (Buffer.compare(bytesOf(fromNumbers(scalar, [candidate])), bytes) === 0)
      return formatNumber(candidate);
  }
  return formatNumber(value);
}
