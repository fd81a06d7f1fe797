/**
 * What parameters of kernels choose from, by name. In a recorded program and in C a choice is its place in the list;
 * nobody else counts. The C header has an enum for each list.
 */

/**
 * Elementwise functions of one input: `f32-unary` applies them, and kernels with `act` apply them to their result.
 * alpha and beta: clip [alpha, beta]; leakyRelu slope alpha; hardSigmoid max(0, min(1, alpha·x + beta));
 * elu alpha; softplus, mish, ... ignore them. gelu is the erf form, geluTanh the tanh form.
 */
export const unaryFunctions = [
  'none',
  'relu',
  'clip',
  'leakyRelu',
  'sigmoid',
  'hardSigmoid',
  'hardSwish',
  'tanh',
  'silu',
  'mish',
  'softplus',
  'elu',
  'gelu',
  'geluTanh',
  'exp',
  'log',
  'sqrt',
  'reciprocal',
  'erf',
  'abs',
  'neg',
  'floor',
  'ceil',
] as const;
export type UnaryFunction = (typeof unaryFunctions)[number];

export const binaryFunctions = ['add', 'sub', 'mul', 'div', 'min', 'max', 'pow', 'prelu'] as const;
export type BinaryFunction = (typeof binaryFunctions)[number];

export const reduceFunctions = ['sum', 'mean', 'max', 'min'] as const;
export type ReduceFunction = (typeof reduceFunctions)[number];

/**
 * How `f32-conv` goes through its work: every panel for a block of pixels before the next block, or every block of
 * pixels for a few panels before the next panels. The order of claims alone: bits are the same.
 */
export const convSweeps = ['pixels', 'panels'] as const;
export type ConvSweep = (typeof convSweeps)[number];

/** What a pool makes of a window: `averageInside` divides by the taps inside the image, `averagePadded` by those inside
 * the padded image. */
export const poolModes = ['maximum', 'averageInside', 'averagePadded'] as const;
export type PoolMode = (typeof poolModes)[number];

export const resizeModes = ['nearest', 'linear'] as const;
export type ResizeMode = (typeof resizeModes)[number];

/** Bytes of the element types that the `cast` kernel converts between. */
export const castBytes = {
  float32: 4,
  int32: 4,
  int64: 8,
  uint8: 1,
  int8: 1,
  bool: 1,
  float16: 2,
} as const;
export type CastType = keyof typeof castBytes;
export const castTypes = Object.keys(castBytes) as readonly CastType[];

/** The lists by the name that a parameter's type has in the kernel table. */
export const enums = {
  unary: unaryFunctions,
  binary: binaryFunctions,
  reduce: reduceFunctions,
  sweep: convSweeps,
  pool: poolModes,
  resize: resizeModes,
  cast: castTypes,
} as const;
export type EnumName = keyof typeof enums;
export type EnumValue<E extends EnumName> = (typeof enums)[E][number];
