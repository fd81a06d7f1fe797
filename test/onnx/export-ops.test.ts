/** Every op of the list, exported in old and new opsets: read back it computes the same, and onnxruntime agrees. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { exportOnnx } from '../../compiler/onnx/export/export.ts';
import { importOnnx } from '../../compiler/onnx/import/import.ts';
import { interpret } from '../../compiler/ops/constants/interpret.ts';
import { opNames } from '../../compiler/ops/index.ts';
import { refused } from '../support/completeness.ts';
import { skip } from '../support/skip.ts';
import { assertClose, randomInputs } from '../support/tensors.ts';
import { type Case, cases, graphOf, titleOf } from './export-cases.ts';
import { inFolder } from './make-model.ts';
import { hasRuntime, runByOnnxruntime } from './onnxruntime.ts';

const opsets = [13, 17, 22];

/** Calls `check` with the exported file of each case that an opset can say. */
async function eachExport(
  list: readonly Case[],
  check: (one: Case, path: string, at: string) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    for (const one of list)
      for (const opset of opsets) {
        const path = join(folder, 'one.onnx');
        const at = `opset ${opset}, ${titleOf(one)}`;
        try {
          await exportOnnx(graphOf(one), path, { opset });
        } catch (error) {
          const { code } = error as { code?: string };
          if (code === 'MODEL_OPSET') continue;
          throw new Error(at, { cause: error });
        }
        await check(one, path, at);
      }
  });
}

describe('every op as ONNX', () => {
  it('has a case', () => {
    const covered = new Set(cases.map(({ op }) => op));
    assert.deepEqual(
      opNames.filter((name) => !covered.has(name) && !Object.hasOwn(refused, name)),
      [],
    );
  });

  it('computes the same when it is read back', async () => {
    await eachExport(cases, async (one, path, at) => {
      const graph = graphOf(one);
      const inputs = randomInputs(graph, 3);
      const expected = interpret(graph, inputs);
      const actual = interpret(await importOnnx(path), inputs);
      assert.deepEqual([...actual.keys()], [...expected.keys()], at);
      for (const [name, tensor] of expected) assertClose(actual.get(name)!, tensor, 1e-5, at);
    });
  });

  it('computes the same in onnxruntime', async function () {
    if (!hasRuntime) skip(this, 'onnxruntime-node is not installed');
    const wrong: string[] = [];
    await eachExport(
      cases.filter(({ oracle }) => oracle === undefined),
      async (one, path, at) => {
        const graph = graphOf(one);
        const inputs = randomInputs(graph, 3);
        try {
          const actual = await runByOnnxruntime(path, inputs);
          for (const [name, tensor] of interpret(graph, inputs)) assertClose(actual.get(name)!, tensor, 1e-4);
        } catch (error) {
          wrong.push(`${at}: ${(error as Error).message}`);
        }
      },
    );
    assert.deepEqual(wrong, []);
  });
});
