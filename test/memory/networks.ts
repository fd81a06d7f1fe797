/**
 * Planning problems with the shapes of real networks (float32, batch 1): layers in order, weights cut at 1 MiB with a
 * step per piece, small neighbours merged, times from 40 GFLOP/s. Sizes and lifetimes are what the planner sees, so
 * nothing else of the networks is needed here.
 */
import type { PlanProblem, PlanSegment, PlanStep, PlanValue } from '../../compiler/memory/index.ts';

export const MIB = 2 ** 20;
const FLOPS_PER_MS = 40e6;
const PIECE = MIB;
export const READ = { latencyMs: 0.1, bytesPerMs: 1.5e6 };

class Network {
  readonly steps: PlanStep[] = [];
  private readonly made: { byteLength: number; start: number; end: number; kind: PlanValue['kind'] }[] = [];
  private readonly pieces: { byteLength: number; step: number }[] = [];

  input(byteLength: number): number {
    this.made.push({ byteLength, start: -1, end: 0, kind: 'activation' });
    return this.made.length - 1;
  }

  /** A layer that reads values and `weightBytes` of weights and writes one value, in steps of one piece each. */
  layer(
    name: string,
    reads: readonly number[],
    byteLength: number,
    weightBytes: number,
    flops: number,
  ): number {
    const count = Math.max(1, Math.ceil(weightBytes / PIECE));
    const first = this.steps.length;
    for (let n = 0; n < count; n++) {
      const bytes = Math.ceil(weightBytes / count / 64) * 64;
      if (bytes > 0) this.pieces.push({ byteLength: bytes, step: this.steps.length });
      this.steps.push({ ms: flops / count / FLOPS_PER_MS, name: count > 1 ? `${name} [${n}]` : name });
    }
    const last = this.steps.length;
    for (const value of reads) this.made[value]!.end = last;
    this.made.push({ byteLength, start: first, end: last, kind: 'activation' });
    if (weightBytes > 0) this.made.push({ byteLength: 16 * 1024, start: first, end: last, kind: 'scratch' });
    return weightBytes > 0 ? this.made.length - 2 : this.made.length - 1;
  }

  problem(output: number): PlanProblem {
    this.made[output]!.end = this.steps.length + 1;
    const segments: PlanSegment[] = [];
    let open: { byteLength: number; firstUse: number; lastUse: number } | null = null;
    const close = (): void => {
      if (open) segments.push({ ...open, byteLength: Math.ceil(open.byteLength / 4096) * 4096 });
      open = null;
    };
    for (const { byteLength, step } of this.pieces) {
      if (open && open.byteLength + byteLength > PIECE / 4) close();
      if (open) {
        open.byteLength += byteLength;
        open.lastUse = step;
      } else open = { byteLength, firstUse: step, lastUse: step };
    }
    close();
    return {
      steps: this.steps,
      values: this.made.map((value, id) => ({ ...value, id: id + 1 })),
      segments,
      read: READ,
      fixedBytes: 65536,
    };
  }
}

const conv = (
  net: Network,
  name: string,
  x: readonly number[],
  size: number,
  k: number,
  i: number,
  o: number,
) => net.layer(name, x, 4 * size * size * o, 4 * k * k * i * o, 2 * k * k * i * o * size * size);

export function resnet(blocks: readonly number[]): PlanProblem {
  const net = new Network();
  let x = conv(net, 'conv1', [net.input(4 * 3 * 224 * 224)], 112, 7, 3, 64);
  x = net.layer('pool', [x], 4 * 64 * 56 * 56, 0, 64 * 9 * 56 * 56);
  let channels = 64;
  let size = 56;
  blocks.forEach((count, stage) => {
    const width = 64 * 2 ** stage;
    for (let block = 0; block < count; block++) {
      const stride = stage > 0 && block === 0 ? 2 : 1;
      const name = `layer${stage + 1}.${block}`;
      const a = conv(net, `${name}.a`, [x], size, 1, channels, width);
      size /= stride;
      const b = conv(net, `${name}.b`, [a], size, 3, width, width);
      const shortcut = block === 0 ? conv(net, `${name}.down`, [x], size, 1, channels, 4 * width) : x;
      channels = 4 * width;
      x = conv(net, `${name}.c`, [b, shortcut], size, 1, width, channels);
    }
  });
  x = net.layer('mean', [x], 4 * channels, 0, channels * size * size);
  return net.problem(net.layer('fc', [x], 4000, 4 * channels * 1000, 2 * channels * 1000));
}

export const resnet50 = (): PlanProblem => resnet([3, 4, 6, 3]);
export const resnet152 = (): PlanProblem => resnet([3, 8, 36, 3]);

export function vgg19(): PlanProblem {
  const net = new Network();
  let x = net.input(4 * 3 * 224 * 224);
  let channels = 3;
  let size = 224;
  [64, 128, 256, 512, 512].forEach((width, stage) => {
    for (let n = 0; n < (stage < 2 ? 2 : 4); n++) {
      x = conv(net, `conv${stage + 1}_${n + 1}`, [x], size, 3, channels, width);
      channels = width;
    }
    size /= 2;
    x = net.layer(`pool${stage + 1}`, [x], 4 * size * size * channels, 0, 4 * size * size * channels);
  });
  [25088, 4096, 4096].forEach((k, n) => {
    const o = n === 2 ? 1000 : 4096;
    x = net.layer(`fc${n + 6}`, [x], 4 * o, 4 * k * o, 2 * k * o);
  });
  return net.problem(x);
}
