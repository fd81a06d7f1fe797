/** Which of several ways a node runs: by predicted time, then by bytes, or as pinned. */
import assert from 'node:assert/strict';
import { compile, conv2d, defineModel, tensor } from '../../compiler/index.ts';
import type { Alternative } from '../../compiler/ops/define/lowering.ts';
import { type Device, referenceDevice } from '../../compiler/schedule/device/cost.ts';
import { lowerGraph } from '../../compiler/schedule/lower/lower.ts';
import { Selector } from '../../compiler/schedule/lower/select.ts';
import { MillraceError } from '../../runtime/error.ts';

const way = (variant: string, bytes: number): Alternative => ({
  variant,
  cost: { flops: 1e6, bytes },
  calls: [],
  weights: [],
  scratch: [],
});
const ways = [way('f32-conv/pixels', 2000), way('f32-conv/panels', 1000)];
const opCost = { flops: 1e6, bytes: 3000 };

const timed = (ms: Readonly<Record<string, number>>): Device => ({
  ...referenceDevice,
  kernels: Object.fromEntries(
    Object.entries(ms).map(([name, fixedMs]) => [
      name,
      { fixedMs, msPerGflop: 0, msPerGigabyte: 0, msPerGigabyteOfWeights: 0 },
    ]),
  ),
});

const twoLayers = defineModel('two', { x: tensor('float32', [1, 16, 16, 8]) }, ({ x }) => ({
  y: conv2d(conv2d(x, { filters: 24, kernel: 3 }), { filters: 8, kernel: 3 }),
})).graph;

describe('selection of variants', () => {
  it('takes the way with the least predicted time', () => {
    const device = timed({ 'f32-conv/pixels': 1, 'f32-conv/panels': 2 });
    const { choice, cost } = new Selector(device).select(ways, opCost);
    assert.deepEqual(choice, {
      variant: 'f32-conv/pixels',
      why: 'cost',
      offered: [
        { variant: 'f32-conv/pixels', ms: 1 },
        { variant: 'f32-conv/panels', ms: 2 },
      ],
    });
    assert.equal(cost.bytes, 2000);
  });

  it('of equal times takes the one that moves less, and then the first', () => {
    assert.equal(new Selector(referenceDevice).select(ways, opCost).choice?.variant, 'f32-conv/panels');
    const alike = [way('f32-conv/pixels', 1000), way('f32-conv/panels', 1000)];
    assert.equal(new Selector(referenceDevice).select(alike, opCost).choice?.variant, 'f32-conv/pixels');
  });

  it('a variant that was not timed costs what its kernel does', () => {
    const device = timed({ 'f32-conv': 5, 'f32-conv/panels': 7 });
    assert.equal(new Selector(device).select(ways, opCost).choice?.variant, 'f32-conv/pixels');
  });

  it('a pin overrules the prediction, and says so', () => {
    const device = timed({ 'f32-conv/pixels': 1, 'f32-conv/panels': 2 });
    const { choice } = new Selector(device, { 'f32-conv': 'panels' }).select(ways, opCost);
    assert.equal(choice?.variant, 'f32-conv/panels');
    assert.equal(choice?.why, 'pinned');
  });

  it('one way is no choice', () => {
    const { choice, cost } = new Selector(referenceDevice).select(
      { calls: [], weights: [], scratch: [] },
      opCost,
    );
    assert.equal(choice, null);
    assert.equal(cost, opCost);
  });

  it('both layers of a network run as pinned; their steps and the manifest have the name', () => {
    for (const variant of ['pixels', 'panels']) {
      const { layers, steps } = lowerGraph(twoLayers, { variants: { 'f32-conv': variant } });
      assert.deepEqual(
        layers.flatMap(({ choice }) => choice?.variant ?? []),
        [`f32-conv/${variant}`, `f32-conv/${variant}`],
      );
      for (const { action } of steps)
        if (action.kind === 'kernel' && action.kernel === 'f32-conv')
          assert.equal(action.variant, `f32-conv/${variant}`);
    }
  });

  it('a pin that no layer can follow is refused, with the ways there are', async () => {
    for (const variants of [
      { 'f32-conv': 'winograd' },
      { 'f32-convolution': 'panels' },
      { constructor: 'x' },
    ])
      await assert.rejects(
        compile(twoLayers, { variants }),
        (error) =>
          error instanceof MillraceError &&
          error.code === 'OPTION' &&
          error.expected === 'f32-conv/panels, f32-conv/pixels',
      );
  });
});
