/**
 * Plain loops for the convolution family, in doubles, and the panel layout written out: what the kernels are
 * compared with. Nothing here is shared with the kernels but the parameters' names.
 */
import type { UnaryFunction } from '../../runtime/kernels/functions.ts';
import { PANEL } from '../../runtime/kernels/layouts.ts';
import type { KernelParams } from '../../runtime/kernels/table.ts';

export type ConvParams = KernelParams<'f32-conv'>;

export const convDefaults: ConvParams = {
  batch: 1,
  inH: 1,
  inW: 1,
  inC: 1,
  outH: 1,
  outW: 1,
  outC: 1,
  kernelH: 1,
  kernelW: 1,
  strideH: 1,
  strideW: 1,
  dilationH: 1,
  dilationW: 1,
  padTop: 0,
  padLeft: 0,
  groups: 1,
  sweep: 'pixels',
  ldx: 0,
  ldy: 0,
  ldr: 0,
  panel0: 0,
  panels: 0,
  act: 'none',
  alpha: 0,
  beta: 0,
};

/** weights[n][k] of all groups, groups in order, to panels with the bias in row 0. */
export const packPanels = (
  weights: Float32Array,
  bias: Float32Array | undefined,
  outC: number,
  depth: number,
  groups = 1,
): Float32Array => {
  const perGroup = outC / groups;
  const panelsPerGroup = Math.ceil(perGroup / PANEL);
  const packed = new Float32Array(groups * panelsPerGroup * (1 + depth) * PANEL);
  for (let n = 0; n < outC; n++) {
    const group = Math.floor(n / perGroup);
    const within = n % perGroup;
    const panel = group * panelsPerGroup + Math.floor(within / PANEL);
    const base = panel * (1 + depth) * PANEL + (within % PANEL);
    packed[base] = bias?.[n] ?? 0;
    for (let k = 0; k < depth; k++) packed[base + (1 + k) * PANEL] = weights[n * depth + k]!;
  }
  return packed;
};

export const panelCount = (outC: number, groups = 1): number => groups * Math.ceil(outC / groups / PANEL);

const activate: Record<string, (x: number, alpha: number, beta: number) => number> = {
  none: (x) => x,
  relu: (x) => Math.max(x, 0),
  clip: (x, alpha, beta) => Math.min(Math.max(x, alpha), beta),
  leakyRelu: (x, alpha) => (x < 0 ? alpha * x : x),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  hardSigmoid: (x, alpha, beta) => Math.max(0, Math.min(1, alpha * x + beta)),
  hardSwish: (x) => x * Math.max(0, Math.min(1, x / 6 + 0.5)),
  tanh: Math.tanh,
  silu: (x) => x / (1 + Math.exp(-x)),
  mish: (x) => x * Math.tanh(Math.log1p(Math.exp(x))),
  softplus: (x) => Math.log1p(Math.exp(x)),
  elu: (x, alpha) => (x < 0 ? alpha * Math.expm1(x) : x),
  geluTanh: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  reciprocal: (x) => 1 / x,
  abs: Math.abs,
  neg: (x) => -x,
  floor: Math.floor,
  ceil: Math.ceil,
};
export const referenceActivations = Object.keys(activate) as UnaryFunction[];

/** What the epilogue makes of a sum. */
export const epilogueOf =
  (p: { act: UnaryFunction; alpha: number; beta: number }) =>
  (sum: number): number =>
    activate[p.act]!(sum, p.alpha, p.beta);

/** y as the kernel leaves it, of which elements that are not written keep their values. */
export const convolve = (
  p: ConvParams,
  y: Float32Array,
  x: Float32Array,
  weights: Float32Array,
  bias: Float32Array | undefined,
  residual: Float32Array | undefined,
): Float32Array => {
  const result = y.slice();
  const channels = p.inC / p.groups;
  const outputs = p.outC / p.groups;
  const finish = epilogueOf(p);
  for (let b = 0; b < p.batch; b++)
    for (let oh = 0; oh < p.outH; oh++)
      for (let ow = 0; ow < p.outW; ow++) {
        const pixel = (b * p.outH + oh) * p.outW + ow;
        for (let n = 0; n < p.outC; n++) {
          const first = Math.floor(n / outputs) * channels;
          let sum = bias?.[n] ?? 0;
          for (let kh = 0; kh < p.kernelH; kh++)
            for (let kw = 0; kw < p.kernelW; kw++) {
              const ih = oh * p.strideH - p.padTop + kh * p.dilationH;
              const iw = ow * p.strideW - p.padLeft + kw * p.dilationW;
              if (ih < 0 || ih >= p.inH || iw < 0 || iw >= p.inW) continue;
              const from = ((b * p.inH + ih) * p.inW + iw) * p.ldx + first;
              const tap = ((n * p.kernelH + kh) * p.kernelW + kw) * channels;
              for (let c = 0; c < channels; c++) sum += x[from + c]! * weights[tap + c]!;
            }
          if (residual !== undefined) sum += residual[pixel * p.ldr + n]!;
          result[pixel * p.ldy + n] = finish(sum);
        }
      }
  return result;
};

/** The same for the transposed convolution, scattering as its definition has it; weights[n][kh][kw][c]. */
export const convolveTransposed = (
  p: ConvParams,
  y: Float32Array,
  x: Float32Array,
  weights: Float32Array,
  bias: Float32Array | undefined,
  residual: Float32Array | undefined,
): Float32Array => {
  const channels = p.inC / p.groups;
  const outputs = p.outC / p.groups;
  const pixels = p.batch * p.outH * p.outW;
  const sums = new Float64Array(pixels * p.outC);
  for (let b = 0; b < p.batch; b++)
    for (let ih = 0; ih < p.inH; ih++)
      for (let iw = 0; iw < p.inW; iw++)
        for (let kh = 0; kh < p.kernelH; kh++)
          for (let kw = 0; kw < p.kernelW; kw++) {
            const oh = ih * p.strideH - p.padTop + kh * p.dilationH;
            const ow = iw * p.strideW - p.padLeft + kw * p.dilationW;
            if (oh < 0 || oh >= p.outH || ow < 0 || ow >= p.outW) continue;
            const pixel = (b * p.outH + oh) * p.outW + ow;
            for (let n = 0; n < p.outC; n++) {
              const from = ((b * p.inH + ih) * p.inW + iw) * p.ldx + Math.floor(n / outputs) * channels;
              const tap = ((n * p.kernelH + kh) * p.kernelW + kw) * channels;
              for (let c = 0; c < channels; c++)
                sums[pixel * p.outC + n]! += x[from + c]! * weights[tap + c]!;
            }
          }
  const result = y.slice();
  const finish = epilogueOf(p);
  for (let pixel = 0; pixel < pixels; pixel++)
    for (let n = 0; n < p.outC; n++) {
      const sum = sums[pixel * p.outC + n]! + (bias?.[n] ?? 0) + (residual?.[pixel * p.ldr + n] ?? 0);
      result[pixel * p.ldy + n] = finish(sum);
    }
  return result;
};
