/** LSTM and GRU of ONNX: directions, layouts, states, and what is refused. */
import assert from 'node:assert/strict';
import { importOnnx } from '../../compiler/onnx/import/import.ts';
import { compileInMemory } from '../support/network.ts';
import { Random } from '../support/random.ts';
import { type attributes, initializer, modelBytes, node, tensor, withFile } from './make-model.ts';
import { importParts, runParts } from './run-model.ts';

const [steps, batch, width, hidden] = [4, 2, 3, 2];
const random = new Random(5);
const numbers = (count: number): number[] => Array.from({ length: count }, () => 2 * random.next() - 1);

interface Operands {
  readonly W: number[];
  readonly R: number[];
  readonly B: number[];
  readonly h: number[];
  readonly c: number[];
}
const operandsOf = (gates: number): Operands => ({
  W: numbers(gates * hidden * width),
  R: numbers(gates * hidden * hidden),
  B: numbers(2 * gates * hidden),
  h: numbers(batch * hidden),
  c: numbers(batch * hidden),
});

type Values = Parameters<typeof attributes>[0];

/** Y, Y_h (and Y_c) of one op with the operands of each direction. */
async function run(
  op: 'LSTM' | 'GRU',
  directions: readonly Operands[],
  x: { readonly shape: readonly number[]; readonly values: readonly number[] },
  values: Values,
) {
  const gates = op === 'LSTM' ? 4 : 3;
  const batchFirst = (values as { layout?: number }).layout === 1;
  const D = directions.length;
  const stacked = (name: string, key: keyof Operands, shape: readonly number[]) =>
    initializer(
      name,
      tensor(
        'float32',
        [D, ...shape],
        directions.flatMap((one) => one[key]),
      ),
    );
  const state = (name: string, key: 'h' | 'c') => {
    const perDirection = directions.map((one) => one[key]);
    if (!batchFirst) return initializer(name, tensor('float32', [D, batch, hidden], perDirection.flat()));
    const turned = Array.from({ length: batch }, (_, b) =>
      perDirection.map((rows) => rows.slice(b * hidden, (b + 1) * hidden)),
    ).flat(2);
    return initializer(name, tensor('float32', [batch, D, hidden], turned));
  };
  const initializers = [
    stacked('W', 'W', [gates * hidden, width]),
    stacked('R', 'R', [gates * hidden, hidden]),
    stacked('B', 'B', [2 * gates * hidden]),
    state('h0', 'h'),
    ...(op === 'LSTM' ? [state('c0', 'c')] : []),
  ];
  const inputs = ['x', 'W', 'R', 'B', '', 'h0', ...(op === 'LSTM' ? ['c0'] : [])];
  const outputs = ['y', 'yh', ...(op === 'LSTM' ? ['yc'] : [])];
  return runParts(
    {
      opset: 14,
      nodes: [node(op, inputs, outputs, { ...values, ...(op === 'GRU' ? { linear_before_reset: 1 } : {}) })],
      inputs: { x: [...x.shape] },
      outputs,
      initializers,
    },
    { x: tensor('float32', x.shape, x.values) },
  );
}

describe('LSTM and GRU of ONNX', () => {
  for (const op of ['LSTM', 'GRU'] as const) {
    const [forward, backward] = [operandsOf(op === 'LSTM' ? 4 : 3), operandsOf(op === 'LSTM' ? 4 : 3)];
    const x = { shape: [steps, batch, width], values: numbers(steps * batch * width) };

    it(`${op}: both directions are one after the other`, async () => {
      const one = await run(op, [forward], x, { direction: 'forward' });
      const other = await run(op, [backward], x, { direction: 'reverse' });
      const both = await run(op, [forward, backward], x, { direction: 'bidirectional' });
      assert.deepEqual(both[0]!.shape, [steps, 2, batch, hidden]);
      const state = batch * hidden;
      const interleaved = Array.from({ length: steps }, (_, t) => [
        ...one[0]!.values.slice(t * state, (t + 1) * state),
        ...other[0]!.values.slice(t * state, (t + 1) * state),
      ]).flat();
      assert.deepEqual(both[0]!.values, interleaved);
      for (let i = 1; i < both.length; i++) {
        assert.deepEqual(both[i]!.shape, [2, batch, hidden]);
        assert.deepEqual(both[i]!.values, [...one[i]!.values, ...other[i]!.values]);
      }
      assert.deepEqual(one[1]!.values, one[0]!.values.slice(-state), 'Y_h is the last step');
      assert.deepEqual(other[1]!.values, other[0]!.values.slice(0, state), 'in reverse, the first');
    });

    it(`${op}: batch first is the same in another order`, async () => {
      const plain = await run(op, [forward, backward], x, { direction: 'bidirectional' });
      const turned = Array.from({ length: batch }, (_, b) =>
        Array.from({ length: steps }, (_, t) =>
          x.values.slice((t * batch + b) * width, (t * batch + b + 1) * width),
        ),
      ).flat(2);
      const first = await run(
        op,
        [forward, backward],
        { shape: [batch, steps, width], values: turned },
        {
          direction: 'bidirectional',
          layout: 1,
        },
      );
      assert.deepEqual(first[0]!.shape, [batch, steps, 2, hidden]);
      assert.deepEqual(first[1]!.shape, [batch, 2, hidden]);
      for (let b = 0; b < batch; b++)
        for (let t = 0; t < steps; t++)
          for (let d = 0; d < 2; d++)
            for (let j = 0; j < hidden; j++)
              assert.equal(
                first[0]!.values[((b * steps + t) * 2 + d) * hidden + j],
                plain[0]!.values[((t * 2 + d) * batch + b) * hidden + j],
              );
    });
  }

  it('what is not supported is said', async () => {
    const refuses = (op: 'LSTM' | 'GRU', values: Values, says: RegExp, inputs = ['x', 'W', 'R']) =>
      assert.rejects(
        importParts({
          opset: 14,
          nodes: [node(op, inputs, ['y'], values)],
          inputs: { x: [steps, batch, width] },
          outputs: ['y'],
          initializers: [
            initializer('W', tensor('float32', [1, 12, width], numbers(12 * width))),
            initializer(
              'R',
              tensor('float32', [1, 12, 12 / (op === 'GRU' ? 3 : 4)], numbers(12 * (op === 'GRU' ? 4 : 3))),
            ),
            initializer('lengths', tensor('int32', [batch], [steps, 1])),
          ],
        }),
        (error: Error) => says.test(error.message),
      );
    await refuses('LSTM', { direction: 'sideways' }, /forward, reverse or bidirectional/);
    await refuses(
      'LSTM',
      { activations: { strings: ['Sigmoid', 'Tanh', 'Cosh'] } },
      /activation.*Relu.*Cosh/s,
    );
  });

  it('large weights run on the engine, not on the host', async () => {
    const [inputs, units] = [300, 200];
    const bytes = modelBytes({
      opset: 14,
      nodes: [node('LSTM', ['x', 'W', 'R'], ['y'], { hidden_size: units })],
      inputs: { x: [2, 1, inputs] },
      outputs: ['y'],
      initializers: [
        initializer('W', tensor('float32', [1, 4 * units, inputs], numbers(4 * units * inputs))),
        initializer('R', tensor('float32', [1, 4 * units, units], numbers(4 * units * units))),
      ],
    });
    const { schedule } = await withFile(bytes, async (path) =>
      compileInMemory(await importOnnx(path), { passes: true }),
    );
    assert.ok(schedule.steps.every(({ action }) => action.kind !== 'host'));
  });
});
