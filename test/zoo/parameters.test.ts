/** The zoo's networks have the size that is published, and the types that they promise. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Model, parameterCount } from 'millrace';
import { importDarknet } from '../../compiler/darknet/import.ts';
import type { Graph } from '../../compiler/ir/graph.ts';
import { elementCount } from '../../compiler/ir/types.ts';
import { efficientnetB0 } from '../../examples/zoo/efficientnet.ts';
import { zoo } from '../../examples/zoo/index.ts';
import { resnet50 } from '../../examples/zoo/resnet.ts';
import { unet } from '../../examples/zoo/unet.ts';
import { yolov4 } from '../../examples/zoo/yolov4.ts';

describe('zoo: parameters as published', () => {
  for (const [name, { model, parameters }] of Object.entries(zoo))
    it(`${name}: ${parameters.toLocaleString('en')}`, () => {
      const defined = model();
      assert.equal(defined.name, name);
      assert.equal(parameterCount(defined), parameters);
    });
});

/** MiB of the `.weights` file and of the largest layer, normalisation folded (Demand Layering, arXiv 2210.04024). */
const darknet: Readonly<Record<string, readonly [file: number, largest: string, cfg: string]>> = {
  yolov2: [203_934_264, '45.004', 'yolov2'],
  yolov3: [248_007_048, '18.004', 'yolov3'],
  yolov4: [257_717_640, '18.004', 'yolov4'],
  yolov4_p6: [510_868_180, '36.004', 'yolov4-p6'],
};

/** Bytes of a weight and the bias that a normalisation is folded into. */
const foldedBytes = ({ parameters }: Model): number[] =>
  parameters
    .filter(({ type }) => type.shape.length > 1)
    .map(({ type }) => 4 * (elementCount(type.shape) + type.shape[0]!));

const weightShapes = (graph: Graph): string[] =>
  [...graph.values.values()]
    .filter(({ type, constant }) => constant !== undefined && type.shape.length === 4)
    .map(({ type }) => type.shape.join('×'))
    .sort();

describe('zoo: YOLO as Darknet has it', () => {
  for (const [name, [fileBytes, largest, cfg]] of Object.entries(darknet))
    it(name, async () => {
      const model = zoo[name]!.model();
      const elements = model.parameters.reduce((sum, { type }) => sum + elementCount(type.shape), 0);
      assert.equal(20 + 4 * elements, fileBytes);
      assert.equal((Math.max(...foldedBytes(model)) / 2 ** 20).toFixed(3), largest);
      const path = fileURLToPath(new URL(`../../../shared/darknet/${cfg}.cfg`, import.meta.url));
      if (!existsSync(path)) return;
      const imported = await importDarknet(path, { seed: 1 });
      assert.deepEqual(weightShapes(model.graph), weightShapes(imported));
    });
});

/** Mutually assignable is not enough: `any` would be. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

const literally =
  <T extends number[]>() =>
  <X extends number[]>(inferred: X & (Same<X, T> extends true ? unknown : never), shape: T): void =>
    assert.deepEqual(inferred, shape);

describe('zoo: types', () => {
  it('the output of ResNet-50 is [1, 1000], literally', () => {
    const { inputs, outputs } = resnet50();
    literally<[1, 224, 224, 3]>()(inputs.image.shape, [1, 224, 224, 3]);
    literally<[1, 1000]>()(outputs.probs.shape, [1, 1000]);
    // @ts-expect-error it is not [1, 1001]
    assert.throws(() => literally<[1, 1001]>()(outputs.probs.shape, [1, 1001]));
    // @ts-expect-error there is no such output
    assert.equal(outputs.logits, undefined);
  });

  it('tables, images and several outputs are literal too', () => {
    literally<[1, 1000]>()(efficientnetB0().outputs.probs.shape, [1, 1000]);
    literally<[1, 256, 256, 2]>()(unet().outputs.mask.shape, [1, 256, 256, 2]);
    const { small, medium, large } = yolov4().outputs;
    literally<[1, 76, 76, 3, 85]>()(small.shape, [1, 76, 76, 3, 85]);
    literally<[1, 38, 38, 3, 85]>()(medium.shape, [1, 38, 38, 3, 85]);
    literally<[1, 19, 19, 3, 85]>()(large.shape, [1, 19, 19, 3, 85]);
  });
});
