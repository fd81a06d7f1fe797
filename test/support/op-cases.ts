/**
 * Random cases of every op that is lowered: shapes with tails, odd strides, absent inputs, groups. A case is drawn
 * from a seeded sequence, so a failure is named by op and number and comes back.
 */
import type { Attrs } from '../../compiler/ir/constant.ts';
import { fromNumbers, type Tensor } from '../../compiler/ir/tensor.ts';
import { type DType, elementCount, type Shape } from '../../compiler/ir/types.ts';
import { unaryFunctions } from '../../runtime/kernels/functions.ts';
import { indexingMakers } from './indexing-cases.ts';
import { Random } from './random.ts';
import { samplingMakers } from './sampling-cases.ts';
import { selectionMakers } from './selection-cases.ts';

export interface OpCase {
  readonly inputs: readonly (Tensor | null)[];
  readonly attrs: Attrs;
  /** Inputs that are constants of the graph. */
  readonly constants: readonly number[];
}

/** Draws shapes and tensors. */
export class Draw extends Random {
  shape(rank: number, most = 6): number[] {
    return Array.from({ length: rank }, () => this.integer(1, most));
  }

  tensor(shape: Shape, from = -1, to = 1, dtype: DType = 'float32'): Tensor {
    const whole = dtype !== 'float32' && dtype !== 'float16' && dtype !== 'float64';
    const values = Array.from({ length: elementCount(shape) }, () => {
      const value = from + this.next() * (to - from);
      return whole ? Math.floor(value) : value;
    });
    return fromNumbers({ dtype, shape }, values);
  }
}

type Make = (draw: Draw) => OpCase;

const of = (inputs: readonly (Tensor | null)[], attrs: Attrs = {}, constants: number[] = []): OpCase => ({
  inputs,
  attrs,
  constants,
});

/** Channels around the width of a panel and of a vector, and the sizes between. */
const channels = (d: Draw): number => d.pick([1, 2, 3, 4, 5, 8, 15, 16, 17, 24, 33, 48]);

function epilogue(d: Draw): Attrs {
  const act = d.chance(0.5)
    ? 'none'
    : d.pick(unaryFunctions.filter((fn) => !['log', 'sqrt', 'reciprocal', 'exp'].includes(fn)));
  if (act === 'none') return {};
  if (act === 'clip') return { act, alpha: -0.3, beta: 0.4 };
  if (act === 'hardSigmoid') return { act, alpha: 0.2, beta: 0.5 };
  return act === 'leakyRelu' || act === 'elu' ? { act, alpha: 0.3 } : { act };
}

const dims = (d: Draw, rank: number, least: number, most: number): number[] =>
  Array.from({ length: rank }, () => d.integer(least, most));

const rowNorm =
  (parameters: number): Make =>
  (d) => {
    const shape = [...d.shape(d.integer(1, 3)), channels(d)];
    const weights = Array.from({ length: parameters }, () => d.tensor([shape.at(-1)!]));
    return of([d.tensor(shape), ...weights], { epsilon: 1e-3 }, [1, 2].slice(0, parameters));
  };

/** A layer of `gates` gates, with some of its biases and first states. */
const recurrent =
  (gates: number, states: number): Make =>
  (d) => {
    const [batch, steps, inputs, hidden] = [d.integer(1, 7), d.integer(1, 5), channels(d), channels(d)];
    const maybe = (shape: readonly number[]) => (d.chance(0.5) ? d.tensor(shape) : null);
    const weights = [d.tensor([gates * hidden, inputs]), d.tensor([gates * hidden, hidden])];
    const biases = [maybe([gates * hidden]), maybe([gates * hidden])];
    const first = Array.from({ length: states }, () => maybe([batch, hidden]));
    return of(
      [d.tensor([batch, steps, inputs]), ...weights, ...biases, ...first],
      { reverse: d.chance(0.3) },
      [1, 2, 3, 4],
    );
  };

const convolution: Make = (d) => {
  const rank = d.pick([1, 2, 2, 2]);
  const groups = d.pick([1, 1, 1, 2, 3, 0]);
  const depth = groups === 0 ? channels(d) : groups;
  const inC = groups === 0 ? depth : depth * d.pick([1, 2, 3, 5, 16]);
  const outC = groups === 0 ? depth : depth * channels(d);
  const kernel = dims(d, rank, 1, 4);
  const dilations = dims(d, rank, 1, 2);
  const spatial = kernel.map((k, i) => (k - 1) * dilations[i]! + d.integer(1, 9));
  const strides = dims(d, rank, 1, 3);
  const pads = dims(d, 2 * rank, 0, 2);
  const batch = d.integer(1, 2);
  const x = d.tensor([batch, ...spatial, inC]);
  const w = d.tensor([outC, inC / depth, ...kernel]);
  const out = spatial.map(
    (n, i) =>
      Math.floor((n + pads[i]! + pads[i + rank]! - (kernel[i]! - 1) * dilations[i]! - 1) / strides[i]!) + 1,
  );
  const bias = d.chance(0.6) ? d.tensor([outC]) : null;
  const residual = d.chance(0.3) ? d.tensor([batch, ...out, outC]) : null;
  return of([x, w, bias, residual], { strides, dilations, pads, groups: depth, ...epilogue(d) }, [1, 2]);
};

const transposed: Make = (d) => {
  const rank = d.pick([1, 2, 2]);
  const groups = d.pick([1, 1, 2, 3]);
  const inC = groups * d.integer(1, 5);
  const perGroup = channels(d);
  const kernel = dims(d, rank, 1, 4);
  const strides = dims(d, rank, 1, 3);
  const dilations = dims(d, rank, 1, 2);
  const pads = kernel.concat(kernel).map((k) => d.integer(0, k - 1));
  const outputPadding = strides.map((s) => d.integer(0, s - 1));
  const x = d.tensor([d.integer(1, 2), ...dims(d, rank, 2, 5), inC]);
  const w = d.tensor([inC, perGroup, ...kernel]);
  const bias = d.chance(0.6) ? d.tensor([groups * perGroup]) : null;
  return of([x, w, bias], { strides, dilations, pads, outputPadding, groups, ...epilogue(d) }, [1, 2]);
};

const product: Make = (d) => {
  const [m, n, k] = [d.integer(1, 9), channels(d), d.integer(1, 40)];
  const batch = d.pick([[], [2], [2, 3], [1, 3]]);
  const constant = d.chance(0.6);
  const [transA, transB] = [d.chance(0.25), d.chance(0.5)];
  const a = d.tensor([...batch, ...(transA ? [k, m] : [m, k])]);
  const bBatch = constant ? d.pick([[], [1]]) : d.pick([[], batch, batch.map(() => 1)]);
  const b = d.tensor([...bBatch, ...(transB ? [n, k] : [k, n])]);
  const bias = d.chance(0.5) ? d.tensor([n]) : null;
  const stack = batch.length >= bBatch.length ? batch : bBatch;
  const residual = d.chance(0.3) ? d.tensor([...stack, m, n]) : null;
  return of([a, b, bias, residual], { transA, transB, ...epilogue(d) }, constant ? [1, 2] : []);
};

const unary =
  (attrs: (d: Draw) => Attrs = () => ({}), from = -6, to = 6): Make =>
  (d) =>
    of([d.tensor(d.shape(d.integer(0, 4), 9), from, to)], attrs(d));

/** Two shapes that broadcast to one. */
function broadcasting(d: Draw): [number[], number[]] {
  const whole = d.shape(d.integer(0, 5), 7);
  const part = (): number[] =>
    whole.slice(d.chance(0.5) ? d.integer(0, whole.length) : 0).map((n) => (d.chance(0.3) ? 1 : n));
  return d.chance(0.5) ? [whole, part()] : [part(), whole];
}

const binary =
  (from = -2, to = 2): Make =>
  (d) => {
    const [a, b] = broadcasting(d);
    const constants = d.chance(0.3) ? [d.integer(0, 1)] : [];
    return of([d.tensor(a, from, to), d.tensor(b, from, to)], epilogue(d), constants);
  };

const pool =
  (more: (d: Draw) => Attrs): Make =>
  (d) => {
    const rank = d.pick([1, 2, 2]);
    const kernel = dims(d, rank, 1, 4);
    const pads = kernel.concat(kernel).map((k) => d.integer(0, k - 1));
    const strides = dims(d, rank, 1, 3);
    const dilations = dims(d, rank, 1, 2);
    const spatial = kernel.map((k, i) => (k - 1) * dilations[i]! + d.integer(1, 8));
    const x = d.tensor([d.integer(1, 2), ...spatial, channels(d)]);
    return of([x], { kernel, strides, dilations, pads, ...more(d) });
  };

const reduction: Make = (d) => {
  const shape = d.shape(d.integer(1, 4), 7);
  const axes = shape.map((_, axis) => axis).filter(() => d.chance(0.5));
  return of([d.tensor(shape)], { axes, keepDims: d.chance(0.5) });
};

const soft: Make = (d) => {
  const shape = d.shape(d.integer(1, 4), 19);
  return of([d.tensor(shape, -9, 9)], { axis: d.integer(-shape.length, shape.length - 1) });
};

const dtypes: readonly DType[] = [
  'float32',
  'float32',
  'float16',
  'int64',
  'int32',
  'uint8',
  'bool',
  'float64',
];
const any = (d: Draw, shape: Shape): Tensor => {
  const dtype = d.pick(dtypes);
  return d.tensor(shape, dtype === 'bool' ? 0 : -50, dtype === 'bool' ? 2 : 50, dtype);
};

const blocks: Make = (d) => {
  const blockSize = d.integer(1, 3);
  const x = any(d, [
    d.integer(1, 2),
    blockSize * d.integer(1, 4),
    blockSize * d.integer(1, 4),
    blockSize ** 2 * d.integer(1, 5),
  ]);
  return of([x], { blockSize, mode: d.pick(['DCR', 'CRD']) });
};

const shuffled = (d: Draw, rank: number): number[] => {
  const rest = Array.from({ length: rank }, (_, i) => i);
  return Array.from({ length: rank }, () => rest.splice(d.integer(0, rest.length - 1), 1)[0]!);
};

/** Two broadcast inputs of one dtype. */
const pair =
  (dtypes: readonly DType[], from = -3, to = 4): Make =>
  (d) => {
    const dtype = d.pick(dtypes);
    const [a, b] = broadcasting(d);
    return of([d.tensor(a, from, to, dtype), d.tensor(b, from, to, dtype)]);
  };

const comparison = pair(['float32', 'int64', 'int32', 'float16']);
const connective = pair(['bool'], 0, 2);

const bitwise = pair(['int8', 'int32', 'int64', 'uint16'], 0, 99);
const shift = pair(['uint8', 'uint32', 'uint64', 'int32'], 0, 9);

/** By op. */
export const makers: Readonly<Record<string, Make>> = {
  ...indexingMakers,
  ...samplingMakers,
  ...selectionMakers,
  conv: convolution,
  convTranspose: transposed,
  matmul: product,
  batchNorm: (d) => {
    const shape = d.shape(d.integer(2, 4), 20);
    const axis = d.chance(0.7) ? -1 : d.integer(0, shape.length - 1);
    const c = shape.at(axis)!;
    const stats = [d.tensor([c]), d.tensor([c]), d.tensor([c]), d.tensor([c], 0.1, 2)];
    return of([d.tensor(shape), ...stats], { axis, epsilon: 1e-3, ...epilogue(d) }, [1, 2, 3, 4]);
  },
  instanceNorm: (d) => {
    const shape = [d.integer(1, 3), ...dims(d, d.integer(1, 2), 2, 7), channels(d)];
    const c = shape.at(-1)!;
    return of([d.tensor(shape), d.tensor([c]), d.tensor([c])], epilogue(d), [1, 2]);
  },
  layerNorm: rowNorm(2),
  rmsNorm: rowNorm(1),
  lstm: recurrent(4, 2),
  gru: recurrent(3, 1),
  recurrentCell: (d) => {
    const cell = d.pick(['rnn', 'gru', 'lstm']);
    const gates = { rnn: 1, gru: 3, lstm: 4 }[cell] ?? 1;
    const [batch, steps, inputs, hidden] = [
      d.integer(1, 3),
      d.integer(1, 5),
      d.integer(1, 4),
      d.integer(1, 4),
    ];
    const maybe = (shape: readonly number[]) => (d.chance(0.5) ? d.tensor(shape) : null);
    return of(
      [
        d.tensor([batch, steps, inputs]),
        d.tensor([gates * hidden, inputs]),
        d.tensor([gates * hidden, hidden]),
        maybe([gates * hidden]),
        maybe([gates * hidden]),
        cell === 'lstm' ? maybe([3 * hidden]) : null,
        d.chance(0.5) ? d.tensor([batch], 0, steps + 1, 'int32') : null,
        maybe([batch, hidden]),
        cell === 'lstm' ? maybe([batch, hidden]) : null,
      ],
      { cell, reverse: d.chance(0.3), clip: d.pick([0.5, Infinity]), resetAfter: d.chance(0.5) },
      [1, 2],
    );
  },
  relu: unary(),
  sigmoid: unary(),
  hardSwish: unary(),
  tanh: unary(),
  silu: unary(),
  mish: unary(),
  softplus: unary(() => ({}), -40, 40),
  exp: unary(),
  log: unary(() => ({}), 0.01, 20),
  sqrt: unary(() => ({}), 0, 20),
  reciprocal: unary(() => ({}), 0.1, 9),
  erf: unary(),
  abs: unary(),
  neg: unary(),
  floor: unary(),
  ceil: unary(),
  sin: unary(),
  cos: unary(),
  tan: unary(() => ({}), -1.2, 1.2),
  asin: unary(() => ({}), -1, 1),
  acos: unary(() => ({}), -1, 1),
  atan: unary(),
  sinh: unary(),
  cosh: unary(),
  asinh: unary(),
  acosh: unary(() => ({}), 1, 9),
  atanh: unary(() => ({}), -0.9, 0.9),
  round: unary(),
  sign: (d) => of([d.tensor(d.shape(d.integer(0, 3)), -3, 4, d.pick(['float32', 'int64', 'int8']))]),
  clip: unary((d) => ({ min: -d.next(), max: d.next() })),
  leakyRelu: unary((d) => ({ alpha: d.next() })),
  hardSigmoid: unary((d) => ({ alpha: d.next(), beta: d.next() })),
  elu: unary((d) => ({ alpha: d.next() })),
  celu: unary((d) => ({ alpha: d.pick([1, 0.5, 2, -1.5]) })),
  gelu: unary((d) => ({ approximate: d.pick(['none', 'tanh']) })),
  add: binary(),
  sub: binary(),
  mul: binary(),
  div: binary(0.2, 3),
  min: binary(),
  max: binary(),
  pow: binary(0.1, 3),
  prelu: (d) => {
    const shape = d.shape(d.integer(1, 4), 9);
    const slope = shape.slice(d.integer(0, shape.length)).map((n) => (d.chance(0.3) ? 1 : n));
    return of([d.tensor(shape), d.tensor(slope)], {}, d.chance(0.5) ? [1] : []);
  },
  equal: pair(['float32', 'int64', 'bool'], 0, 2),
  less: comparison,
  lessOrEqual: comparison,
  greater: comparison,
  greaterOrEqual: comparison,
  and: connective,
  or: connective,
  xor: connective,
  not: (d) => of([d.tensor(d.shape(d.integer(0, 3)), 0, 2, 'bool')]),
  isNan: (d) => {
    const x = d.tensor(d.shape(d.integer(0, 3)));
    if (d.chance(0.5)) x.data[0] = Number.NaN;
    return of([x]);
  },
  isInf: (d) => {
    const x = d.tensor(d.shape(d.integer(0, 3)));
    x.data[0] = d.pick([Infinity, -Infinity, Number.NaN]);
    return of([x], { negative: d.chance(0.5), positive: d.chance(0.5) });
  },
  bitwiseAnd: bitwise,
  bitwiseOr: bitwise,
  bitwiseXor: bitwise,
  shiftLeft: shift,
  shiftRight: shift,
  bitwiseNot: (d) => of([d.tensor(d.shape(d.integer(0, 3)), -99, 99, d.pick(['int8', 'int32', 'int64']))]),
  bitCast: (d) => of([d.tensor(d.shape(d.integer(0, 3)), -99, 99)], { to: d.pick(['int32', 'uint32']) }),
  mod: (d) => {
    const [a, b] = broadcasting(d);
    const dtype = d.pick(['float32', 'int64', 'int32'] as const);
    return of([d.tensor(a, -9, 9, dtype), d.tensor(b, 1, 5, dtype)], { fmod: d.chance(0.5) });
  },
  where: (d) => {
    const [a, b] = broadcasting(d);
    const dtype = d.pick(['float32', 'int64'] as const);
    return of([d.tensor(a, 0, 2, 'bool'), d.tensor(b, -9, 9, dtype), d.tensor([], -9, 9, dtype)]);
  },
  fromBfloat16: (d) => of([d.tensor(d.shape(d.integer(1, 3)), 0x3f00, 0x4100, 'uint16')]),
  quantize: (d) => {
    const shape = d.shape(d.integer(1, 4));
    const wide = d.chance(0.5);
    const scale = d.tensor(wide ? [shape.at(-1)!] : [], 0.01, 0.1);
    const zero = d.chance(0.5) ? d.tensor(wide ? [shape.at(-1)!] : [], 0, 9) : null;
    zero?.data.forEach((value, i) => {
      zero.data[i] = Math.floor(Number(value));
    });
    return of([d.tensor(shape, -9, 9), scale, zero], {
      to: d.pick(['int8', 'uint8', 'int8', 'uint8', 'int16']),
    });
  },
  dequantize: (d) => {
    const shape = d.shape(d.integer(1, 4));
    const scale = d.tensor(d.chance(0.5) ? [shape.at(-1)!] : [], 0.01, 0.1);
    const zero = d.chance(0.5) ? d.tensor([], 0, 9) : null;
    const x = d.tensor(shape, 0, 99, d.pick(['int8', 'uint8', 'int32']));
    return of([x, scale, zero], {}, d.chance(0.3) ? [0] : []);
  },
  maxPool: pool((d) => ({ ceilMode: d.chance(0.5) })),
  averagePool: pool((d) => ({ ceilMode: d.chance(0.5), countIncludePad: d.chance(0.5) })),
  reduceMean: reduction,
  reduceSum: reduction,
  reduceMax: reduction,
  reduceMin: reduction,
  reduceProd: reduction,
  softmax: soft,
  logSoftmax: soft,
  lrn: (d) =>
    of([d.tensor([d.integer(1, 2), d.integer(1, 4), d.integer(1, 4), channels(d)], -3, 3)], {
      size: d.integer(1, 7),
      alpha: 0.3,
      beta: d.pick([0.5, 0.75]),
      bias: d.pick([1, 2]),
    }),
  concat: (d) => {
    const shape = d.shape(d.integer(1, 4), 5);
    const axis = d.integer(0, shape.length - 1);
    const dtype = d.pick(dtypes);
    const part = (): Tensor => d.tensor(shape.with(axis, d.integer(1, 5)), 0, 2, dtype);
    return of(Array.from({ length: d.integer(1, 4) }, part), { axis });
  },
  split: (d) => {
    const shape = d.shape(d.integer(1, 4), 5);
    const axis = d.integer(0, shape.length - 1);
    const sizes = dims(d, d.integer(1, 4), 1, 4);
    return of(
      [
        any(
          d,
          shape.with(
            axis,
            sizes.reduce((a, b) => a + b),
          ),
        ),
      ],
      { axis, sizes },
    );
  },
  identity: (d) => of([any(d, d.shape(d.integer(1, 4)))]),
  reshape: (d) => {
    const shape = d.shape(d.integer(1, 4));
    return of([any(d, shape)], { shape: d.pick([[elementCount(shape)], shape.toReversed(), [1, ...shape]]) });
  },
  slice: (d) => {
    const shape = d.shape(d.integer(1, 5), 7);
    const steps = shape.map(() => d.pick([1, 1, 2, -1, -2]));
    const sizes = shape.map((n, i) => d.integer(1, Math.ceil(n / Math.abs(steps[i]!))));
    const starts = shape.map((n, i) => {
      const span = (sizes[i]! - 1) * Math.abs(steps[i]!);
      return steps[i]! > 0 ? d.integer(0, n - 1 - span) : d.integer(span, n - 1);
    });
    return of([any(d, shape)], { starts, steps, sizes });
  },
  pad: (d) => {
    const shape = dims(d, d.integer(1, 4), 3, 6);
    const mode = d.pick(['constant', 'constant', 'reflect', 'edge']);
    return of([any(d, shape)], { pads: dims(d, 2 * shape.length, 0, 2), mode, value: d.integer(0, 1) });
  },
  trilu: (d) => {
    const shape = d.shape(d.integer(2, 4));
    return of([any(d, shape)], { upper: d.chance(0.5), k: d.integer(-3, 3) });
  },
  transpose: (d) => {
    const shape = d.shape(d.integer(1, 6), 5);
    return of([any(d, shape)], { perm: shuffled(d, shape.length) });
  },
  expand: (d) => {
    const shape = d.shape(d.integer(1, 5), 5);
    const from = shape.slice(d.integer(0, shape.length)).map((n) => (d.chance(0.5) ? 1 : n));
    return of([any(d, from)], { shape });
  },
  gather: (d) => {
    const shape = d.shape(d.integer(1, 4), 6);
    const axis = d.integer(0, shape.length - 1);
    const extent = shape[axis]!;
    const indices = d.tensor(
      d.shape(d.integer(0, 2), 4),
      -extent,
      extent,
      d.pick(['int32', 'int64'] as const),
    );
    return of([any(d, shape), indices], { axis }, d.chance(0.5) ? [d.integer(0, 1)] : []);
  },
  cast: (d) => {
    const from = d.pick(['float32', 'int32', 'int64', 'uint8', 'int8', 'bool', 'float16'] as const);
    const to = d.pick(['float32', 'int32', 'int64', 'uint8', 'int8', 'bool', 'float16'] as const);
    const low = from === 'bool' || to === 'uint8' ? 0 : -100;
    return of([d.tensor(d.shape(d.integer(1, 3), 9), low, from === 'bool' ? 2 : 100, from)], { to });
  },
  resize: (d) => {
    const x = d.tensor([d.integer(1, 2), d.integer(1, 7), d.integer(1, 7), d.integer(1, 6)]);
    const shape = [
      x.type.shape[0]!,
      d.integer(1, 12),
      d.pick([x.type.shape[2]!, d.integer(1, 12)]),
      x.type.shape[3]!,
    ];
    return of([x], {
      shape,
      scales: shape.map((n, i) => n / x.type.shape[i]!),
      mode: d.pick(['nearest', 'linear']),
      coordinates: d.pick([
        'half_pixel',
        'asymmetric',
        'align_corners',
        'pytorch_half_pixel',
        'half_pixel_symmetric',
      ]),
      nearest: d.pick(['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil']),
    });
  },
  depthToSpace: blocks,
  spaceToDepth: blocks,
};
