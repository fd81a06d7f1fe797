/** Attention against loops that do one number after the other. */

import assert from 'node:assert/strict';
import {
  type AttentionOptions,
  causalMask,
  defineModel,
  multiHeadAttention,
  type Parameter,
  tensor,
} from 'millrace';
import { fromNumbers, toNumbers } from '../../../compiler/ir/tensor.ts';
import { interpret } from '../../../compiler/ops/constants/interpret.ts';
import { randomTensor } from '../../support/tensors.ts';
import { assertNear, checkStreamed } from './run-layer.ts';

type Matrix = number[][];
type Weights = Readonly<Record<string, Float32Array>>;

const softmax = (row: readonly number[]): number[] => {
  const most = Math.max(...row);
  const exps = row.map((x) => Math.exp(x - most));
  const sum = exps.reduce((a, b) => a + b, 0);
  return exps.map((x) => x / sum);
};

/** x·wᵀ + b of a dense layer. */
const project = (x: Matrix, weights: Weights, role: string, biased: boolean): Matrix =>
  x.map((row) => {
    const weight = weights[`attention.${role}.weight`]!;
    const bias = biased ? weights[`attention.${role}.bias`]! : null;
    return Array.from({ length: weight.length / row.length }, (_, n) =>
      row.reduce((sum, value, k) => sum + value * weight[n * row.length + k]!, bias?.[n] ?? 0),
    );
  });

function turn(head: number[], t: number, base: number): number[] {
  const half = head.length / 2;
  return head.map((x, i) => {
    const angle = t * base ** ((-2 * (i % half)) / head.length);
    const other = i < half ? -head[i + half]! : head[i - half]!;
    return x * Math.cos(angle) + other * Math.sin(angle);
  });
}

/** One sequence. */
function attend(
  x: Matrix,
  memory: Matrix,
  weights: Weights,
  options: AttentionOptions,
  biased: boolean,
): Matrix {
  const { heads, keyValueHeads: groups = heads } = options;
  const q = project(x, weights, 'q_proj', biased);
  const k = project(memory, weights, 'k_proj', biased);
  const v = project(memory, weights, 'v_proj', biased);
  const size = q[0]!.length / heads;
  const base =
    options.rotary === undefined
      ? 0
      : options.rotary === true
        ? 10000
        : (options.rotary as { base: number }).base;
  const head = (rows: Matrix, at: number, t: number, turns: boolean): number[] => {
    const part = rows[t]!.slice(at * size, (at + 1) * size);
    return turns && base > 0 ? turn(part, t, base) : part;
  };
  const joined = x.map((_, t) =>
    Array.from({ length: heads }, (_, h) => {
      const group = Math.floor(h / (heads / groups));
      const query = head(q, h, t, true);
      const scores = memory.map((_, m) => {
        const dot = head(k, group, m, true).reduce((sum, value, i) => sum + value * query[i]!, 0);
        return options.causal === true && m > t ? Number.NEGATIVE_INFINITY : dot / Math.sqrt(size);
      });
      const mix = softmax(scores);
      return query.map((_, i) =>
        mix.reduce((sum, weight, m) => sum + weight * head(v, group, m, false)[i]!, 0),
      );
    }).flat(),
  );
  return project(joined, weights, 'out_proj', biased);
}

const rows = (values: readonly number[], width: number): Matrix =>
  Array.from({ length: values.length / width }, (_, i) => values.slice(i * width, (i + 1) * width));

interface Case {
  readonly title: string;
  readonly options: AttentionOptions;
  readonly channels?: number;
  readonly memory?: number;
}
const cases: readonly Case[] = [
  { title: 'two heads', options: { heads: 2 } },
  { title: 'without biases', options: { heads: 2, bias: false } },
  { title: 'causal', options: { heads: 4, causal: true } },
  { title: 'heads of another size, other units', options: { heads: 3, headSize: 2, units: 5 } },
  { title: 'grouped keys', options: { heads: 4, keyValueHeads: 2, causal: true } },
  { title: 'one key head for all', options: { heads: 4, keyValueHeads: 1 } },
  { title: 'rotary positions', options: { heads: 2, rotary: true } },
  {
    title: 'as in Llama',
    options: { heads: 4, keyValueHeads: 2, causal: true, rotary: { base: 100 }, bias: false },
    channels: 16,
  },
  { title: 'cross attention', options: { heads: 2 }, memory: 3 },
];

describe('multiHeadAttention', () => {
  for (const { title, options, channels = 8, memory } of cases)
    it(title, async () => {
      const [batch, length] = [2, 5];
      const inputs = {
        x: tensor('float32', [batch, length, channels]),
        m: tensor('float32', [batch, memory ?? 1, 6]),
      };
      const make = (weights: Weights) =>
        defineModel(
          'attention',
          inputs,
          ({ x, m }) => ({
            y: multiHeadAttention(x, {
              ...options,
              ...(memory === undefined ? {} : { memory: m }),
            } as AttentionOptions),
          }),
          { weights },
        );
      const weights = Object.fromEntries(
        make({}).parameters.map(({ name, type }: Parameter, i) => [
          name,
          randomTensor(type, i).data as Float32Array,
        ]),
      );
      const model = make(weights);
      const x = randomTensor(inputs.x, 100);
      const m = randomTensor(inputs.m, 101);
      const actual = toNumbers(
        interpret(
          model.graph,
          new Map([
            ['x', x],
            ['m', m],
          ]),
        ).get('y')!,
      );
      const width = length * channels;
      const expected = Array.from({ length: batch }, (_, b) => {
        const sequence = rows(toNumbers(x).slice(b * width, (b + 1) * width), channels);
        const other = rows(toNumbers(m).slice(b * 6 * (memory ?? 1), (b + 1) * 6 * (memory ?? 1)), 6);
        return attend(
          sequence,
          memory === undefined ? sequence : other,
          weights,
          options,
          options.bias !== false,
        );
      });
      assertNear(actual, expected.flat(2), 1e-5);
      await checkStreamed(model);
    });

  it('names its parameters as dense layers', () => {
    const model = defineModel('names', { x: tensor('float32', [1, 4, 8]) }, ({ x }) => ({
      y: multiHeadAttention(x, { heads: 2, name: 'self_attn', bias: { k_proj: false } }),
    }));
    assert.deepEqual(
      model.parameters.map(({ name, type }) => `${name} [${type.shape}]`),
      [
        ...['self_attn.q_proj.weight [8,8]', 'self_attn.q_proj.bias [8]', 'self_attn.k_proj.weight [8,8]'],
        ...['self_attn.v_proj.weight [8,8]', 'self_attn.v_proj.bias [8]'],
        ...['self_attn.out_proj.weight [8,8]', 'self_attn.out_proj.bias [8]'],
      ],
    );
  });

  it('a mask hides what it says, and is made once for all layers', () => {
    const model = defineModel('masks', { x: tensor('float32', [1, 3, 4]) }, ({ x }) => {
      const first = multiHeadAttention(x, { heads: 2, causal: true });
      return { y: multiHeadAttention(first, { heads: 2, causal: true }), mask: causalMask(3) };
    });
    const masks = [...model.graph.values.values()].filter(({ name }) => name.startsWith('causal'));
    assert.equal(masks.length, 1);
    const x = fromNumbers(tensor('float32', [1, 3, 4]), new Array<number>(12).fill(1));
    const low = Number.NEGATIVE_INFINITY;
    const mask = toNumbers(interpret(model.graph, new Map([['x', x]])).get('mask')!);
    assert.deepEqual(mask, [0, low, low, 0, 0, low, 0, 0, 0]);
  });
});
