/** The table of Demand Layering (arXiv 2210.04024), from the networks' own descriptions. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { importDarknet } from '../../compiler/darknet/import.ts';
import { darknetSizes } from '../../compiler/darknet/sizes.ts';
import { skip } from '../support/skip.ts';

const folder = fileURLToPath(new URL('../../../shared/darknet/', import.meta.url));
const MIB = 2 ** 20;

/** Layers, with parameters, MiB of the file, MiB of the largest layer, bytes of the file. */
const table: Readonly<Record<string, readonly [number, number, string, string, number]>> = {
  densenet201: [306, 201, '65.64', '5.863', 68_825_780],
  resnet152: [206, 152, '219.57', '9.002', 230_239_924],
  yolov3: [107, 75, '236.52', '18.004', 248_007_048],
  yolov4: [162, 110, '245.78', '18.004', 257_717_640],
  'yolov4-p6': [305, 205, '487.20', '36.004', 510_868_180],
  yolov2: [32, 23, '194.49', '45.004', 203_934_264],
};

describe('sizes of Darknet networks', () => {
  before(function () {
    if (!existsSync(folder)) skip(this, 'the shared networks are not here');
  });

  for (const [name, [layers, withParameters, file, largest, bytes]] of Object.entries(table))
    it(`${name}: ${file} MiB, the largest layer ${largest}`, () => {
      const sizes = darknetSizes(`${folder}${name}.cfg`);
      assert.equal(sizes.layers.length, layers);
      assert.equal(sizes.layersWithParameters, withParameters);
      assert.equal(sizes.fileBytes, bytes);
      assert.equal((sizes.fileBytes / MIB).toFixed(2), file);
      assert.equal((sizes.largestLayerBytes / MIB).toFixed(3), largest);
    });

  it('do not depend on the extents of the input, but for dense layers', () => {
    const at = (name: string, size: number): number =>
      darknetSizes(`${folder}${name}.cfg`, { width: size, height: size }).fileBytes;
    assert.equal(at('yolov4', 64), table['yolov4']![4]);
    assert.notEqual(at('alexnet', 300), at('alexnet', 227));
  });

  it('what streams without normalisation: YOLOv4 245.40 MiB', () => {
    const { foldedBytes } = darknetSizes(`${folder}yolov4.cfg`);
    assert.equal((foldedBytes / MIB).toFixed(2), '245.40');
  });

  it('every network becomes a graph at its own extents', async () => {
    const outputs: Readonly<Record<string, readonly number[][]>> = {
      alexnet: [[1, 1000]],
      densenet201: [[1, 1000]],
      resnet152: [[1, 1000]],
      'vgg-16': [[1, 1000]],
      yolov2: [[1, 19, 19, 5, 85]],
      yolov3: [
        [1, 19, 19, 3, 85],
        [1, 38, 38, 3, 85],
        [1, 76, 76, 3, 85],
      ],
      'yolov4-tiny': [
        [1, 13, 13, 3, 85],
        [1, 26, 26, 3, 85],
      ],
    };
    for (const [name, shapes] of Object.entries(outputs)) {
      const graph = await importDarknet(`${folder}${name}.cfg`, { seed: 1 });
      assert.deepEqual(
        graph.outputs.map(({ value }) => graph.values.get(value)!.type.shape),
        shapes,
        name,
      );
    }
  });
});
