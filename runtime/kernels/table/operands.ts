/** Operands and parameters that kernels of several families have. */

/** The most frequent types, so they have names: every bundle carries the table. */
export const count = 'count';
export const i32 = 'i32';

export const out = { role: 'out', element: 'f32' } as const;
export const input = { role: 'in', element: 'f32' } as const;
export const optionalInput = { role: 'in', element: 'f32', optional: true } as const;
export const weight = { role: 'weight', element: 'f32' } as const;
export const scratch = { role: 'scratch', element: 'f32' } as const;
/** Elements of whatever size the parameters say. */
export const anyOut = { role: 'out', element: 'any' } as const;
export const anyInput = { role: 'in', element: 'any' } as const;

/** `act` is applied to each result, after residual and bias. */
export const epilogue = { act: 'unary', alpha: 'f32', beta: 'f32' } as const;
export const piece = { panel0: count, panels: count } as const;

/** Pixels of `inC` and `outC` channels that may lie apart. */
export const pixelRows = {
  y: { step: 'ldy', width: 'outC' },
  x: { step: 'ldx', width: 'inC' },
  residual: { step: 'ldr', width: 'outC' },
} as const;

/** One-dimensional convolutions are two-dimensional with height 1. Channels are totals over all groups. */
export const window = {
  batch: count,
  inH: count,
  inW: count,
  inC: count,
  outH: count,
  outW: count,
  outC: count,
  kernelH: 'size',
  kernelW: 'size',
  strideH: 'size',
  strideW: 'size',
  dilationH: 'size',
  dilationW: 'size',
  padTop: i32,
  padLeft: i32,
} as const;

interface Pixels {
  readonly batch: number;
  readonly inH: number;
  readonly inW: number;
  readonly outH: number;
  readonly outW: number;
}
export const pixelsIn = ({ batch, inH, inW }: Pixels): number => batch * inH * inW;
export const pixelsOut = ({ batch, outH, outW }: Pixels): number => batch * outH * outW;

/** Up to six collapsed dimensions, outermost first; unused ones are 1. */
export const dims6 = {
  d0: count,
  d1: count,
  d2: count,
  d3: count,
  d4: count,
  d5: count,
} as const;
export const dimNames = ['d0', 'd1', 'd2', 'd3', 'd4', 'd5'] as const;
