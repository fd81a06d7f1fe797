/** Large calls of the tiled kernels give the same bits with any number of threads, at every repetition. */
import type { KernelName, KernelParams } from '../../runtime/kernels/table.ts';
import { convDefaults, panelCount } from './convolution-reference.ts';
import { assertSameBits, type Kernels, type Operands, openWasm, seeded } from './kernel-harness.ts';
import { ThreadedKernels } from './threaded-kernels.ts';

type Run = (kernels: Kernels) => Float32Array;

const run =
  <K extends KernelName>(
    kernel: K,
    operands: Operands<K> & { readonly y: Float32Array },
    params: KernelParams<K>,
  ): Run =>
  (kernels) =>
    kernels.run(kernel, operands, params);

const window3 = { kernelH: 3, kernelW: 3, padTop: 1, padLeft: 1 };
const square = (size: number, inC: number, outC: number) => ({
  ...convDefaults,
  inH: size,
  inW: size,
  outH: size,
  outW: size,
  inC,
  outC,
  ldx: inC,
  ldy: outC,
  panels: panelCount(outC),
});
const { groups: _, ...depthwise } = { ...square(25, 150, 150), ...window3, act: 'silu' } as const;
const rows = (m: number, n: number, k: number): KernelParams<'f32-gemm'> => ({
  ...{ m, n, k, ldx: k, ldy: n, ldr: 0 },
  ...{ panel0: 0, panels: panelCount(n), act: 'none', alpha: 0, beta: 0 },
});

/** Panels of a recurrence's weights, small enough for gates that don't saturate. */
const gateWeights = (gates: number, hidden: number): Float32Array =>
  seeded(panelCount(gates * hidden) * 16 * (1 + hidden), 2, -0.2, 0.2);
const lstm = (batch: number, steps: number, hidden: number, reverse: 0 | 1): Run =>
  run(
    'f32-lstm',
    {
      y: new Float32Array(batch * steps * hidden),
      c: new Float32Array(batch * hidden),
      gates: new Float32Array(batch * 4 * hidden),
      x: seeded(batch * steps * 4 * hidden, 1),
      w: gateWeights(4, hidden),
      c0: seeded(batch * hidden, 3),
    },
    { batch, steps, hidden, reverse },
  );
const gru = (batch: number, steps: number, hidden: number): Run =>
  run(
    'f32-gru',
    {
      y: new Float32Array(batch * steps * hidden),
      gates: new Float32Array(batch * 3 * hidden),
      x: seeded(batch * steps * 3 * hidden, 1),
      w: gateWeights(3, hidden),
      h0: seeded(batch * hidden, 3),
    },
    { batch, steps, hidden, reverse: 0 },
  );

const cases: Record<string, Run> = {
  'LSTM whose steps are shared': lstm(4, 6, 120, 0),
  'LSTM of one sequence, reversed': lstm(1, 5, 150, 1),
  'LSTM whose sequences are shared': lstm(25, 4, 40, 0),
  'GRU whose steps are shared': gru(4, 6, 120),
  'GRU whose sequences are shared': gru(5, 9, 30),
  'layer norm': run(
    'f32-layer-norm',
    { y: new Float32Array(130 * 768), x: seeded(130 * 768, 1), w: seeded(2 * 768, 2) },
    { rows: 130, columns: 768, epsilon: 1e-5, rms: 0 },
  ),
  'convolution with few weights': run(
    'f32-conv',
    { y: new Float32Array(31 * 31 * 40), x: seeded(31 * 31 * 12, 1), w: seeded(3 * 16 * 109, 2) },
    { ...square(31, 12, 40), ...window3, act: 'relu' },
  ),
  'convolution with many weights': run(
    'f32-conv',
    { y: new Float32Array(64 * 300), x: seeded(64 * 64, 1), w: seeded(19 * 16 * 577, 2) },
    { ...square(8, 64, 300), ...window3, act: 'leakyRelu', alpha: 0.1 },
  ),
  'depthwise convolution': run(
    'f32-depthwise',
    { y: new Float32Array(25 * 25 * 150), x: seeded(25 * 25 * 150, 1), w: seeded(10 * 16 * 10, 2) },
    depthwise,
  ),
  'transposed convolution': run(
    'f32-conv-transpose',
    { y: new Float32Array(20 * 20 * 33), x: seeded(10 * 10 * 24, 1), w: seeded(3 * 16 * 97, 2) },
    { ...square(20, 24, 33), inH: 10, inW: 10, kernelH: 2, kernelW: 2, strideH: 2, strideW: 2 },
  ),
  'one row': run(
    'f32-gemm',
    { y: new Float32Array(500), x: seeded(400, 1), w: seeded(32 * 16 * 401, 2) },
    rows(1, 500, 400),
  ),
  'batched product': run(
    'f32-matmul',
    { y: new Float32Array(6 * 65 * 33), a: seeded(6 * 65 * 40, 1), b: seeded(6 * 40 * 33, 2) },
    {
      ...{ batch0: 2, batch1: 3, m: 65, n: 33, k: 40 },
      ...{ aBatch0: 3 * 65 * 40, aBatch1: 65 * 40, aRow: 40, aCol: 1 },
      ...{ bBatch0: 3 * 40 * 33, bBatch1: 40 * 33, bRow: 33, bCol: 1 },
    },
  ),
};

describe('kernels on threads', () => {
  for (const threads of [2, 3])
    describe(`${threads} of them`, () => {
      let pool: ThreadedKernels;
      before(() => {
        pool = new ThreadedKernels('plain', threads);
      });
      after(() => pool.close());
      for (const [name, call] of Object.entries(cases))
        it(name, () => {
          const alone = call(openWasm('plain'));
          for (let repeat = 0; repeat < 5; repeat++) assertSameBits(call(pool), alone);
        });
    });
});
