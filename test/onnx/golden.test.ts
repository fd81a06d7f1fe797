/**
 * Nodes as exporters write them, with inputs and outputs of onnxruntime (`golden/make.py`): by the reference, and through
 * all passes and the engine.
 */
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { type ConformanceOptions, runConformance } from '../../cli/conformance-cases.ts';
import { importOnnx } from '../../compiler/onnx/import/import.ts';
import { interpret } from '../../compiler/ops/constants/interpret.ts';
import { compileInMemory, open, runTensors } from '../support/network.ts';

const folder = fileURLToPath(new URL('golden', import.meta.url));

const ways: Readonly<Record<string, ConformanceOptions['run']>> = {
  'by the reference': async (model, inputs, constants) =>
    interpret(await importOnnx(model, { constants }), inputs),
  'through the engine': async (path, inputs, constants) => {
    const network = await compileInMemory(await importOnnx(path, { constants }), { passes: true });
    const model = await open(network);
    try {
      return await runTensors(model, inputs);
    } finally {
      await model.close();
    }
  },
};

describe('nodes with outputs of onnxruntime', () => {
  for (const [name, run] of Object.entries(ways))
    it(name, async () => {
      const { cases, passed } = await runConformance(folder, { run });
      assert.deepEqual(
        cases.filter(({ status }) => status !== 'passed'),
        [],
      );
      assert.ok(passed > 0);
    });
});
