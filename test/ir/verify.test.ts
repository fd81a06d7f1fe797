/** What verify rejects: each case breaks a good graph in one way. */
import assert from 'node:assert/strict';
import type { Graph, Node, Value, ValueId } from '../../compiler/ir/graph.ts';
import { parse } from '../../compiler/ir/parse.ts';
import { problemsOf, verify } from '../../compiler/ir/verify.ts';
import { graphBuilder, signatures } from '../../compiler/ops/index.ts';

const good = parse(
  `graph "good" {
  input %x: float32[2,4]
  const %w: float32[4,4] = neg(random(normal, seed=1, mean=0, scale=1): float32[4,4])
  const %b: float32[4] = [1, 2, 3, 4]
  %mm: float32[2,4] = matmul(%x, %w, %b)
  %cut: float32[2,1], %cut:1: float32[2,3] = split(%mm) {axis=1, sizes=[1, 3]}
  %relu: float32[2,1] = relu(%cut)
  output "y" = %relu
  output "rest" = %cut:1
}`,
  signatures,
);

const idOf = (name: string): ValueId => [...good.values.values()].find((value) => value.name === name)!.id;

/** The graph with one value changed. */
function withValue(name: string, change: Partial<Value>): Graph {
  const id = idOf(name);
  return { ...good, values: new Map([...good.values]).set(id, { ...good.values.get(id)!, ...change }) };
}

/** The graph with one node changed. */
const withNode = (name: string, change: Partial<Node>): Graph => ({
  ...good,
  nodes: good.nodes.map((node) => (node.name === name ? { ...node, ...change } : node)),
});

const without = (name: string): Graph => ({
  ...good,
  values: new Map([...good.values].filter(([, value]) => value.name !== name)),
});

const float32 = (...shape: number[]) => ({ dtype: 'float32', shape }) as const;

describe('verify', () => {
  it('accepts a good graph', () => assert.deepEqual(problemsOf(good, signatures), []));

  const cases: [what: string, graph: () => Graph, problem: RegExp][] = [
    ['a value under another id', () => withValue('relu', { id: 77 }), /has id 77 under key/],
    [
      'a dimension that is none',
      () => withValue('x', { type: float32(2, 0.5) }),
      /x has type float32\[2,0.5\]/,
    ],
    ['a missing value', () => without('cut'), /output 0 of cut is no value/],
    ['an input that is no value', () => without('x'), /input 0 is no value/],
    ['an input twice', () => ({ ...good, inputs: [idOf('x'), idOf('x')] }), /listed twice/],
    ['a constant as input', () => ({ ...good, inputs: [idOf('x'), idOf('b')] }), /input b is a constant/],
    ['nodes out of order', () => ({ ...good, nodes: [...good.nodes].reverse() }), /reads value .* before/],
    ['two nodes of one name', () => withNode('relu', { name: 'mm' }), /two nodes are named "mm"/],
    [
      'an output of another name',
      () => withValue('cut:1', { name: 'rest' }),
      /output 1 of cut is named "rest"/,
    ],
    ['a wrong type', () => withValue('mm', { type: float32(2, 5) }), /output 0 of mm is float32\[2,5\]/],
    ['types an op refuses', () => withValue('w', { type: float32(5, 4) }), /mm: inputs a and b/],
    ['an unknown op', () => withNode('relu', { op: 'rleu' }), /relu: .*rleu/],
    ['an unknown attribute', () => withNode('relu', { attrs: { alpha: 1 } }), /relu: .*alpha/],
    ['attributes left out', () => withNode('mm', { attrs: {} }), /mm lacks attributes transA/],
    ['too many inputs', () => withNode('relu', { inputs: [idOf('cut'), idOf('mm')] }), /number of inputs/],
    ['a required input absent', () => withNode('relu', { inputs: [null] }), /input "x" of relu is required/],
    ['an output too many', () => withNode('relu', { outputs: [idOf('relu'), 99] }), /relu has 2 outputs/],
    ['a constant written', () => withNode('relu', { outputs: [idOf('b')] }), /relu writes constant b/],
    ['a value written twice', () => withNode('relu', { outputs: [idOf('mm')] }), /relu writes mm again/],
    [
      'an output nothing makes',
      () => ({ ...good, outputs: [{ name: 'y', value: 99 }] }),
      /nothing makes output/,
    ],
    [
      'two outputs of one name',
      () => ({ ...good, outputs: good.outputs.map(({ value }) => ({ name: 'y', value })) }),
      /two outputs are named "y"/,
    ],
    [
      'a value nothing refers to',
      () => ({ ...good, values: new Map(good.values).set(50, { ...good.values.get(idOf('b'))!, id: 50 }) }),
      /nothing refers to value 50/,
    ],
    [
      'a constant of another length',
      () => withValue('b', { constant: { kind: 'inline', bytes: new Uint8Array(3) } }),
      /constant b: 3 bytes for float32\[4\]/,
    ],
    [
      'a file before its beginning',
      () => withValue('b', { constant: { kind: 'file', path: 'f', offset: -1 } }),
      /constant b: offset -1/,
    ],
    [
      'a seed that is none',
      () =>
        withValue('b', { constant: { kind: 'random', distribution: 'normal', seed: -1, mean: 0, scale: 1 } }),
      /constant b: seed -1/,
    ],
    [
      'an expression of another type',
      () =>
        withValue('b', {
          constant: {
            kind: 'apply',
            op: 'neg',
            attrs: {},
            args: [{ type: float32(5), constant: { kind: 'splat', value: 1 } }],
          },
        }),
      /constant b: neg makes float32\[5\]/,
    ],
  ];
  for (const [what, graph, problem] of cases)
    it(`rejects ${what}`, () => assert.match(problemsOf(graph(), signatures).join('\n'), problem));

  it('names where the graph comes from, and at most ten problems', () => {
    const values = new Map(good.values);
    for (let id = 100; id < 115; id++) values.set(id, { ...good.values.get(idOf('b'))!, id });
    assert.throws(
      () => verify({ ...good, values }, signatures, 'after some-pass'),
      (error: Error) => {
        assert.match(error.message, /^after some-pass: graph is not well-formed/);
        assert.match(error.message, /and 5 more/);
        return true;
      },
    );
  });
});

describe('names of ports', () => {
  it('are well-formed Unicode, or refused', () => {
    const builder = graphBuilder('names');
    const wrong = { code: 'MODEL_INVALID', message: /well-formed Unicode/ };
    assert.throws(() => builder.input('a\ud800', { dtype: 'float32', shape: [1] }), wrong);
    const x = builder.input('a\u{1f600}', { dtype: 'float32', shape: [1] });
    assert.throws(() => builder.output('\udc00', x), wrong);
    builder.output('y', x);
  });
});
