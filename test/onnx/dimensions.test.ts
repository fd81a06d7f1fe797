import assert from 'node:assert/strict';
import type { ImportOptions } from '../../compiler/onnx/import/import.ts';
import { MillraceError } from '../../runtime/error.ts';
import { tensor } from './make-model.ts';
import { importParts, relu, shapeOf } from './run-model.ts';

describe('importing: dimensions', () => {
  it('takes fixed ones as they are, and a symbolic batch as 1', async () => {
    assert.deepEqual(await shapeOf(relu([2, 3])), [[2, 3]]);
    assert.deepEqual(await shapeOf(relu(['N', 3])), [[1, 3]]);
    assert.deepEqual(await shapeOf(relu([null, 3])), [[1, 3]]);
    assert.deepEqual(await shapeOf(relu([])), [[]]);
  });

  it('binds names, in all inputs alike', async () => {
    const parts = { ...relu(['N', 'T']), inputs: { x: ['N', 'T'], mask: ['T', 'N'] } };
    assert.deepEqual(await shapeOf(parts, { dims: { T: 7 } }), [[7, 1].reverse(), [7, 1]]);
    assert.deepEqual(await shapeOf(parts, { dims: { T: 7, N: 2 } }), [
      [2, 7],
      [7, 2],
    ]);
    // A shape binds the names that it meets.
    assert.deepEqual(await shapeOf(parts, { shapes: { x: [4, 5] } }), [
      [4, 5],
      [5, 4],
    ]);
  });

  it('names what is not bound, and the flag that binds it', async () => {
    await assert.rejects(importParts(relu([1, 'time'])), (error: unknown) => {
      assert.ok(error instanceof MillraceError);
      assert.equal(error.code, 'MODEL_DIMENSION');
      assert.match(error.message, /input "x"[\s\S]*--dim time=N/);
      return true;
    });
    await assert.rejects(importParts(relu([1, null])), /--shape x=/);
  });

  it('refuses options that fit nothing', async () => {
    const wrong: ImportOptions[] = [
      { dims: { M: 3 } },
      { dims: { N: -1 } },
      { dims: { N: 1.5 } },
      { shapes: { z: [1, 3] } },
      { shapes: { x: [1, 4] } },
      { shapes: { x: [1, 3, 1] } },
      { shapes: { x: [Number.NaN, 3] } },
      { shapes: { x: [2, 3] }, dims: { N: 1 } },
      { constants: { z: tensor('float32', [1], [1]) } },
    ];
    for (const options of wrong)
      await assert.rejects(importParts(relu(['N', 3]), options), { code: 'OPTION' });
  });
});
