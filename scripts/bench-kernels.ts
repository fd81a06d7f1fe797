/**
 * GFLOP/s of the kernels that carry a network's arithmetic, for every build of the engine that runs here: every
 * convolution of ResNet-50 and their total, MobileNet's depthwise layers, a few products, recurrences and norms.
 *
 *   npm run build:engine && node --import=tsx scripts/bench-kernels.ts [--threads n] [variant [group]]
 *
 * Layers that occur n times are timed once and counted n times; the best of several runs is taken, since other
 * processes only ever add time.
 */
import { parseArgs } from 'node:util';
import { PANEL } from '../runtime/kernels/layouts.ts';
import type { KernelName, KernelParams } from '../runtime/kernels/table.ts';
import {
  type Kernels,
  NativeKernels,
  type Operands,
  openKernels,
  seeded,
  variants,
} from '../test/engine/kernel-harness.ts';

interface Measured {
  readonly name: string;
  /** Occurrences in the network. */
  readonly count: number;
  readonly flops: number;
  readonly prepare: (kernels: Kernels) => void;
}

const REPEATS = 12;

const measured = <K extends KernelName>(
  name: string,
  count: number,
  products: number,
  kernel: K,
  operands: () => Operands<K> & { readonly y: Float32Array },
  params: KernelParams<K>,
): Measured => ({
  name,
  count,
  flops: 2 * products,
  prepare: (kernels) => void kernels.prepare(kernel, operands(), params),
});

const panelsOf = (channels: number): number => Math.ceil(channels / PANEL);
const weightsOf = (channels: number, depth: number): Float32Array =>
  seeded(panelsOf(channels) * (1 + depth) * PANEL, 2);

/** A square window over a square image, padded to keep its size but for the stride. */
const windowOf = (size: number, kernel: number, stride: number, inC: number, outC: number) => ({
  batch: 1,
  inH: size * stride,
  inW: size * stride,
  inC,
  outH: size,
  outW: size,
  outC,
  kernelH: kernel,
  kernelW: kernel,
  strideH: stride,
  strideW: stride,
  dilationH: 1,
  dilationW: 1,
  padTop: (kernel - 1) >> 1,
  padLeft: (kernel - 1) >> 1,
  ldx: inC,
  ldy: outC,
  ldr: 0,
  panel0: 0,
  panels: panelsOf(outC),
  act: 'relu' as const,
  alpha: 0,
  beta: 0,
});

const conv = (size: number, kernel: number, stride: number, inC: number, outC: number, count = 1): Measured =>
  measured(
    `${kernel}×${kernel}/${stride} ${inC}→${outC} at ${size}×${size}`,
    count,
    size * size * outC * kernel * kernel * inC,
    'f32-conv',
    () => ({
      y: new Float32Array(size * size * outC),
      x: seeded(size * size * stride * stride * inC, 1),
      w: weightsOf(outC, kernel * kernel * inC),
    }),
    { ...windowOf(size, kernel, stride, inC, outC), groups: 1, sweep: 'pixels' },
  );

/** A stage: bottleneck blocks of which the first halves the image (but in the first stage) and widens it. */
const stage = (size: number, inC: number, width: number, blocks: number, stride: number): Measured[] => [
  conv(size * stride, 1, 1, inC, width),
  conv(size, 3, stride, width, width),
  conv(size, 1, 1, width, 4 * width, blocks),
  conv(size, 1, stride, inC, 4 * width),
  conv(size, 1, 1, 4 * width, width, blocks - 1),
  conv(size, 3, 1, width, width, blocks - 1),
];

const depthwise = (size: number, stride: number, channels: number, count = 1): Measured =>
  measured(
    `3×3/${stride} ${channels} at ${size}×${size}`,
    count,
    size * size * channels * 9,
    'f32-depthwise',
    () => ({
      y: new Float32Array(size * size * channels),
      x: seeded(size * size * stride * stride * channels, 1),
      w: weightsOf(channels, 9),
    }),
    windowOf(size, 3, stride, channels, channels),
  );

const gemm = (m: number, n: number, k: number): Measured =>
  measured(
    `gemm ${m}×${n}×${k}`,
    1,
    m * n * k,
    'f32-gemm',
    () => ({ y: new Float32Array(m * n), x: seeded(m * k, 1), w: weightsOf(n, k) }),
    { m, n, k, ldx: k, ldy: n, ldr: 0, panel0: 0, panels: panelsOf(n), act: 'none', alpha: 0, beta: 0 },
  );

/** b as it lies in memory: [k, n], or transposed [n, k]. */
const matmul = (batch: number, m: number, n: number, k: number, transposed: boolean): Measured =>
  measured(
    `matmul ${batch} of ${m}×${n}×${k}${transposed ? ', b transposed' : ''}`,
    1,
    batch * m * n * k,
    'f32-matmul',
    () => ({ y: new Float32Array(batch * m * n), a: seeded(batch * m * k, 1), b: seeded(batch * k * n, 2) }),
    {
      batch0: 1,
      batch1: batch,
      m,
      n,
      k,
      aBatch0: 0,
      aBatch1: m * k,
      aRow: k,
      aCol: 1,
      bBatch0: 0,
      bBatch1: k * n,
      bRow: transposed ? 1 : n,
      bCol: transposed ? k : 1,
    },
  );

/** The recurrence of an LSTM: what its weights multiply, and not the functions of its gates. */
const lstm = (batch: number, steps: number, hidden: number): Measured =>
  measured(
    `lstm ${batch} × ${steps} × ${hidden}`,
    1,
    4 * batch * steps * hidden * hidden,
    'f32-lstm',
    () => ({
      y: new Float32Array(batch * steps * hidden),
      c: new Float32Array(batch * hidden),
      gates: new Float32Array(batch * 4 * hidden),
      x: seeded(batch * steps * 4 * hidden, 1),
      w: weightsOf(4 * hidden, hidden),
    }),
    { batch, steps, hidden, reverse: 0 },
  );

const gru = (batch: number, steps: number, hidden: number): Measured =>
  measured(
    `gru ${batch} × ${steps} × ${hidden}`,
    1,
    3 * batch * steps * hidden * hidden,
    'f32-gru',
    () => ({
      y: new Float32Array(batch * steps * hidden),
      gates: new Float32Array(batch * 3 * hidden),
      x: seeded(batch * steps * 3 * hidden, 1),
      w: weightsOf(3 * hidden, hidden),
    }),
    { batch, steps, hidden, reverse: 0 },
  );

/** Mean, squares of differences, scale and shift: eight operations an element. */
const layerNorm = (rows: number, columns: number): Measured =>
  measured(
    `layer norm ${rows} × ${columns}`,
    1,
    4 * rows * columns,
    'f32-layer-norm',
    () => ({ y: new Float32Array(rows * columns), x: seeded(rows * columns, 1), w: seeded(2 * columns, 2) }),
    { rows, columns, epsilon: 1e-5, rms: 0 },
  );

const groups: Record<string, readonly Measured[]> = {
  'ResNet-50': [
    conv(112, 7, 2, 3, 64),
    ...stage(56, 64, 64, 3, 1),
    ...stage(28, 256, 128, 4, 2),
    ...stage(14, 512, 256, 6, 2),
    ...stage(7, 1024, 512, 3, 2),
  ],
  'MobileNet, depthwise': [
    depthwise(112, 1, 32),
    depthwise(56, 2, 64),
    depthwise(56, 1, 128),
    depthwise(28, 2, 128),
    depthwise(28, 1, 256),
    depthwise(14, 2, 256),
    depthwise(14, 1, 512, 5),
    depthwise(7, 2, 512),
    depthwise(7, 1, 1024),
  ],
  'VGG-19': [
    conv(224, 3, 1, 3, 64),
    conv(224, 3, 1, 64, 64),
    conv(112, 3, 1, 64, 128),
    conv(112, 3, 1, 128, 128),
    conv(56, 3, 1, 128, 256),
    conv(56, 3, 1, 256, 256, 3),
    conv(28, 3, 1, 256, 512),
    conv(28, 3, 1, 512, 512, 3),
    conv(14, 3, 1, 512, 512, 4),
  ],
  products: [
    gemm(1, 4096, 25088),
    gemm(1, 4096, 4096),
    gemm(1, 1000, 2048),
    gemm(128, 3072, 768),
    matmul(12, 128, 128, 64, true),
    matmul(12, 128, 64, 128, false),
  ],
  recurrences: [lstm(1, 50, 256), lstm(4, 50, 256), gru(4, 50, 256), lstm(32, 50, 256)],
  norms: [layerNorm(128, 768), layerNorm(1500, 384)],
};

const measure = (kernels: Kernels, group: string): void => {
  const { variant } = kernels;
  let totalFlops = 0;
  let totalSeconds = 0;
  for (const { name, count, flops, prepare } of groups[group]!) {
    prepare(kernels);
    const best = kernels.seconds(REPEATS);
    totalFlops += flops * count;
    totalSeconds += best * count;
    console.log(
      `${variant} ${`${count} × ${name}`.padEnd(44)} ${(flops / best / 1e9).toFixed(1).padStart(6)} GFLOP/s, ${(best * 1000).toFixed(3)} ms`,
    );
  }
  const total = `${(totalFlops / 1e9).toFixed(2)} GFLOP in ${(totalSeconds * 1000).toFixed(1)} ms`;
  console.log(`${variant} ${group}: ${total}, ${(totalFlops / totalSeconds / 1e9).toFixed(1)} GFLOP/s\n`);
};

const { values, positionals } = parseArgs({
  options: { threads: { type: 'string', default: '1' } },
  allowPositionals: true,
});
const [only, group] = positionals;
const threads = Number(values.threads);
for (const variant of variants) {
  if (only === undefined ? variant === 'native-neon' : only !== variant) continue;
  const kernels = openKernels(variant);
  if (typeof kernels === 'string') {
    console.log(`${variant}: ${kernels}\n`);
    continue;
  }
  if (kernels instanceof NativeKernels) {
    kernels.setThreads(threads);
    const peak = (2 * threads * kernels.peak(REPEATS)) / 1e9;
    console.log(`${variant}: multiply-add peak ${peak.toFixed(1)} GFLOP/s on ${threads} thread(s)`);
  }
  for (const name of Object.keys(groups))
    if (group === undefined || name.startsWith(group)) measure(kernels, name);
}
