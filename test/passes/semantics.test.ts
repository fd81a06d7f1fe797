/**
 * Passes keep what networks compute: random networks are run by the reference before and after each pass, and after
 * all of them. A failure names its seed; `SEED=n` runs that one only.
 */
import assert from 'node:assert/strict';
import type { Graph } from '../../compiler/ir/graph.ts';
import { parse } from '../../compiler/ir/parse.ts';
import { print } from '../../compiler/ir/print.ts';
import { byteLength } from '../../compiler/ir/types.ts';
import { verify } from '../../compiler/ir/verify.ts';
import { interpret } from '../../compiler/ops/constants/interpret.ts';
import { opOf, signatures } from '../../compiler/ops/index.ts';
import { optimize, passes } from '../../compiler/passes/index.ts';
import { widenFloat16 } from '../../compiler/passes/widen-float16.ts';
import { randomGraph } from '../support/random-graph.ts';
import { assertClose, randomInputs } from '../support/tensors.ts';

const seeds = process.env['SEED']
  ? [Number(process.env['SEED'])]
  : Array.from({ length: Number(process.env['SEEDS'] ?? 60) }, (_, i) => i + 1);

/** Bytes that transposes of activations move. */
function transposedBytes(graph: Graph): number {
  let bytes = 0;
  for (const node of graph.nodes) {
    const perm = opOf(node.op).traits.permutation?.(node.attrs);
    const type = graph.values.get(node.inputs[0] ?? -1)?.type;
    if (perm === undefined || type === undefined) continue;
    const moved = perm.filter((axis) => type.shape[axis] !== 1);
    if (moved.some((axis, i) => i > 0 && axis < moved[i - 1]!)) bytes += byteLength(type);
  }
  return bytes;
}

describe('passes on random networks', () => {
  it('are given well-formed graphs whose text can be read back', () => {
    for (const seed of seeds) {
      const graph = randomGraph(seed);
      verify(graph, signatures, `seed ${seed}`);
      const text = print(graph, signatures);
      assert.equal(print(parse(text, signatures), signatures), text, `seed ${seed}`);
    }
  });

  for (const pass of new Set(passes))
    it(`${pass.name} keeps what they compute`, () => {
      for (const seed of seeds) checkSame(randomGraph(seed), pass.run, `seed ${seed}`);
    });

  it('all together keep what they compute, and do not transpose more', () => {
    for (const seed of seeds) {
      const graph = randomGraph(seed);
      const optimized = checkSame(graph, (before) => optimize(before, { verify: true }), `seed ${seed}`);
      assert.ok(transposedBytes(optimized) <= transposedBytes(graph), `seed ${seed}: more bytes transposed`);
    }
  });

  it('all together keep what float16 networks compute', () => {
    for (const seed of seeds.slice(0, 20)) {
      const graph = randomGraph(seed, 'float16');
      const wide = widenFloat16.run(graph);
      const shown = new Set([...wide.inputs, ...wide.outputs.map((output) => output.value)]);
      for (const { id, name, type } of wide.values.values())
        assert.ok(type.dtype !== 'float16' || shown.has(id), `seed ${seed}: ${name} is float16`);
      const optimized = checkSame(
        graph,
        (before) => optimize(before, { verify: true }),
        `seed ${seed}`,
        0.02,
      );
      assert.deepEqual(ports(optimized), ports(graph));
    }
  });
});

const ports = (graph: Graph) => [
  graph.inputs.map((id) => graph.values.get(id)),
  graph.outputs.map(({ name, value }) => [name, graph.values.get(value)!.type]),
];

function checkSame(graph: Graph, run: (graph: Graph) => Graph, at: string, tolerance = 1e-5): Graph {
  const result = run(graph);
  verify(result, signatures, at);
  const inputs = randomInputs(graph, 7);
  const expected = interpret(graph, inputs);
  const actual = interpret(result, inputs);
  assert.deepEqual([...actual.keys()], [...expected.keys()], at);
  for (const [name, tensor] of expected) assertClose(actual.get(name)!, tensor, tolerance, `${at}, ${name}`);
  return result;
}
