/** `millrace export`: ONNX files of defined and imported models, and what is refused. */
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { importOnnx } from '../../compiler/onnx/import/import.ts';
import { readModel } from '../../compiler/onnx/read/model.ts';
import { type Folder, millrace, millraceJson, temporaryFolder } from '../support/command.ts';

const module = `
import { conv2d, defineModel, relu, tensor } from 'millrace';
export const model = defineModel('edges', { image: tensor('float32', [1, 16, 16, 3]) }, ({ image }) => ({
  edges: relu(conv2d(image, { name: 'stem', filters: 16, kernel: 3 })),
}));
`;

interface Report {
  readonly model: string;
  readonly data: string | null;
  readonly opset: number;
  readonly nodes: number;
  readonly milliseconds: number;
}

describe('millrace export', () => {
  let folder: Folder;
  before(() => {
    folder = temporaryFolder();
    writeFileSync(folder.at('edges.ts'), module);
  });
  after(() => folder.remove());

  it('writes a TypeScript model, and that model again after passes', async () => {
    const out = folder.at('edges.onnx');
    const report = await millraceJson<Report>(['export', folder.at('edges.ts'), '-o', out]);
    assert.equal(report.model, out);
    assert.equal(report.data, `${out}.data`);
    assert.equal(report.opset, 17);
    const graph = await importOnnx(out);
    assert.equal(graph.name, 'edges');
    const again = folder.at('again.onnx');
    const { code, stdout, stderr } = await millrace([
      'export',
      out,
      '-o',
      again,
      '--optimize',
      '--opset',
      '20',
    ]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /again\.onnx: \d+ nodes, opset 20, 1\.69 KiB .*of weights in .*again\.onnx\.data$/m);
    assert.equal(readModel(again).opsets.get(''), 20);
  });

  it('refuses wrong usage with 2 and a model it cannot read with 1, leaving nothing', async () => {
    const before = readdirSync(folder.path);
    const none = folder.at('none.onnx');
    for (const [args, expected] of [
      [[folder.at('edges.ts')], 2],
      [[folder.at('edges.ts'), '-o', none, '--opset', '12'], 2],
      [[folder.at('edges.ts'), '-o', none, '--unknown'], 2],
      [[folder.at('missing.onnx'), '-o', none], 1],
      [[folder.at('edges.ts'), '-o', folder.at('none/none.onnx')], 1],
    ] as const) {
      const { code, stderr } = await millrace(['export', ...args]);
      assert.equal(code, expected, stderr);
    }
    assert.deepEqual(readdirSync(folder.path), before);
  });
});
