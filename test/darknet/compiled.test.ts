/**
 * The networks of `shared/darknet` compiled and run: at the smallest extents they take and, to be quick, with a quarter
 * of their filters (what detection layers read stays). Whole ones: `npm run test:large`.
 */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { skip } from '../support/skip.ts';
import { checkNetwork, shared, thinned } from './run-network.ts';

const networks: Readonly<Record<string, number>> = {
  alexnet: 227,
  densenet201: 64,
  resnet152: 64,
  'vgg-16': 256,
  yolov2: 64,
  yolov3: 64,
  'yolov4-tiny': 64,
  yolov4: 64,
  'yolov4-p6': 128,
};

describe('Darknet networks, compiled', () => {
  before(function () {
    if (!existsSync(shared)) skip(this, 'the shared networks are not here');
  });

  for (const [name, size] of Object.entries(networks))
    it(name, async () => {
      const report = await checkNetwork(name, size, (text) => thinned(text, 8));
      assert.deepEqual(report.hostSteps, []);
    });
});
