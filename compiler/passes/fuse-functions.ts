/**
 * Elementwise nodes over one value and single numbers are together a function of one variable. Exports spell many
 * known ones out: x·sigmoid(x), x·min(max(x + 3, 0), 6)/6, ½x·(1 + erf(x/√2)), x·tanh(log(1 + eˣ)), each in several
 * ways. What matters is which function it is, not how it is spelled. The nodes are evaluated at sample points. A known
 * function that gives the same at all of them takes their place.
 *
 * Two such functions that agree at every sample to float32 rounding are the same. Samples lie on both sides of every
 * corner of the known functions, as close to zero and as far out as values get. Agreement is relative: σ(x) + 10⁻⁶ is
 * not σ(x), since what follows may be a logarithm. Only where a spelling cancels (1 + erf of a negative x) is its
 * absolute error forgiven, in proportion to x.
 */
import type { Graph, Node, ValueId } from '../ir/graph.ts';
import { fromNumbers, type Tensor, toNumbers } from '../ir/tensor.ts';
import { elementCount, sameType, type TensorType } from '../ir/types.ts';
import { ConstantReader } from '../ops/constants/materialize.ts';
import { type GivenAttrs, type OpName, type OpRewrite, opOf, rewriteOf, signatures } from '../ops/index.ts';
import type { Pass } from './pass.ts';

/** Expressions reach back over at most this many values; the longest known spelling (gelu by tanh) has eight. */
const MOST_BASES = 12;
const RELATIVE = 2e-6;
const CANCELLED = 2e-7;
/** The smallest normal float32: results below may have been flushed. */
const SMALLEST = 1.2e-38;
/** Within this every spelling must be finite; beyond, eˣ may overflow where the function itself does not. */
const FINITE_UP_TO = 80;

const magnitudes = [
  1e-6, 1e-3, 0.1, 0.3, 0.5, 0.8, 1, 1.3, 1.7, 2, 2.25, 2.75, 3.25, 3.5, 4, 5, 5.75, 6.25, 7, 8, 10, 15, 20,
  50, 80, 100, 1e3, 1e4, 1e8, 1e30,
];
const samples: readonly number[] = toNumbers(
  fromNumbers({ dtype: 'float32', shape: [2 * magnitudes.length + 1] }, [
    0,
    ...magnitudes.flatMap((x) => [x, -x]),
  ]),
);
const sampleType: TensorType = { dtype: 'float32', shape: [samples.length] };

export const fuseFunctions: Pass = {
  name: 'fuse-functions',
  why: 'an activation spelled out in several nodes is one node, and then no node but an epilogue',
  run(graph) {
    const rewrite = rewriteOf(graph);
    const reader = new ConstantReader();
    try {
      const expressions = new Expressions(graph, rewrite, reader);
      // Backwards: of an expression within an expression the outer one is recognised.
      for (const node of rewrite.nodes().reverse()) {
        const found = expressions.recognise(node);
        if (found !== null) rewrite.replace(node, found.op, [found.base], found.attrs);
      }
      return rewrite.graph();
    } finally {
      reader.close();
    }
  },
};

interface KnownAs<N extends OpName> {
  readonly op: N;
  readonly attrs: GivenAttrs[N];
  /** Usual spellings cancel for negative x. */
  readonly cancels?: true;
}
type Known = { readonly [N in OpName]: KnownAs<N> }[OpName];

/** Known functions that could be this one; parameters are read off it. */
function candidatesFor(at: (x: number) => number): Known[] {
  const bound = (x: number, unbounded: number): number => (Math.abs(x) > 1e20 ? unbounded : x);
  const min = bound(at(-1e30), Number.NEGATIVE_INFINITY);
  const max = bound(at(1e30), Number.POSITIVE_INFINITY);
  return [
    { op: 'identity', attrs: {} },
    { op: 'relu', attrs: {} },
    { op: 'sigmoid', attrs: {} },
    { op: 'silu', attrs: {} },
    { op: 'hardSwish', attrs: {} },
    { op: 'hardSigmoid', attrs: { alpha: 1 / 6, beta: 0.5 } },
    { op: 'hardSigmoid', attrs: { alpha: 0.2, beta: 0.5 } },
    { op: 'gelu', attrs: { approximate: 'none' }, cancels: true },
    { op: 'gelu', attrs: { approximate: 'tanh' }, cancels: true },
    { op: 'mish', attrs: {}, cancels: true },
    { op: 'leakyRelu', attrs: { alpha: -at(-1) } },
    ...(min < max ? [{ op: 'clip' as const, attrs: { min, max } }] : []),
  ];
}

class Expressions {
  readonly #rewrite: OpRewrite;
  readonly #reader: ConstantReader;
  /** What each value is a function of, the nearest first. */
  readonly #bases = new Map<ValueId, readonly ValueId[]>();

  constructor(graph: Graph, rewrite: OpRewrite, reader: ConstantReader) {
    this.#rewrite = rewrite;
    this.#reader = reader;
    for (const node of graph.nodes) {
      const [first, ...others] = this.#variables(node) ?? [];
      if (first === undefined) continue;
      const within = (id: ValueId): ValueId[] => [id, ...(this.#bases.get(id) ?? [])];
      const common = within(first).filter((base) => others.every((other) => within(other).includes(base)));
      this.#bases.set(node.outputs[0]!, common.slice(0, MOST_BASES));
    }
  }

  /** The known function that the node's value is of some value before it; the furthest such value counts. */
  recognise(node: Node): (Known & { readonly base: ValueId }) | null {
    const output = node.outputs[0]!;
    for (const base of [...(this.#bases.get(output) ?? [])].reverse()) {
      // One activation of its input is what it should be.
      const direct = node.inputs[0] === base && opOf(node.op).traits.activation !== undefined;
      const values = direct ? null : this.#evaluate(output, base, new Map());
      const known = values && recogniseValues(toNumbers(values));
      if (known) return { ...known, base };
    }
    return null;
  }

  /** The inputs of an elementwise node that are not single numbers, if they and the output are of one type. */
  #variables(node: Node): ValueId[] | null {
    const [output, ...others] = node.outputs;
    const type = this.#rewrite.type(output!);
    if (opOf(node.op).traits.elementwise !== true || others.length > 0 || type.dtype !== 'float32')
      return null;
    const variables: ValueId[] = [];
    for (const id of node.inputs) {
      if (id === null) return null;
      if (this.#isNumber(id)) continue;
      if (!sameType(this.#rewrite.type(id), type)) return null;
      variables.push(id);
    }
    return variables;
  }

  #isNumber(id: ValueId): boolean {
    const recipe = this.#rewrite.constant(id);
    return recipe !== null && elementCount(recipe.type.shape) === 1;
  }

  /** The value at the samples of the base. */
  #evaluate(id: ValueId, base: ValueId, known: Map<ValueId, Tensor>): Tensor {
    if (id === base) return fromNumbers(sampleType, samples);
    const before = known.get(id);
    if (before !== undefined) return before;
    const node = this.#rewrite.producer(id)!;
    const inputs = node.inputs.map((input) => {
      if (!this.#isNumber(input!)) return this.#evaluate(input!, base, known);
      const { type, data } = this.#reader.read(this.#rewrite.constant(input!)!);
      return { type: { dtype: type.dtype, shape: [1] }, data };
    });
    const [result] = opOf(node.op).evaluate(inputs, node.attrs, [sampleType]);
    known.set(id, result!);
    return result!;
  }
}

function recogniseValues(values: readonly number[]): Known | null {
  const at = (x: number): number => values[samples.indexOf(Math.fround(x))]!;
  return candidatesFor(at).find((known) => agrees(known, values)) ?? null;
}

function agrees({ op, attrs, cancels }: Known, values: readonly number[]): boolean {
  const input = fromNumbers(sampleType, samples);
  const [result] = opOf(op).evaluate([input], signatures.complete(op, attrs), [sampleType]);
  return toNumbers(result!).every((expected, i) => {
    const value = values[i]!;
    const x = Math.abs(samples[i]!);
    if (!Number.isFinite(value)) return x > FINITE_UP_TO;
    const allowed = RELATIVE * Math.abs(expected) + (cancels ? CANCELLED * x : 0) + SMALLEST;
    return Math.abs(value - expected) <= allowed;
  });
}
