/**
 * The kernels in a few lines each, written from the words of `kernels/table.ts` and not from any kernel: what a lowered call
 * means. Running a lowering through them and comparing with the op's reference checks every parameter of `lower`
 * without an engine.
 */

import { functionOf } from '../../compiler/ops/reference/activation.ts';
import type { BinaryFunction, UnaryFunction } from '../../runtime/kernels/functions.ts';
import { PANEL } from '../../runtime/kernels/layouts.ts';
import type { Params } from '../../runtime/kernels/signature.ts';
import type { KernelName, KernelParams } from '../../runtime/kernels/table.ts';
import { dot, eachIndex, movementModels, numbered } from './movement-models.ts';
import { rowModels } from './row-models.ts';

type Floats = Float32Array;
/** Operands as floats, and as bytes; null where a call has none. */
export type Buffers = Readonly<Record<string, Floats | null>>;
export type Bytes = Readonly<Record<string, Uint8Array | null>>;
export type Model<K extends KernelName> = (p: KernelParams<K>, o: Buffers, bytes: Bytes) => void;

const act = (p: { act: UnaryFunction; alpha: number; beta: number }) =>
  functionOf({ fn: p.act, alpha: p.alpha, beta: p.beta });

/** Weight k of channel n from panels, K per channel, `channels` per group; k = −1 is the bias. */
function panelWeight(w: Floats, K: number, channels: number, n: number, k: number): number {
  const within = n % channels;
  const panel = Math.floor(n / channels) * Math.ceil(channels / PANEL) + Math.floor(within / PANEL);
  return w[(panel * (1 + K) + 1 + k) * PANEL + (within % PANEL)]!;
}

type Epilogue = { act: UnaryFunction; alpha: number; beta: number; ldy: number; ldr: number };
function store(p: Epilogue, o: Buffers, row: number, n: number, sum: number): void {
  const residual = o['residual'] ? o['residual'][row * p.ldr + n]! : 0;
  o['y']![row * p.ldy + n] = act(p)(sum + residual);
}

type ConvParams = KernelParams<'f32-conv'>;
/** Calls visit for each output pixel and each tap that is inside the image. */
function eachTap(
  p: Omit<KernelParams<'f32-pool'>, 'ldx' | 'ldy' | 'mode' | 'padBottom' | 'padRight'>,
  visit: (pixel: number, tap: number, source: number, ih: number, iw: number) => void,
): void {
  for (let b = 0; b < p.batch; b++)
    for (let oh = 0; oh < p.outH; oh++)
      for (let ow = 0; ow < p.outW; ow++)
        for (let tap = 0; tap < p.kernelH * p.kernelW; tap++) {
          const ih = oh * p.strideH - p.padTop + Math.floor(tap / p.kernelW) * p.dilationH;
          const iw = ow * p.strideW - p.padLeft + (tap % p.kernelW) * p.dilationW;
          const inside = ih >= 0 && ih < p.inH && iw >= 0 && iw < p.inW;
          const pixel = (b * p.outH + oh) * p.outW + ow;
          visit(pixel, tap, inside ? (b * p.inH + ih) * p.inW + iw : -1, ih, iw);
        }
}

function convolve(p: ConvParams, o: Buffers): void {
  const groupIn = p.inC / p.groups;
  const groupOut = p.outC / p.groups;
  const K = p.kernelH * p.kernelW * groupIn;
  for (let n = 0; n < p.outC; n++) {
    const sums = new Map<number, number>();
    const c0 = Math.floor(n / groupOut) * groupIn;
    eachTap(p, (pixel, tap, source) => {
      let sum = sums.get(pixel) ?? panelWeight(o['w']!, K, groupOut, n, -1);
      for (let c = 0; source >= 0 && c < groupIn; c++)
        sum += o['x']![source * p.ldx + c0 + c]! * panelWeight(o['w']!, K, groupOut, n, tap * groupIn + c);
      sums.set(pixel, sum);
    });
    for (const [pixel, sum] of sums) store(p, o, pixel, n, sum);
  }
}

const binary: Readonly<Record<BinaryFunction, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  min: Math.min,
  max: Math.max,
  pow: (a, b) => a ** b,
  prelu: (a, b) => (a < 0 ? a * b : a),
};

/** A kernel without a model does not compile. */
export const kernelModels: { readonly [K in KernelName]: Model<K> } = {
  ...rowModels,
  ...movementModels,
  'f32-conv': convolve,
  'f32-depthwise': (p, o) => {
    const K = p.kernelH * p.kernelW;
    for (let n = 0; n < p.outC; n++) {
      const sums = new Map<number, number>();
      eachTap(p, (pixel, tap, source) => {
        const term = source < 0 ? 0 : o['x']![source * p.ldx + n]! * panelWeight(o['w']!, K, p.outC, n, tap);
        sums.set(pixel, (sums.get(pixel) ?? panelWeight(o['w']!, K, p.outC, n, -1)) + term);
      });
      for (const [pixel, sum] of sums) store(p, o, pixel, n, sum);
    }
  },
  // Scatters, as the definition has it, where the reference gathers.
  'f32-conv-transpose': (p, o) => {
    const groupIn = p.inC / p.groups;
    const groupOut = p.outC / p.groups;
    const K = p.kernelH * p.kernelW * groupIn;
    for (let n = 0; n < p.outC; n++) {
      const c0 = Math.floor(n / groupOut) * groupIn;
      const sums = new Float64Array(p.batch * p.outH * p.outW).fill(panelWeight(o['w']!, K, groupOut, n, -1));
      for (let b = 0; b < p.batch; b++)
        eachIndex([p.inH, p.inW, p.kernelH, p.kernelW, groupIn], ([ih, iw, kh, kw, c]) => {
          const oh = ih! * p.strideH - p.padTop + kh! * p.dilationH;
          const ow = iw! * p.strideW - p.padLeft + kw! * p.dilationW;
          if (oh < 0 || oh >= p.outH || ow < 0 || ow >= p.outW) return;
          const x = o['x']![((b * p.inH + ih!) * p.inW + iw!) * p.ldx + c0 + c!]!;
          const k = (kh! * p.kernelW + kw!) * groupIn + c!;
          sums[(b * p.outH + oh) * p.outW + ow]! += x * panelWeight(o['w']!, K, groupOut, n, k);
        });
      sums.forEach((sum, pixel) => {
        store(p, o, pixel, n, sum);
      });
    }
  },
  'f32-gemm': (p, o) => {
    for (let m = 0; m < p.m; m++)
      for (let n = 0; n < p.n; n++) {
        let sum = panelWeight(o['w']!, p.k, p.n, n, -1);
        for (let k = 0; k < p.k; k++) sum += o['x']![m * p.ldx + k]! * panelWeight(o['w']!, p.k, p.n, n, k);
        store(p, o, m, n, sum);
      }
  },
  'f32-matmul': (p, o) => {
    let at = 0;
    eachIndex([p.batch0, p.batch1, p.m, p.n], ([i, j, m, n]) => {
      let sum = 0;
      for (let k = 0; k < p.k; k++)
        sum +=
          o['a']![i! * p.aBatch0 + j! * p.aBatch1 + m! * p.aRow + k * p.aCol]! *
          o['b']![i! * p.bBatch0 + j! * p.bBatch1 + k * p.bRow + n! * p.bCol]!;
      o['y']![at++] = sum;
    });
  },
  'f32-pool': (p, o) => {
    for (let c = 0; c < p.outC; c++) {
      const taps = new Map<number, { inside: number[]; padded: number }>();
      eachTap(p, (pixel, _, source, ih, iw) => {
        const window = taps.get(pixel) ?? { inside: [], padded: 0 };
        if (source >= 0) window.inside.push(o['x']![source * p.ldx + c]!);
        if (ih < p.inH + p.padBottom && iw < p.inW + p.padRight) window.padded++;
        taps.set(pixel, window);
      });
      for (const [pixel, { inside, padded }] of taps) {
        const sum = inside.reduce((a, b) => a + b, 0);
        o['y']![pixel * p.ldy + c] =
          p.mode === 'maximum'
            ? Math.max(...inside)
            : sum / (p.mode === 'averageInside' ? inside.length : padded);
      }
    }
  },
  'f32-unary': (p, o) => {
    const apply = functionOf({ fn: p.fn, alpha: p.alpha, beta: p.beta });
    for (let i = 0; i < p.count; i++) o['y']![i] = apply(o['x']![i]!);
  },
  'f32-binary': (p, o) => {
    const combine = binary[p.fn];
    const [a, b] = [numbered(p, 'a'), numbered(p, 'b')];
    let at = 0;
    eachIndex(numbered(p, 'd'), (index) => {
      o['y']![at++] = act(p)(Math.fround(combine(o['a']![dot(index, a)]!, o['b']![dot(index, b)]!)));
    });
  },
  'f32-affine': (p, o) => {
    for (let r = 0; r < p.rows; r++)
      for (let c = 0; c < p.channels; c++)
        o['y']![r * p.ldy + c] = act(p)(o['x']![r * p.ldx + c]! * o['w']![c]! + o['w']![p.channels + c]!);
  },
  'f32-reduce': (p, o) => {
    const { fn } = p;
    for (let out = 0; out < p.outer; out++)
      for (let i = 0; i < p.inner; i++) {
        const row = Array.from({ length: p.reduce }, (_, r) => o['x']![(out * p.reduce + r) * p.inner + i]!);
        const sum = row.reduce((a, b) => a + b, 0);
        o['y']![out * p.inner + i] =
          fn === 'max'
            ? Math.max(...row)
            : fn === 'min'
              ? Math.min(...row)
              : fn === 'sum'
                ? sum
                : sum / p.reduce;
      }
  },
  'f32-softmax': (p, o) => {
    for (let out = 0; out < p.outer; out++)
      for (let i = 0; i < p.inner; i++) {
        const at = (a: number): number => (out * p.axis + a) * p.inner + i;
        let sum = 0;
        for (let a = 0; a < p.axis; a++) sum += Math.exp(o['x']![at(a)]!);
        for (let a = 0; a < p.axis; a++) {
          const share = Math.exp(o['x']![at(a)]!) / sum;
          o['y']![at(a)] = p.log ? Math.log(share) : share;
        }
      }
  },
  'f32-instance-norm': (p, o) => {
    for (let b = 0; b < p.batch; b++)
      for (let c = 0; c < p.channels; c++) {
        const at = (s: number): number => (b * p.spatial + s) * p.channels + c;
        const all = Array.from({ length: p.spatial }, (_, s) => o['x']![at(s)]!);
        const mean = all.reduce((a, x) => a + x, 0) / p.spatial;
        const deviation = Math.sqrt(all.reduce((a, x) => a + (x - mean) ** 2, 0) / p.spatial + p.epsilon);
        all.forEach((x, s) => {
          o['y']![at(s)] = act(p)(((x - mean) / deviation) * o['w']![c]! + o['w']![p.channels + c]!);
        });
      }
  },
  'f32-lrn': (p, o) => {
    for (let i = 0; i < p.rows * p.channels; i++) {
      const c = i % p.channels;
      let squares = 0;
      for (let k = 0; k < p.channels; k++)
        if (k >= c - Math.floor((p.size - 1) / 2) && k <= c + Math.ceil((p.size - 1) / 2))
          squares += o['x']![i - c + k]! ** 2;
      o['y']![i] = o['x']![i]! / (p.bias + (p.alpha / p.size) * squares) ** p.beta;
    }
  },
  'f32-resize': (p, o) => {
    const floats = o['w']!;
    const words = new Int32Array(floats.buffer, floats.byteOffset, floats.length);
    let at = 0;
    eachIndex([p.batch, p.outH, p.outW, p.channels], ([b, oh, ow, c]) => {
      const [row, column] = [4 * oh!, 4 * (p.outH + ow!)];
      const x = (h: number, w: number): number =>
        o['x']![((b! * p.inH + words[row + h]!) * p.inW + words[column + w]!) * p.channels + c!]!;
      const blend = (h: number): number => x(h, 0) * floats[column + 2]! + x(h, 1) * floats[column + 3]!;
      o['y']![at++] =
        p.mode === 'nearest' ? x(0, 0) : blend(0) * floats[row + 2]! + blend(1) * floats[row + 3]!;
    });
  },
};

/** Runs a call's model over the bytes of its operands. */
export function runModel(kernel: KernelName, params: Params, bytes: Bytes): void {
  const floats = Object.fromEntries(
    Object.entries(bytes).map(([name, of]) => [
      name,
      of && (of.byteLength | of.byteOffset) % 4 === 0
        ? new Float32Array(of.buffer, of.byteOffset, of.byteLength / 4)
        : null,
    ]),
  );
  const model = kernelModels[kernel] as (p: Params, o: Buffers, bytes: Bytes) => void;
  model(params, floats, bytes);
}
