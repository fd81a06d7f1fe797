/** f32-depthwise against the convolution's plain loops with one channel per group. */
import type { KernelParams } from '../../runtime/kernels/table.ts';
import { convDefaults, convolve, packPanels, panelCount } from './convolution-reference.ts';
import { assertClose, assertSameBits, eachVariant, seeded } from './kernel-harness.ts';

type DepthwiseParams = KernelParams<'f32-depthwise'>;

const depthwise = (channels: number, given: Partial<DepthwiseParams>): DepthwiseParams => {
  const { groups: _, ...defaults } = convDefaults;
  const p = { ...defaults, inC: channels, outC: channels, ...given };
  return { ...p, ldx: p.ldx || channels, ldy: p.ldy || channels, panels: panelCount(channels) };
};

const inputsOf = (p: DepthwiseParams, withResidual: boolean) => {
  const depth = p.kernelH * p.kernelW;
  const pixels = p.batch * p.outH * p.outW;
  const weights = seeded(p.outC * depth, 1);
  const bias = seeded(p.outC, 2);
  return {
    weights,
    bias,
    y: seeded((pixels - 1) * p.ldy + p.outC, 3),
    x: seeded((p.batch * p.inH * p.inW - 1) * p.ldx + p.inC, 4),
    w: packPanels(weights, bias, p.outC, depth),
    residual: withResidual ? seeded((pixels - 1) * p.ldr + p.outC, 5) : undefined,
  };
};

const window3 = { kernelH: 3, kernelW: 3, padTop: 1, padLeft: 1 };
const cases: Record<string, DepthwiseParams> = {
  '3×3, whole panels': depthwise(32, { inH: 9, inW: 14, outH: 9, outW: 14, ...window3 }),
  '3×3, half a panel': depthwise(24, { inH: 5, inW: 9, outH: 5, outW: 9, ...window3 }),
  '3×3, odd channels': depthwise(31, { batch: 2, inH: 4, inW: 10, outH: 4, outW: 10, ...window3 }),
  'three channels': depthwise(3, { inH: 4, inW: 8, outH: 4, outW: 8, ...window3 }),
  'stride 2': depthwise(20, { inH: 11, inW: 12, outH: 6, outW: 6, strideH: 2, strideW: 2, ...window3 }),
  'stride 3': depthwise(22, { inH: 10, inW: 16, outH: 4, outW: 6, strideH: 3, strideW: 3, ...window3 }),
  '3×3, stride 2, odd channels': depthwise(39, {
    inH: 7,
    inW: 22,
    outH: 4,
    outW: 11,
    strideH: 2,
    strideW: 2,
    ...window3,
  }),
  '5×5': depthwise(40, { inH: 6, inW: 17, outH: 6, outW: 17, kernelH: 5, kernelW: 5, padTop: 2, padLeft: 2 }),
  '5×5, stride 2': depthwise(18, {
    inH: 9,
    inW: 21,
    outH: 5,
    outW: 11,
    kernelH: 5,
    kernelW: 5,
    strideH: 2,
    strideW: 2,
    padTop: 2,
    padLeft: 2,
  }),
  'asymmetric padding': depthwise(16, {
    inH: 8,
    inW: 8,
    outH: 4,
    outW: 4,
    strideH: 2,
    strideW: 2,
    kernelH: 3,
    kernelW: 3,
  }),
  dilated: depthwise(12, {
    inH: 9,
    inW: 13,
    outH: 9,
    outW: 13,
    kernelH: 3,
    kernelW: 3,
    dilationH: 2,
    dilationW: 3,
    padTop: 2,
    padLeft: 3,
  }),
  'window wider than the image': depthwise(10, {
    inH: 3,
    inW: 2,
    outH: 3,
    outW: 2,
    kernelH: 7,
    kernelW: 7,
    padTop: 3,
    padLeft: 3,
  }),
  'pixels past the image': depthwise(5, { inH: 1, inW: 1, outH: 4, outW: 5, padTop: 2, padLeft: 2 }),
  'one long line, many channels': depthwise(150, { inW: 120, outW: 120, kernelW: 5, padLeft: 2 }),
  'distant pixels': depthwise(17, {
    inH: 4,
    inW: 7,
    outH: 4,
    outW: 7,
    ldx: 20,
    ldy: 26,
    ldr: 19,
    ...window3,
  }),
  'then sigmoid': depthwise(21, {
    inH: 4,
    inW: 7,
    outH: 4,
    outW: 7,
    ldy: 30,
    act: 'sigmoid',
    ...window3,
  }),
  'then relu': depthwise(16, { inH: 4, inW: 7, outH: 4, outW: 7, act: 'relu', ...window3 }),
  'then a clip to 6': depthwise(8, {
    inH: 4,
    inW: 7,
    outH: 4,
    outW: 7,
    act: 'clip',
    alpha: 0,
    beta: 6,
    ...window3,
  }),
};

describe('f32-depthwise', () => {
  eachVariant((kernels) => {
    for (const [name, params] of Object.entries(cases))
      it(name, () => {
        const { weights, bias, y, x, w, residual } = inputsOf(params, params.ldr !== 0);
        const expected = convolve(
          { ...params, groups: params.inC, sweep: 'pixels' },
          y,
          x,
          weights,
          bias,
          residual,
        );
        assertClose(kernels.run('f32-depthwise', { y, x, w, residual }, params), expected, 1e-5);
      });

    it('a piece has the bits of the whole', () => {
      for (const name of ['3×3, odd channels', 'one long line, many channels', 'then sigmoid']) {
        const params = cases[name]!;
        const { y, x, w } = inputsOf(params, false);
        const whole = kernels.run('f32-depthwise', { y, x, w }, params);
        const panelFloats = w.length / params.panels;
        let pieced = y;
        for (let panel0 = 0; panel0 < params.panels; panel0++) {
          const part = w.slice(panel0 * panelFloats, (panel0 + 1) * panelFloats);
          pieced = kernels.run('f32-depthwise', { y: pieced, x, w: part }, { ...params, panel0, panels: 1 });
        }
        assertSameBits(pieced, whole);
      }
    });
  });
});
