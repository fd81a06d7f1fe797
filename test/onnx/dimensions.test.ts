import assert from 'node:assert/strict';
import type { ImportOptions } from '../../compiler/onnx/import/import.ts';
import { MillraceError } from '../../runtime/error.ts';
import { node, tensor } from './make-model.ts';
import { importParts, relu, shapeOf } from './run-model.ts';

describe('importing: dimensions', () => {
  it('takes fixed ones as they are, and a symbolic batch as 1', async () => {
    assert.deepEqual(await shapeOf(relu([2, 3])), [[2, 3]]);
    assert.deepEqual(await shapeOf(relu(['N', 3])), [[1, 3]]);
    assert.deepEqual(await shapeOf(relu([null, 3])), [[1, 3]]);
    assert.deepEqual(await shapeOf(relu([])), [[]]);
  });

  it('keeps what it assumed', async () => {
    const parts = { ...relu(['N', 'T']), inputs: { x: ['N', 'T'], z: [null, 2] } };
    const assumed = async (options: ImportOptions) => (await importParts(parts, options)).assumed;
    assert.deepEqual(await assumed({ dims: { T: 2 } }), ['N = 1', 'z[0] = 1']);
    assert.deepEqual(await assumed({ dims: { T: 2, N: 1 } }), ['z[0] = 1']);
    assert.equal(await assumed({ shapes: { x: [1, 2], z: [3, 2] } }), undefined);
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

  it('takes a name that is none for an unbound dimension: two of them need not be equal', async () => {
    for (const none of ['?', '-1', '', '*', 'None']) {
      const parts = relu([none, 3, none, none]);
      await assert.rejects(importParts(parts), { code: 'MODEL_DIMENSION' });
      assert.deepEqual(await shapeOf(parts, { shapes: { x: [1, 3, 4, 5] } }), [[1, 3, 4, 5]]);
      assert.deepEqual(await shapeOf(relu([none, 3])), [[1, 3]]);
    }
  });

  it('names all that is not bound, with a command that binds it', async () => {
    const inputs = {
      x: ['N', 'time', 8],
      image: [null, 3, null, null],
      'the mask': ['N', 'time', null],
      y: ['N', 'height of it'],
    };
    const parts = { ...relu([]), inputs, nodes: [node('Relu', ['x'], ['y2'])], outputs: ['y2'] };
    await assert.rejects(importParts(parts), (error: unknown) => {
      assert.ok(error instanceof MillraceError);
      assert.equal(error.code, 'MODEL_DIMENSION');
      for (const line of [
        'input "x": [N, time, 8] leaves "time" open',
        'input "image": [?, 3, ?, ?] leaves dimension 2, dimension 3 open',
        'input "the mask": [N, time, ?] leaves "time", dimension 2 open',
        'input "y": [N, height of it] leaves "height of it" open',
      ])
        assert.ok(error.message.includes(line), `${line}\nnot in\n${error.message}`);
      assert.match(
        error.hint ?? '',
        /millrace compile model\.onnx -o model --dim time=16 --dim 'height of it=16' --shape image=1x3x224x224 --shape 'the mask=1x16x16'$/,
      );
      return true;
    });
    const options = {
      dims: { time: 16, 'height of it': 16 },
      shapes: { image: [1, 3, 224, 224], 'the mask': [1, 16, 16] },
    };
    assert.deepEqual(await shapeOf(parts, options), [
      [1, 16, 8],
      [1, 3, 224, 224],
      [1, 16, 16],
      [1, 16],
    ]);
  });

  it('binds to no elements, and to scalars', async () => {
    assert.deepEqual(await shapeOf(relu(['N', 'T']), { dims: { T: 0 } }), [[1, 0]]);
    assert.deepEqual(await shapeOf(relu([]), { shapes: { x: [] } }), [[]]);
    await assert.rejects(importParts(relu(['N']), { shapes: { x: [] } }), { code: 'OPTION' });
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
