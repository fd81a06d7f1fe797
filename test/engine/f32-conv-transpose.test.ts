/** f32-conv-transpose against scattering loops: strides, output sizes, dilation, groups, pieces. */
import {
  type ConvParams,
  convDefaults,
  convolveTransposed,
  packPanels,
  panelCount,
} from './convolution-reference.ts';
import { assertClose, assertSameBits, eachVariant, seeded } from './kernel-harness.ts';

const outputSize = (size: number, kernel: number, stride: number, dilation: number, pads: number): number =>
  stride * (size - 1) + dilation * (kernel - 1) + 1 - pads;

/** Padding on both sides as given; `extra` is the output padding, which only shows in the output's size. */
const transposed = (given: Partial<ConvParams> & { extra?: number }): ConvParams => {
  const { extra = 0, ...rest } = given;
  const p = { ...convDefaults, ...rest };
  return {
    ...p,
    outH: outputSize(p.inH, p.kernelH, p.strideH, p.dilationH, 2 * p.padTop) + (p.kernelH > 1 ? extra : 0),
    outW: outputSize(p.inW, p.kernelW, p.strideW, p.dilationW, 2 * p.padLeft) + extra,
    ldx: p.ldx || p.inC,
    ldy: p.ldy || p.outC,
    panels: panelCount(p.outC, p.groups),
  };
};

const window3 = { kernelH: 3, kernelW: 3, padTop: 1, padLeft: 1 };
const cases: Record<string, ConvParams> = {
  '2×2 stride 2': transposed({
    inH: 5,
    inW: 7,
    inC: 6,
    outC: 20,
    kernelH: 2,
    kernelW: 2,
    strideH: 2,
    strideW: 2,
  }),
  '3×3 stride 1': transposed({ batch: 2, inH: 4, inW: 9, inC: 5, outC: 7, ...window3 }),
  '3×3 stride 2 with output padding': transposed({
    inH: 4,
    inW: 6,
    inC: 3,
    outC: 16,
    strideH: 2,
    strideW: 2,
    extra: 1,
    ...window3,
  }),
  '4×4 stride 2': transposed({
    inH: 3,
    inW: 5,
    inC: 8,
    outC: 9,
    kernelH: 4,
    kernelW: 4,
    strideH: 2,
    strideW: 2,
    padTop: 1,
    padLeft: 1,
  }),
  'stride wider than the window': transposed({ inH: 3, inW: 3, inC: 4, outC: 5, strideH: 3, strideW: 4 }),
  'dilated, uneven strides': transposed({
    inH: 4,
    inW: 5,
    inC: 2,
    outC: 3,
    strideH: 1,
    strideW: 3,
    dilationH: 3,
    dilationW: 2,
    ...window3,
  }),
  'one line': transposed({ inW: 150, inC: 3, outC: 4, kernelW: 4, strideW: 2, padLeft: 1 }),
  groups: transposed({ inH: 4, inW: 4, inC: 6, outC: 51, groups: 3, strideH: 2, strideW: 2, ...window3 }),
  'distant pixels': transposed({
    inH: 3,
    inW: 4,
    inC: 5,
    outC: 18,
    ldx: 8,
    ldy: 21,
    ldr: 19,
    strideH: 2,
    strideW: 2,
    ...window3,
  }),
  'then leakyRelu': transposed({
    inH: 3,
    inW: 4,
    inC: 5,
    outC: 9,
    act: 'leakyRelu',
    alpha: 0.1,
    ...window3,
  }),
};

const inputsOf = (p: ConvParams) => {
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
    residual: p.ldr === 0 ? undefined : seeded((pixels - 1) * p.ldr + p.outC, 5),
  };
};

describe('f32-conv-transpose', () => {
  eachVariant((kernels) => {
    for (const [name, params] of Object.entries(cases))
      it(name, () => {
        const { weights, bias, y, x, w, residual } = inputsOf(params);
        const expected = convolveTransposed(params, y, x, weights, bias, residual);
        assertClose(kernels.run('f32-conv-transpose', { y, x, w, residual }, params), expected, 1e-5);
      });

    it('a piece has the bits of the whole', () => {
      for (const name of ['groups', 'distant pixels']) {
        const params = cases[name]!;
        const { y, x, w, residual } = inputsOf(params);
        const whole = kernels.run('f32-conv-transpose', { y, x, w, residual }, params);
        const panelFloats = w.length / params.panels;
        let pieced = y;
        for (let panel0 = 0; panel0 < params.panels; panel0++) {
          const part = w.slice(panel0 * panelFloats, (panel0 + 1) * panelFloats);
          const piece = { ...params, panel0, panels: 1 };
          pieced = kernels.run('f32-conv-transpose', { y: pieced, x, w: part, residual }, piece);
        }
        assertSameBits(pieced, whole);
      }
    });
  });
});
