/**
 * The kernels' interface: for each kernel family its operands and parameters, in the order of the C struct. This
 * table is the one truth: the program encoder packs by it, the C header is generated from it, the compiler's
 * lowering is typed by it, and the kernel tests enumerate it.
 *
 * Operands are value ids, resolved by the engine against the address table of the plan in force; id 0 is "absent".
 * All tensors are row-major, channels-last, and dense but for what `rows` and `strides` allow; sizes and strides are in elements unless a name says bytes.
 *
 * The panel layout ("panels") of weights serves every instruction set. For N output channels and a reduction of
 * length K: ceil(N/16) panels (for g groups: ceil(N/g/16) per group, groups in order), each [1 + K][16] float32.
 * Row 0 is the bias, row 1 + k the weights of reduction index k, lane j is channel 16·panel + j; lanes past the
 * end are zero. A piece of a layer is a run of panels, so a layer can be cut anywhere between panels.
 */

/** Output channels of one panel: one AVX-512 vector, two AVX2, four NEON or WASM. */
export const PANEL = 16;

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

/** Element types the `cast` kernel converts between. */
export const castTypes = ['float32', 'int32', 'int64', 'uint8', 'int8', 'bool', 'float16'] as const;

/** 'out' is written, 'in' read, 'weight' read from a segment; a question mark: may be absent. */
export type OperandRole = 'out' | 'in' | 'in?' | 'weight' | 'weight?' | 'scratch?';
export type ParamType = 'i32' | 'f32';

interface KernelSignature {
  readonly operands: Readonly<Record<string, OperandRole>>;
  readonly params: Readonly<Record<string, ParamType>>;
  /** The work can be cut along panels: parameters `panel0` and `panels` say which part of the layer a call does. */
  readonly cut?: 'panels';
  /**
   * Operands that y may coincide with, element for element: each is read before y is written in its place. The
   * operand must have as many bytes as y.
   */
  readonly inPlace?: readonly string[];
  /**
   * Operands whose rows may lie apart in memory: parameter `step` is the number of elements from one row to the
   * next, and a row has as many as parameter `width` says.
   */
  readonly rows?: Readonly<Record<string, { readonly step: string; readonly width: string }>>;
  /** Operands addressed by a stride for each of d0 … d5; the strides' names begin with this. */
  readonly strides?: Readonly<Record<string, string>>;
}

/** act: index in unaryFunctions, applied to each result (after residual and bias). */
const epilogue = { act: 'i32', alpha: 'f32', beta: 'f32' } as const;
const piece = { panel0: 'i32', panels: 'i32' } as const;
/** Pixels of `inC` and `outC` channels that may lie apart. */
const pixelRows = {
  y: { step: 'ldy', width: 'outC' },
  x: { step: 'ldx', width: 'inC' },
  residual: { step: 'ldr', width: 'outC' },
} as const;

/** One-dimensional convolutions are two-dimensional with height 1. Channels are totals over all groups. */
const window = {
  batch: 'i32',
  inH: 'i32',
  inW: 'i32',
  inC: 'i32',
  outH: 'i32',
  outW: 'i32',
  outC: 'i32',
  kernelH: 'i32',
  kernelW: 'i32',
  strideH: 'i32',
  strideW: 'i32',
  dilationH: 'i32',
  dilationW: 'i32',
  padTop: 'i32',
  padLeft: 'i32',
} as const;

/** Up to six collapsed dimensions, outermost first; unused ones are 1. */
const dims6 = { d0: 'i32', d1: 'i32', d2: 'i32', d3: 'i32', d4: 'i32', d5: 'i32' } as const;

export const kernels = {
  /**
   * y[b,oh,ow,n] = act(bias[n] + Σ w[n,kh,kw,c]·x[b, oh·stride−pad+kh·dilation, …, c] (+ residual[b,oh,ow,n])).
   * Reduction order kh, kw, c within the group. ldx, ldy, ldr: elements from one pixel to the next of x, y,
   * residual. Operand y is the start of the whole layer's output; panel0 says where in its channels to write.
   * sweep: index in convSweeps.
   */
  'f32-conv': {
    operands: { y: 'out', x: 'in', w: 'weight', residual: 'in?' },
    params: {
      ...window,
      groups: 'i32',
      sweep: 'i32',
      ldx: 'i32',
      ldy: 'i32',
      ldr: 'i32',
      ...piece,
      ...epilogue,
    },
    cut: 'panels',
    inPlace: ['residual'],
    rows: pixelRows,
  },
  /** groups = inC = outC. K = kernelH·kernelW; panel lane j of panel p is channel 16p + j. */
  'f32-depthwise': {
    operands: { y: 'out', x: 'in', w: 'weight', residual: 'in?' },
    params: { ...window, ldx: 'i32', ldy: 'i32', ldr: 'i32', ...piece, ...epilogue },
    cut: 'panels',
    inPlace: ['residual'],
    rows: pixelRows,
  },
  /**
   * The gradient of a convolution: x[b,ih,iw,c] adds w[n,kh,kw,c]·x to y[b, ih·stride−pad+kh·dilation, …, n].
   * Reduction order kh, kw, c over the taps that reach the output pixel; panels as in f32-conv (N = outC).
   */
  'f32-conv-transpose': {
    operands: { y: 'out', x: 'in', w: 'weight', residual: 'in?' },
    params: { ...window, groups: 'i32', ldx: 'i32', ldy: 'i32', ldr: 'i32', ...piece, ...epilogue },
    cut: 'panels',
    inPlace: ['residual'],
    rows: pixelRows,
  },
  /** y[m,n] = act(bias[n] + Σ_k x[m,k]·w[n,k] (+ residual[m,n])), weights constant and packed. */
  'f32-gemm': {
    operands: { y: 'out', x: 'in', w: 'weight', residual: 'in?' },
    params: { m: 'i32', n: 'i32', k: 'i32', ldx: 'i32', ldy: 'i32', ldr: 'i32', ...piece, ...epilogue },
    cut: 'panels',
    inPlace: ['residual'],
    rows: {
      y: { step: 'ldy', width: 'n' },
      x: { step: 'ldx', width: 'k' },
      residual: { step: 'ldr', width: 'n' },
    },
  },
  /**
   * y[i,j,m,n] = Σ_k a[i,j,m,k]·b[i,j,k,n], neither constant. Two batch dimensions with free strides (0 repeats);
   * aRow/aCol, bRow/bCol: strides of a over (m,k) and b over (k,n). y is dense.
   */
  'f32-matmul': {
    operands: { y: 'out', a: 'in', b: 'in' },
    params: {
      batch0: 'i32',
      batch1: 'i32',
      m: 'i32',
      n: 'i32',
      k: 'i32',
      aBatch0: 'i32',
      aBatch1: 'i32',
      aRow: 'i32',
      aCol: 'i32',
      bBatch0: 'i32',
      bBatch1: 'i32',
      bRow: 'i32',
      bCol: 'i32',
    },
  },
  /** mode 0: maximum, 1: average over the window's part inside the image, 2: average over the padded window
   * (taps past the padded extent do not count: padBottom and padRight say where it ends). A NaN is the maximum of
   * its windows; the average of no tap is 0. */
  'f32-pool': {
    operands: { y: 'out', x: 'in' },
    params: { ...window, padBottom: 'i32', padRight: 'i32', ldx: 'i32', ldy: 'i32', mode: 'i32' },
    rows: { y: pixelRows.y, x: pixelRows.x },
  },
  /** y[i] = f(x[i]), fn an index in unaryFunctions. */
  'f32-unary': {
    operands: { y: 'out', x: 'in' },
    params: { count: 'i32', fn: 'i32', alpha: 'f32', beta: 'f32' },
    inPlace: ['x'],
  },
  /** y[…] = act(f(a[…], b[…])), y dense over dims, a and b by strides (0 repeats). prelu(a, b): a < 0 ? a·b : a;
   * min and max are NaN where a or b is; pow is IEEE 754's. */
  'f32-binary': {
    operands: { y: 'out', a: 'in', b: 'in' },
    params: {
      ...dims6,
      a0: 'i32',
      a1: 'i32',
      a2: 'i32',
      a3: 'i32',
      a4: 'i32',
      a5: 'i32',
      b0: 'i32',
      b1: 'i32',
      b2: 'i32',
      b3: 'i32',
      b4: 'i32',
      b5: 'i32',
      fn: 'i32',
      ...epilogue,
    },
    inPlace: ['a', 'b'],
    strides: { a: 'a', b: 'b' },
  },
  /** y[r,c] = act(x[r,c]·scale[c] + shift[c]); w is scale[channels] then shift[channels]; rows ldx and ldy apart. */
  'f32-affine': {
    operands: { y: 'out', x: 'in', w: 'weight' },
    params: { rows: 'i32', channels: 'i32', ldx: 'i32', ldy: 'i32', ...epilogue },
    inPlace: ['x'],
    rows: { y: { step: 'ldy', width: 'channels' }, x: { step: 'ldx', width: 'channels' } },
  },
  /** y[o,i] over r of x[o,r,i]; fn an index in reduceFunctions. An extremum with a NaN is NaN. */
  'f32-reduce': {
    operands: { y: 'out', x: 'in' },
    params: { outer: 'i32', reduce: 'i32', inner: 'i32', fn: 'i32' },
  },
  /** Softmax (log: 1 for its logarithm) over the middle of [outer, axis, inner]. */
  'f32-softmax': {
    operands: { y: 'out', x: 'in' },
    params: { outer: 'i32', axis: 'i32', inner: 'i32', log: 'i32' },
    inPlace: ['x'],
  },
  /** Mean and variance per batch and channel over `spatial`; w is scale[channels] then bias[channels]. */
  'f32-instance-norm': {
    operands: { y: 'out', x: 'in', w: 'weight' },
    params: { batch: 'i32', spatial: 'i32', channels: 'i32', epsilon: 'f32', ...epilogue },
    inPlace: ['x'],
  },
  /**
   * Each row by its own mean and variance: y[r,c] = (x[r,c] − mean) / √(variance + epsilon)·scale[c] + bias[c]; w is
   * scale[columns] then bias[columns]. rms 1: by its root mean square, x[r,c] / √(mean x² + epsilon)·scale[c], and w
   * is scale alone.
   */
  'f32-layer-norm': {
    operands: { y: 'out', x: 'in', w: 'weight' },
    params: { rows: 'i32', columns: 'i32', epsilon: 'f32', rms: 'i32' },
    inPlace: ['x'],
  },
  /**
   * The recurrence of an LSTM over whole sequences. x[b,t] holds what the input adds to the four gates i, f, g, o,
   * `hidden` numbers each; w is panels of N = 4·hidden, K = hidden. With z = x[b,t] + bias + w·h, all steps in order
   * (from the last to the first if reverse): c = σ(z_f)·c + σ(z_i)·tanh(z_g), h = y[b,t] = σ(z_o)·tanh(c). h and c
   * begin as h0 and c0 [batch, hidden], or zero; c is left as it ends. `gates` is room for x[·,t].
   */
  'f32-lstm': {
    operands: { y: 'out', c: 'out', gates: 'out', x: 'in', w: 'weight', h0: 'in?', c0: 'in?' },
    params: { batch: 'i32', steps: 'i32', hidden: 'i32', reverse: 'i32' },
  },
  /**
   * The same for a GRU, its gates r, z, n, with panels of N = 3·hidden. With s = bias + w·h: r = σ(x_r + s_r),
   * z = σ(x_z + s_z), n = tanh(x_n + r·s_n), h = y[b,t] = n + z·(h − n).
   */
  'f32-gru': {
    operands: { y: 'out', gates: 'out', x: 'in', w: 'weight', h0: 'in?' },
    params: { batch: 'i32', steps: 'i32', hidden: 'i32', reverse: 'i32' },
  },
  /** Local response normalisation over channels: x / (bias + alpha/size · Σ x²)^beta, window as ONNX has it. */
  'f32-lrn': {
    operands: { y: 'out', x: 'in' },
    params: { rows: 'i32', channels: 'i32', size: 'i32', alpha: 'f32', beta: 'f32', bias: 'f32' },
  },
  /**
   * Separable resize of the two middle dimensions of [batch, inH, inW, channels]. w holds for each output row,
   * then each output column, four words {i32 low, i32 high, f32 wLow, f32 wHigh}; mode 0 takes low (nearest),
   * mode 1 is (x[lo,lo]·wl + x[lo,hi]·wh)·hl + (x[hi,lo]·wl + x[hi,hi]·wh)·hh.
   */
  'f32-resize': {
    operands: { y: 'out', x: 'in', w: 'weight' },
    params: {
      batch: 'i32',
      inH: 'i32',
      inW: 'i32',
      outH: 'i32',
      outW: 'i32',
      channels: 'i32',
      mode: 'i32',
    },
  },
  /**
   * y[yOffset + Σ i·ys] = x[xOffset + Σ i·xs] for all indices of dims; elements of 1, 2, 4 or 8 bytes. Slice,
   * transpose, concat, split, expand, pad and depth-to-space are this kernel. Strides may be negative or, of x, 0;
   * no element of y is written twice, and y does not overlap what is read.
   */
  copy: {
    operands: { y: 'out', x: 'in' },
    params: {
      elementBytes: 'i32',
      ...dims6,
      x0: 'i32',
      x1: 'i32',
      x2: 'i32',
      x3: 'i32',
      x4: 'i32',
      x5: 'i32',
      y0: 'i32',
      y1: 'i32',
      y2: 'i32',
      y3: 'i32',
      y4: 'i32',
      y5: 'i32',
      xOffset: 'i32',
      yOffset: 'i32',
    },
    strides: { y: 'y', x: 'x' },
  },
  /** y[i] = the value of which low and high are the 32-bit halves. */
  fill: {
    operands: { y: 'out' },
    params: { count: 'i32', elementBytes: 'i32', low: 'i32', high: 'i32' },
  },
  /** y[o,i,…] = x[o, indices[i], …]: rows of innerBytes; an index below zero counts from the end, one out of
   * range is an engine error. indexBytes 4 or 8. */
  gather: {
    operands: { y: 'out', x: 'in', indices: 'in' },
    params: { outer: 'i32', axis: 'i32', count: 'i32', innerBytes: 'i32', indexBytes: 'i32' },
  },
  /** Floating point to integer truncates towards zero and saturates (NaN: 0), integer to a narrower integer wraps
   * around, to float16 rounds to nearest even, to bool is 1 where not zero. from, to: indices in castTypes. */
  cast: {
    operands: { y: 'out', x: 'in' },
    params: { count: 'i32', from: 'i32', to: 'i32' },
  },
} as const satisfies Record<string, KernelSignature>;

export type KernelName = keyof typeof kernels;
export const kernelNames = Object.keys(kernels) as KernelName[];

export type OperandName<K extends KernelName> = keyof (typeof kernels)[K]['operands'] & string;
export type ParamName<K extends KernelName> = keyof (typeof kernels)[K]['params'] & string;
export type KernelParams<K extends KernelName> = { readonly [P in ParamName<K>]: number };

/** The table without its literal types, for code that walks it. */
export const signatureOf = (name: KernelName): KernelSignature => kernels[name];
