/**
 * GFLOP/s of ResNet-50's convolutions, one thread, per layer and in all, for both builds of the engine:
 *
 *   npm run build:engine && node --import=tsx scripts/bench-kernels.ts [plain|relaxed]
 *
 * Layers that occur n times are timed once and counted n times; the best of several runs is taken, since other
 * processes only ever add time.
 */
import { PANEL } from '../runtime/engine/abi.ts';
import { openKernels, seeded, type Variant, variants } from '../test/engine/kernel-harness.ts';

interface Layer {
  /** Output height and width, kernel, stride, channels in and out, occurrences. */
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly inC: number;
  readonly outC: number;
  readonly count: number;
}

const layer = (
  size: number,
  kernel: number,
  stride: number,
  inC: number,
  outC: number,
  count = 1,
): Layer => ({
  size,
  kernel,
  stride,
  inC,
  outC,
  count,
});

/** A stage: bottleneck blocks of which the first halves the image (but in the first stage) and widens it. */
const stage = (size: number, inC: number, width: number, blocks: number, stride: number): Layer[] => [
  layer(size * stride, 1, 1, inC, width),
  layer(size, 3, stride, width, width),
  layer(size, 1, 1, width, 4 * width, blocks),
  layer(size, 1, stride, inC, 4 * width),
  layer(size, 1, 1, 4 * width, width, blocks - 1),
  layer(size, 3, 1, width, width, blocks - 1),
];

const layers: readonly Layer[] = [
  layer(112, 7, 2, 3, 64),
  ...stage(56, 64, 64, 3, 1),
  ...stage(28, 256, 128, 4, 2),
  ...stage(14, 512, 256, 6, 2),
  ...stage(7, 1024, 512, 3, 2),
];

const REPEATS = 12;

const measure = (variant: Variant): void => {
  const kernels = openKernels(variant);
  let totalFlops = 0;
  let totalSeconds = 0;
  for (const { size, kernel, stride, inC, outC, count } of layers) {
    const panels = outC / PANEL;
    const depth = kernel * kernel * inC;
    const inSize = size * stride;
    kernels.prepare(
      'f32-conv',
      {
        y: new Float32Array(size * size * outC),
        x: seeded(inSize * inSize * inC, 1),
        w: seeded(panels * (1 + depth) * PANEL, 2),
      },
      {
        batch: 1,
        inH: inSize,
        inW: inSize,
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
        groups: 1,
        ldx: inC,
        ldy: outC,
        ldr: 0,
        panel0: 0,
        panels,
        act: 1,
        alpha: 0,
        beta: 0,
      },
    );
    let best = Number.POSITIVE_INFINITY;
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      kernels.rewind();
      const started = performance.now();
      kernels.exports.replay();
      best = Math.min(best, (performance.now() - started) / 1000);
    }
    const flops = 2 * size * size * outC * depth;
    totalFlops += flops * count;
    totalSeconds += best * count;
    const name = `${count} × ${kernel}×${kernel}/${stride} ${inC}→${outC} at ${size}×${size}`;
    console.log(`${variant} ${name.padEnd(34)} ${(flops / best / 1e9).toFixed(1).padStart(6)} GFLOP/s`);
  }
  const gigaflops = (totalFlops / totalSeconds / 1e9).toFixed(1);
  const total = `${(totalFlops / 1e9).toFixed(2)} GFLOP in ${(totalSeconds * 1000).toFixed(1)} ms`;
  console.log(`${variant} all: ${total}, ${gigaflops} GFLOP/s`);
};

for (const variant of variants)
  if (process.argv[2] === undefined || process.argv[2] === variant) measure(variant);
