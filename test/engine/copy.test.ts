import { assertSameBits, type Elements, eachVariant, type Kernels } from './kernel-harness.ts';
import { dense, forEachIndex, numbered } from './strided.ts';

interface Copy {
  readonly dims: readonly number[];
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly xOffset?: number;
  readonly yOffset?: number;
}

const arrays = { 1: Uint8Array, 2: Uint16Array, 4: Int32Array, 8: BigInt64Array };
type Size = keyof typeof arrays;

/** Counts up, in all bytes of an element. */
const counting = (size: Size, count: number): Elements => {
  const bytes = Uint8Array.from({ length: count * size }, (_, i) => (i * 7 + (i >> 8)) & 0xff);
  return new arrays[size](bytes.buffer);
};

/** Elements from the lowest to the highest offset reached. */
const extent = (dims: readonly number[], strides: readonly number[], offset: number): number =>
  1 + offset + dims.reduce((sum, dim, axis) => sum + Math.max(0, (dim - 1) * strides[axis]!), 0);

const check = (kernels: Kernels, size: Size, { dims, x, y, xOffset = 0, yOffset = 0 }: Copy): void => {
  const source = counting(size, extent(dims, x, xOffset));
  const target = counting(size, extent(dims, y, yOffset) + 3);
  const params = {
    elementBytes: size,
    ...numbered('d', dims, 1),
    ...numbered('x', x, 0),
    ...numbered('y', y, 0),
    xOffset,
    yOffset,
  };
  const result = kernels.run('copy', { y: target, x: source }, params);
  const expected = target.slice();
  forEachIndex(dims, [x, y], ([from, to]) => {
    expected[yOffset + to!] = source[xOffset + from!]!;
  });
  assertSameBits(result, expected);
};

const cases: Record<string, Copy> = {
  'one element': { dims: [1], x: [1], y: [1], xOffset: 2, yOffset: 1 },
  'nothing dense at all': { dims: [5, 7], x: [14, 2], y: [21, 3] },
  'short runs': { dims: [9, 3], x: [5, 1], y: [3, 1], xOffset: 2 },
  'long runs, as concatenation has them': { dims: [4, 700], x: [700, 1], y: [1500, 1], yOffset: 800 },
  'one run of several tiles': { dims: [40000], x: [1], y: [1] },
  'reversed rows and columns': { dims: [6, 11], x: [-11, -1], y: [11, 1], xOffset: 65 },
  'repeated, innermost': { dims: [5, 37], x: [1, 0], y: [37, 1] },
  'repeated, outermost': { dims: [5, 37], x: [0, 1], y: [37, 1] },
  'channels first to last': { dims: [2, 30, 21], x: [630, 1, 30], y: [630, 21, 1] },
  'channels last to first': { dims: [2, 21, 30], x: [630, 1, 21], y: [630, 30, 1] },
  'three channels, planes of several tiles': { dims: [9000, 3], x: [1, 9000], y: [3, 1] },
  'planes of several tiles to three channels': { dims: [3, 9000], x: [1, 3], y: [9000, 1] },
  'a square of several tiles': { dims: [150, 201], x: [1, 150], y: [201, 1] },
  'transposed into a wider target': { dims: [13, 18], x: [1, 20], y: [40, 1], xOffset: 1, yOffset: 5 },
  'transpose of six dimensions': {
    dims: [2, 3, 2, 4, 3, 5],
    x: [1, 2, 6, 12, 48, 144],
    y: dense([2, 3, 2, 4, 3, 5]),
  },
  'heads of attention': { dims: [2, 4, 10, 16], x: [640, 16, 64, 1], y: dense([2, 4, 10, 16]) },
  'depth to space': { dims: [3, 2, 4, 2, 5], x: [80, 10, 20, 5, 1], y: [80, 40, 10, 5, 1] },
  'scattered, from dense': { dims: [6, 9], x: [9, 1], y: [1, 6] },
  'every second column': { dims: [8, 9], x: [20, 2], y: [9, 1], xOffset: 1 },
  'no elements': { dims: [3, 0, 2], x: [2, 2, 1], y: [2, 2, 1] },
};

eachVariant((kernels) => {
  describe('copy', () => {
    for (const [name, copy] of Object.entries(cases))
      it(name, () => {
        for (const size of [1, 2, 4, 8] as const) check(kernels, size, copy);
      });

    it('all extents of a transpose around its blocks', () => {
      for (let rows = 1; rows <= 21; rows += 4)
        for (let columns = 1; columns <= 21; columns++)
          check(kernels, 4, { dims: [rows, columns], x: [1, rows], y: [columns, 1] });
    });

    it('all lengths of a run', () => {
      for (let count = 1; count < 40; count++)
        check(kernels, 1, { dims: [3, count], x: [41, 1], y: [count, 1], xOffset: 1, yOffset: 1 });
    });
  });
});
