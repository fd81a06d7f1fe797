import assert from 'node:assert/strict';
import { poolModes } from '../../runtime/kernels/functions.ts';
import type { KernelParams } from '../../runtime/kernels/table.ts';
import { assertClose, eachVariant, seeded } from './kernel-harness.ts';

const whole: Omit<KernelParams<'f32-pool'>, 'mode'> = {
  batch: 1,
  inH: 5,
  inW: 5,
  inC: 4,
  outH: 5,
  outW: 5,
  outC: 4,
  kernelH: 1,
  kernelW: 1,
  strideH: 1,
  strideW: 1,
  dilationH: 1,
  dilationW: 1,
  padTop: 0,
  padLeft: 0,
  padBottom: 0,
  padRight: 0,
  ldx: 4,
  ldy: 4,
};

type Case = Partial<typeof whole>;
const channels = (count: number): Case => ({ inC: count, outC: count, ldx: count, ldy: count });

const cases: Record<string, Case> = {
  'one tap': {},
  '3×3, stride 2, padded': {
    ...channels(21),
    ...{ inH: 9, inW: 11, outH: 5, outW: 6, kernelH: 3, kernelW: 3, strideH: 2, strideW: 2 },
    ...{ padTop: 1, padLeft: 1, padBottom: 1, padRight: 1 },
  },
  '2×3, 35 channels, two images, odd strides': {
    ...channels(35),
    ...{ batch: 2, inH: 7, inW: 8, outH: 6, outW: 2, kernelH: 2, kernelW: 3, strideW: 3 },
  },
  'ceil mode: windows end past the padding': {
    ...channels(3),
    ...{ inH: 6, inW: 6, outH: 4, outW: 3, kernelH: 3, kernelW: 3, strideH: 2, strideW: 2 },
    ...{ padTop: 1, padBottom: 1 },
  },
  dilated: {
    ...channels(5),
    ...{ inH: 9, inW: 9, outH: 7, outW: 5, kernelH: 3, kernelW: 3, dilationH: 2, dilationW: 3 },
    ...{ padTop: 1, padLeft: 1, padBottom: 1, padRight: 1 },
  },
  'one-dimensional': {
    ...channels(6),
    ...{ inH: 1, inW: 50, outH: 1, outW: 25, kernelW: 2, strideW: 2 },
  },
  'pixels apart by more than their channels': {
    ...{ inH: 4, inW: 4, outH: 2, outW: 2, kernelH: 2, kernelW: 2, strideH: 2, strideW: 2, ldx: 9, ldy: 7 },
  },
  'many tiles': {
    ...channels(18),
    ...{ inH: 40, inW: 40, outH: 38, outW: 38, kernelH: 3, kernelW: 3 },
  },
};

/** y holds ldy elements per pixel; those that are no channels stay NaN. */
const expected = (x: Float32Array, p: KernelParams<'f32-pool'>): Float64Array => {
  const y = new Float64Array(p.batch * p.outH * p.outW * p.ldy).fill(Number.NaN);
  for (let pixel = 0; pixel < p.batch * p.outH * p.outW; pixel++) {
    const [b, oh, ow] = [
      Math.floor(pixel / p.outH / p.outW),
      Math.floor(pixel / p.outW) % p.outH,
      pixel % p.outW,
    ];
    for (let c = 0; c < p.outC; c++) {
      let [max, sum, inside, padded] = [Number.NEGATIVE_INFINITY, 0, 0, 0];
      for (let kh = 0; kh < p.kernelH; kh++)
        for (let kw = 0; kw < p.kernelW; kw++) {
          const ih = oh * p.strideH - p.padTop + kh * p.dilationH;
          const iw = ow * p.strideW - p.padLeft + kw * p.dilationW;
          if (ih < p.inH + p.padBottom && iw < p.inW + p.padRight) padded++;
          if (ih < 0 || iw < 0 || ih >= p.inH || iw >= p.inW) continue;
          const value = x[((b * p.inH + ih) * p.inW + iw) * p.ldx + c]!;
          max = Math.max(max, value);
          sum += value;
          inside++;
        }
      y[pixel * p.ldy + c] =
        p.mode === 'maximum' ? max : sum / (p.mode === 'averagePadded' ? padded : inside);
    }
  }
  return y;
};

eachVariant((kernels) => {
  describe('f32-pool', () => {
    for (const [name, shape] of Object.entries(cases))
      for (const mode of poolModes)
        it(`${name}: ${mode}`, () => {
          const params = { ...whole, ...shape, mode };
          const x = seeded(params.batch * params.inH * params.inW * params.ldx, 8, -5, -1);
          const y = new Float32Array(params.batch * params.outH * params.outW * params.ldy).fill(Number.NaN);
          const result = kernels.run('f32-pool', { y, x }, params);
          assertClose(result, expected(x, params), mode === 'maximum' ? 0 : 1e-6);
        });

    it('a NaN is the maximum of its windows', () => {
      const x = new Float32Array(100);
      x[2 * 4 + 1] = Number.NaN;
      const params = { ...whole, outW: 3, kernelW: 3, outH: 1, mode: 'maximum' } as const;
      const y = kernels.run('f32-pool', { y: new Float32Array(12), x }, params);
      y.forEach((value, i) => {
        assert.equal(Number.isNaN(value), i % 4 === 1);
      });
    });
  });
});
