/**
 * Our functions of one number as ONNX nodes: those of unary ops, and those that fusion put behind a result. Where an
 * opset lacks a function it is spelled out; the last node of a spelling bears the name of the whole.
 */
import { MillraceError } from '../../../runtime/error.ts';
import type { Activation } from '../../ops/define/traits.ts';
import { opOf } from '../../ops/index.ts';
import { type Attributes, float, string } from '../export/graph.ts';
import { type ExportNode, joined } from '../export/node.ts';
import type { Export } from './define.ts';

/** The nodes of one function: all of the type of its input, all named after the whole. */
class FunctionNodes {
  readonly opset: number;
  readonly #node: ExportNode;
  readonly #part: string;
  readonly #x: string;

  constructor(node: ExportNode, x: string, part: string) {
    this.opset = node.opset;
    this.#node = node;
    this.#part = part;
    this.#x = x;
  }

  add(op: string, inputs: readonly string[], attributes: Attributes = {}, part = ''): string {
    const type = this.#node.typeOfTensor(this.#x);
    return this.#node.add(op, inputs, attributes, joined(this.#part, part), type);
  }

  scalar(value: number, part: string): string {
    const { dtype } = this.#node.typeOfTensor(this.#x);
    return this.#node.operand(dtype, [], [value], joined(this.#part, part));
  }
}

type Spelling = (x: string, nodes: FunctionNodes, alpha: number, beta: number) => string;

const as =
  (op: string): Spelling =>
  (x, nodes) =>
    nodes.add(op, [x]);

const clip: Spelling = (x, nodes, low, high) => {
  if (low === Number.NEGATIVE_INFINITY && high === Number.POSITIVE_INFINITY) return x;
  const min = low === Number.NEGATIVE_INFINITY ? '' : nodes.scalar(low, 'min');
  const max = high === Number.POSITIVE_INFINITY ? '' : nodes.scalar(high, 'max');
  return nodes.add('Clip', [x, min, max]);
};

const hardSwish: Spelling = (x, nodes) => {
  if (nodes.opset >= 14) return nodes.add('HardSwish', [x]);
  const gate = nodes.add('HardSigmoid', [x], { alpha: float(1 / 6), beta: float(0.5) }, 'gate');
  return nodes.add('Mul', [x, gate]);
};

const mish: Spelling = (x, nodes) => {
  if (nodes.opset >= 18) return nodes.add('Mish', [x]);
  const gate = nodes.add('Tanh', [nodes.add('Softplus', [x], {}, 'softplus')], {}, 'tanh');
  return nodes.add('Mul', [x, gate]);
};

/** x/2 · (1 + f). */
const gated = (x: string, nodes: FunctionNodes, f: string): string => {
  const sum = nodes.add('Add', [f, nodes.scalar(1, 'one')], {}, 'sum');
  const half = nodes.add('Mul', [x, nodes.scalar(0.5, 'half')], {}, 'halved');
  return nodes.add('Mul', [half, sum]);
};

const gelu: Spelling = (x, nodes) => {
  if (nodes.opset >= 20) return nodes.add('Gelu', [x]);
  const scaled = nodes.add('Mul', [x, nodes.scalar(Math.SQRT1_2, 'factor')], {}, 'scaled');
  return gated(x, nodes, nodes.add('Erf', [scaled], {}, 'erf'));
};

const geluTanh: Spelling = (x, nodes) => {
  if (nodes.opset >= 20) return nodes.add('Gelu', [x], { approximate: string('tanh') });
  const square = nodes.add('Mul', [x, x], {}, 'square');
  const cube = nodes.add('Mul', [square, x], {}, 'cube');
  const bent = nodes.add('Mul', [cube, nodes.scalar(0.044715, 'cubic')], {}, 'bent');
  const sum = nodes.add('Add', [x, bent], {}, 'inner');
  const scaled = nodes.add('Mul', [sum, nodes.scalar(Math.sqrt(2 / Math.PI), 'factor')], {}, 'scaled');
  return gated(x, nodes, nodes.add('Tanh', [scaled], {}, 'tanh'));
};

const spellings: Readonly<Record<Activation['fn'], Spelling>> = {
  none: (x) => x,
  relu: as('Relu'),
  clip,
  leakyRelu: (x, nodes, alpha) => nodes.add('LeakyRelu', [x], { alpha: float(alpha) }),
  sigmoid: as('Sigmoid'),
  hardSigmoid: (x, nodes, alpha, beta) =>
    nodes.add('HardSigmoid', [x], { alpha: float(alpha), beta: float(beta) }),
  hardSwish,
  tanh: as('Tanh'),
  silu: (x, nodes) => nodes.add('Mul', [x, nodes.add('Sigmoid', [x], {}, 'sigmoid')]),
  mish,
  softplus: as('Softplus'),
  elu: (x, nodes, alpha) => nodes.add('Elu', [x], { alpha: float(alpha) }),
  gelu,
  geluTanh,
  exp: as('Exp'),
  log: as('Log'),
  sqrt: as('Sqrt'),
  reciprocal: as('Reciprocal'),
  erf: as('Erf'),
  abs: as('Abs'),
  neg: as('Neg'),
  floor: as('Floor'),
  ceil: as('Ceil'),
};

/** By name: an attribute says which function it is. */
const spellingByName: ReadonlyMap<string, Spelling> = new Map(Object.entries(spellings));

function spellingOf(fn: string): Spelling {
  const spelling = spellingByName.get(fn);
  if (spelling === undefined) throw new MillraceError('INTERNAL', `no ONNX nodes for the function ${fn}`);
  return spelling;
}

/** An op that is a function of one input: its trait says which. */
export const unary: Export = (node) => {
  const activation = opOf(node.node.op).traits.activation?.(node.attrs);
  if (activation == null) return node.broken('is no function of one input');
  const x = node.input(0);
  const { fn, alpha, beta } = activation;
  return [spellingOf(fn)(x, new FunctionNodes(node, x, ''), alpha, beta)];
};

/** What fusion put behind a result: the residual, then the function. */
export function finish(node: ExportNode, tensor: string): string {
  const residual = opOf(node.node.op).inputs.indexOf('residual?');
  const sum =
    residual >= 0 && node.has(residual)
      ? node.add('Add', [tensor, node.input(residual)], {}, 'residual')
      : tensor;
  const { act, alpha, beta } = node.attrs;
  if (act === undefined || act === 'none') return sum;
  const fn = String(act);
  return spellingOf(fn)(sum, new FunctionNodes(node, sum, fn), Number(alpha), Number(beta));
}
