/** Schedules as text: what a network is lowered to, and how it is cut and merged. */
import assert from 'node:assert/strict';
import {
  add,
  conv2d,
  defineModel,
  dense,
  flatten,
  mul,
  relu,
  reshape,
  tensor,
} from '../../compiler/index.ts';
import type { Graph } from '../../compiler/ir/graph.ts';
import { graphBuilder } from '../../compiler/ops/index.ts';
import { partition } from '../../compiler/schedule/cut/partition.ts';
import { lowerGraph } from '../../compiler/schedule/lower/lower.ts';
import { printSchedule } from '../../compiler/schedule/print.ts';
import type { Schedule } from '../../compiler/schedule/schedule.ts';
import { matchesFile } from '../support/snapshot.ts';

const f32 = (...shape: number[]) => ({ dtype: 'float32', shape }) as const;
const scheduleOf = (graph: Graph, target = 4096): Schedule => partition(lowerGraph(graph), target);

/** A graph of one input, made by `body`, which returns the outputs. */
function made(body: (builder: ReturnType<typeof graphBuilder>, x: number) => readonly number[]): Graph {
  const builder = graphBuilder('made');
  const x = builder.input('x', f32(2, 16));
  for (const [i, id] of body(builder, x).entries()) builder.output(`y${i}`, id);
  return builder.build();
}

const fixtures: Readonly<Record<string, () => Schedule>> = {
  /** A layer of five panels becomes two steps; small neighbours share a segment. */
  cut: () =>
    scheduleOf(
      defineModel('cut', { x: tensor('float32', [1, 4, 4, 4]) }, ({ x }) => ({
        y: dense(flatten(relu(conv2d(x, { filters: 72, kernel: 2 }))), { units: 3 }),
      })).graph,
    ),
  /** Two layers that read one weight: stored once, live from the first use to the last. */
  shared: () =>
    scheduleOf(
      made((builder, x) => {
        const w = builder.constant('w', f32(16, 16), { kind: 'splat', value: 0.5 });
        const [a] = builder.node('matmul', [x, w, null], {}, 'first');
        return builder.node('matmul', [a!, w, null], {}, 'second');
      }),
      1200,
    ),
  /** What both ends of a network read is not read together with what only one end does. */
  apart: () =>
    scheduleOf(
      made((builder, x) => {
        const [w, v] = ['w', 'v'].map((name) =>
          builder.constant(name, f32(16, 16), { kind: 'splat', value: 0.5 }),
        );
        const half = builder.constant('half', f32(), { kind: 'splat', value: 0.5 });
        const [a] = builder.node('mul', [x, half]);
        const [b] = builder.node('matmul', [a!, w!, null], {}, 'first');
        const [c] = builder.node('matmul', [b!, v!, null], {}, 'second');
        return builder.node('mul', [c!, half]);
      }),
    ),
  /** Views lie in what they view. */
  views: () =>
    scheduleOf(
      defineModel('views', { x: tensor('float32', [4, 6]) }, ({ x }) => {
        const wide = relu(x);
        return { y: add(reshape(mul(wide, 2), [6, 4]), reshape(wide, [6, 4])) };
      }).graph,
    ),
  /** Inputs and constants that are outputs are copied; what no kernel does runs on the host. */
  outputs: () =>
    scheduleOf(
      made((builder, x) => {
        const constant = builder.constant('c', f32(3), { kind: 'splat', value: 1 });
        const [view] = builder.node('reshape', [constant], { shape: [1, 3] }, 'constantView');
        const [less] = builder.node('less', [x, x], {}, 'less');
        return [x, constant, view!, less!, less!];
      }),
    ),
};

describe('lowering to a schedule', () => {
  for (const [name, make] of Object.entries(fixtures))
    it(name, () => matchesFile(printSchedule(make()), new URL(`./lower/${name}.txt`, import.meta.url)));

  it('a weight that is used twice is stored once', () => {
    const { slots, steps } = fixtures['shared']!();
    const weights = slots.filter((slot) => slot?.kind === 'weight');
    assert.deepEqual(steps[0]!.reads.at(-1), steps[1]!.reads.at(-1));
    assert.equal(weights.length, 1);
  });
});
