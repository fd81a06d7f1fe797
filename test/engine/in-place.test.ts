/** What the kernel table says of `inPlace`: with y in the memory of the operand the kernel gives the same bits. */
import assert from 'node:assert/strict';
import { PANEL } from '../../runtime/kernels/layouts.ts';
import type { Params } from '../../runtime/kernels/signature.ts';
import { type KernelName, kernelNames, signatureOf } from '../../runtime/kernels/table.ts';
import { eachVariant, seeded } from './kernel-harness.ts';
import { dense, numbered } from './strided.ts';

interface Case {
  /** Elements of each operand but y. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly params: Params;
  /** Elements of y. */
  readonly y: number;
}

const silu = { act: 'silu', alpha: 0, beta: 0 };
const relu = { act: 'relu', alpha: 0, beta: 0 };

/** 3×3 over an image whose channels leave lanes over, two panels for each group. */
function windows(inC: number, outC: number, groups: number, taps: number): readonly Case[] {
  const [batch, inH, inW, panels] = [2, 7, 6, groups * Math.ceil(outC / groups / PANEL)];
  const y = batch * inH * inW * outC;
  const image = { batch, inH, inW, inC, outH: inH, outW: inW, outC };
  const window = { kernelH: 3, kernelW: 3, strideH: 1, strideW: 1, dilationH: 1, dilationW: 1 };
  const rest = {
    padTop: 1,
    padLeft: 1,
    groups,
    sweep: 'pixels',
    ldx: inC,
    ldy: outC,
    ldr: outC,
    panel0: 0,
    panels,
  };
  const sizes = { x: batch * inH * inW * inC, w: panels * PANEL * (1 + taps), residual: y };
  return [relu, silu].map((act) => ({ sizes, y, params: { ...image, ...window, ...rest, ...act } }));
}

const without = (cases: readonly Case[], name: string): readonly Case[] =>
  cases.map(({ params, ...rest }) => {
    const { [name]: _, ...kept } = params;
    return { ...rest, params: kept };
  });

const [rows, columns] = [37, 21];
const binary = (b: readonly number[]): Case => ({
  sizes: { a: rows * columns, b: b[0] === 0 ? columns : rows * columns },
  y: rows * columns,
  params: {
    ...numbered('d', [rows, columns], 1),
    ...numbered('a', dense([rows, columns]), 0),
    ...numbered('b', b, 0),
    fn: 'sub',
    ...silu,
  },
});

const cases: Partial<Record<KernelName, readonly Case[]>> = {
  'f32-conv': windows(6, 42, 2, 9 * 3),
  'f32-conv-transpose': windows(6, 42, 2, 9 * 3),
  'f32-depthwise': without(windows(37, 37, 1, 9), 'groups'),
  'f32-gemm': [relu, silu].map((act) => ({
    sizes: { x: 33 * 70, w: 3 * PANEL * (1 + 70), residual: 33 * 42 },
    y: 33 * 42,
    params: { m: 33, n: 42, k: 70, ldx: 70, ldy: 42, ldr: 42, panel0: 0, panels: 3, ...act },
  })),
  'f32-unary': ['exp', 'gelu'].map((fn) => ({
    sizes: { x: 9001 },
    y: 9001,
    params: { count: 9001, fn: fn, alpha: 0, beta: 0 },
  })),
  'f32-binary': [binary(dense([rows, columns])), binary([0, 1])],
  'f32-affine': [
    {
      sizes: { x: rows * columns, w: 2 * columns },
      y: rows * columns,
      params: { rows, channels: columns, ldx: columns, ldy: columns, ...silu },
    },
  ],
  'f32-softmax': [1, 19].flatMap((inner) =>
    [0, 1].map((log) => ({
      sizes: { x: 5 * 43 * inner },
      y: 5 * 43 * inner,
      params: { outer: 5, axis: 43, inner, log },
    })),
  ),
  'f32-layer-norm': [0, 1].map((rms) => ({
    sizes: { x: rows * columns, w: (2 - rms) * columns },
    y: rows * columns,
    params: { rows, columns, epsilon: 1e-5, rms },
  })),
  'f32-instance-norm': [
    {
      sizes: { x: 2 * 35 * columns, w: 2 * columns },
      y: 2 * 35 * columns,
      params: { batch: 2, spatial: 35, channels: columns, epsilon: 1e-5, ...silu },
    },
  ],
};

const inPlace = (kernel: KernelName): readonly string[] => signatureOf(kernel).inPlace ?? [];

it('there are cases of every kernel that may write in place', () => {
  assert.deepEqual(
    kernelNames.filter((name) => inPlace(name).length > 0),
    kernelNames.filter((name) => cases[name] !== undefined),
  );
});

eachVariant((kernels) => {
  describe('in place', () => {
    for (const [name, list] of Object.entries(cases))
      it(name, () => {
        for (const { sizes, params, y } of list) {
          const run = (over: string | null): Float32Array => {
            const operands = Object.fromEntries(
              Object.entries(sizes).map(([operand, size], i) => [operand, seeded(size, i + 1, -2, 2)]),
            );
            const target = over === null ? new Float32Array(y) : operands[over]!;
            return kernels.run(name as 'f32-unary', { ...operands, y: target } as never, params as never);
          };
          const expected = run(null);
          for (const over of inPlace(name as KernelName))
            if (sizes[over] === y) assert.deepEqual(run(over), expected, over);
        }
      });
  });
});
