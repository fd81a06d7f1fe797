/** f32-conv against plain loops: windows, tails, strides between pixels, groups, pieces and activations. */
import { convSweeps } from '../../runtime/kernels/functions.ts';
import {
  type ConvParams,
  convDefaults,
  convolve,
  packPanels,
  panelCount,
  referenceActivations,
} from './convolution-reference.ts';
import { assertClose, assertSameBits, eachVariant, type Kernels, seeded } from './kernel-harness.ts';

const outputSize = (size: number, kernel: number, stride: number, dilation: number, pads: number): number =>
  Math.floor((size + pads - dilation * (kernel - 1) - 1) / stride) + 1;

interface Case {
  readonly params: ConvParams;
  readonly residual: boolean;
}

/** Fills in the output's size and dense strides; bottom and right padding only show in the output's size. */
const conv = (
  given: Partial<ConvParams> & { padBottom?: number; padRight?: number; withResidual?: boolean },
): Case => {
  const {
    padBottom = given.padTop ?? 0,
    padRight = given.padLeft ?? 0,
    withResidual = false,
    ...rest
  } = given;
  const p = { ...convDefaults, ...rest };
  return {
    params: {
      ...p,
      outH: outputSize(p.inH, p.kernelH, p.strideH, p.dilationH, p.padTop + padBottom),
      outW: outputSize(p.inW, p.kernelW, p.strideW, p.dilationW, p.padLeft + padRight),
      ldx: p.ldx || p.inC,
      ldy: p.ldy || p.outC,
      ldr: withResidual ? p.ldr || p.outC : 0,
      panels: panelCount(p.outC, p.groups),
    },
    residual: withResidual,
  };
};

const window3 = { kernelH: 3, kernelW: 3, padTop: 1, padLeft: 1 };
const cases: Record<string, Case> = {
  'one element': conv({}),
  '1×1, whole panels': conv({ inH: 8, inW: 8, inC: 24, outC: 32 }),
  '1×1, tails in rows and lanes': conv({ batch: 2, inH: 3, inW: 7, inC: 5, outC: 29 }),
  '1×1, half a panel': conv({ inH: 3, inW: 3, inC: 6, outC: 8 }),
  '1×1 stride 2': conv({ inH: 9, inW: 7, inC: 8, outC: 16, strideH: 2, strideW: 2 }),
  '3×3 padded': conv({ inH: 13, inW: 11, inC: 7, outC: 20, ...window3 }),
  '3×3 in two images': conv({ batch: 2, inH: 5, inW: 6, inC: 3, outC: 17, ...window3 }),
  '3×3 dilated': conv({ inH: 9, inW: 10, inC: 4, outC: 12, ...window3, dilationH: 2, dilationW: 3 }),
  '7×7 stride 2': conv({
    inH: 21,
    inW: 19,
    inC: 3,
    outC: 16,
    kernelH: 7,
    kernelW: 7,
    strideH: 2,
    strideW: 2,
    padTop: 3,
    padLeft: 3,
  }),
  'asymmetric padding': conv({
    inH: 6,
    inW: 7,
    inC: 4,
    outC: 9,
    kernelH: 3,
    kernelW: 2,
    padTop: 2,
    padLeft: 0,
    padBottom: 0,
    padRight: 1,
  }),
  'padding wider than the image': conv({
    inH: 2,
    inW: 2,
    inC: 3,
    outC: 5,
    kernelH: 2,
    kernelW: 2,
    padTop: 4,
    padLeft: 4,
  }),
  'one line': conv({ inW: 50, inC: 6, outC: 10, kernelW: 5, strideW: 2, padLeft: 2 }),
  groups: conv({ inH: 6, inW: 6, inC: 12, outC: 60, groups: 3, ...window3 }),
  'groups of four': conv({ inH: 5, inW: 5, inC: 16, outC: 16, groups: 4, ...window3 }),
  'distant pixels': conv({
    inH: 6,
    inW: 5,
    inC: 5,
    outC: 18,
    ldx: 11,
    ldy: 23,
    ldr: 19,
    withResidual: true,
    ...window3,
  }),
  residual: conv({ inH: 7, inW: 5, inC: 9, outC: 32, withResidual: true, act: 'relu' }),
  'more runs than a tile holds': conv({
    inH: 9,
    inW: 9,
    inC: 2,
    outC: 21,
    kernelH: 9,
    kernelW: 9,
    padTop: 4,
    padLeft: 4,
  }),
  'a run longer than the zeros': conv({ inH: 2, inW: 3, inC: 1500, outC: 9, ...window3 }),
};

const inputsOf = ({ params: p, residual }: Case) => {
  const depth = p.kernelH * p.kernelW * (p.inC / p.groups);
  const pixels = p.batch * p.outH * p.outW;
  const weights = seeded(p.outC * depth, 1);
  const bias = seeded(p.outC, 2);
  return {
    weights,
    bias,
    y: seeded((pixels - 1) * p.ldy + p.outC, 3),
    x: seeded((p.batch * p.inH * p.inW - 1) * p.ldx + p.inC, 4),
    w: packPanels(weights, bias, p.outC, depth, p.groups),
    residual: residual ? seeded((pixels - 1) * p.ldr + p.outC, 5) : undefined,
  };
};

const check = (kernels: Kernels, given: Case): void => {
  const { weights, bias, y, x, w, residual } = inputsOf(given);
  const expected = convolve(given.params, y, x, weights, bias, residual);
  const tolerance = 2e-5 * Math.max(1, w.length / given.params.panels / 10_000);
  assertClose(kernels.run('f32-conv', { y, x, w, residual }, given.params), expected, tolerance);
};

describe('f32-conv', () => {
  eachVariant((kernels) => {
    for (const [name, given] of Object.entries(cases)) it(name, () => check(kernels, given));

    it('both sweeps have the same bits', () => {
      // Several blocks of pixels and several shares of panels, so that the orders differ.
      const many = conv({ inH: 13, inW: 13, inC: 40, outC: 90, ...window3 });
      for (const given of [...Object.values(cases), many]) {
        const { y, x, w, residual } = inputsOf(given);
        const [first, ...rest] = convSweeps.map((sweep) =>
          kernels.run('f32-conv', { y, x, w, residual }, { ...given.params, sweep }),
        );
        for (const other of rest) assertSameBits(other, first!);
      }
    });

    for (const name of referenceActivations)
      it(`then ${name}`, () => {
        // A positive bias far from zero keeps log, sqrt and reciprocal where they are smooth.
        const given = conv({ inH: 3, inW: 3, inC: 4, outC: 27, withResidual: true });
        const positive = ['log', 'sqrt', 'reciprocal', 'floor', 'ceil'].includes(name);
        const params = {
          ...given.params,
          act: name,
          alpha: name === 'clip' ? -0.5 : 0.2,
          beta: 0.6,
        };
        const { weights, y, x, residual } = inputsOf(given);
        const bias = new Float32Array(27).fill(positive ? 8.3 : 0.1);
        const w = packPanels(weights, bias, 27, 4);
        const actual = kernels.run('f32-conv', { y, x, w, residual }, params);
        assertClose(actual, convolve(params, y, x, weights, bias, residual), 2e-5);
      });

    it('adds a residual in place', () => {
      const given = conv({ inH: 5, inW: 5, inC: 6, outC: 20, withResidual: true });
      const { weights, bias, y, x, w } = inputsOf(given);
      const expected = convolve(given.params, y, x, weights, bias, y);
      assertClose(kernels.run('f32-conv', { y, x, w, residual: y }, given.params), expected, 2e-5);
    });

    it('passes NaN and infinity through relu as they come', () => {
      const given = conv({ inW: 4, inC: 1, outC: 8, act: 'relu' });
      const x = Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1);
      const w = packPanels(new Float32Array(8).fill(1), undefined, 8, 1);
      const y = kernels.run('f32-conv', { y: new Float32Array(32), x, w }, given.params);
      const rows = [Number.NaN, Number.POSITIVE_INFINITY, 0, 0];
      assertClose(
        y,
        rows.flatMap((value) => Array<number>(8).fill(value)),
        0,
      );
    });

    for (const name of ['groups', '3×3 padded', 'distant pixels', 'more runs than a tile holds'])
      it(`a piece has the bits of the whole: ${name}`, () => {
        const given = cases[name]!;
        const { params } = given;
        const { y, x, w, residual } = inputsOf(given);
        const whole = kernels.run('f32-conv', { y, x, w, residual }, params);
        const panelFloats = w.length / params.panels;
        let pieced = y;
        for (let panel0 = 0; panel0 < params.panels; panel0++) {
          const part = w.slice(panel0 * panelFloats, (panel0 + 1) * panelFloats);
          pieced = kernels.run(
            'f32-conv',
            { y: pieced, x, w: part, residual },
            { ...params, panel0, panels: 1 },
          );
        }
        assertSameBits(pieced, whole);
      });
  });
});
