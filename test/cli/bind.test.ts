/** `--bind`, and what is said of extents that nobody gave. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { boundConstants } from '../../cli/bind.ts';
import { toNumbers } from '../../compiler/ir/tensor.ts';
import { encodeTensor } from '../../compiler/onnx/read/tensor-file.ts';
import { body, type ModelParts, modelBytes, node, tensor } from '../onnx/make-model.ts';
import { type Folder, millrace, millraceJson, temporaryFolder } from '../support/command.ts';

/** As exporters write a choice by sampling rate: the branches differ in shape. */
const model: ModelParts = {
  nodes: [
    node('Equal', ['rate', 'sixteen'], ['is16']),
    node('If', ['is16'], ['y'], {
      then_branch: body([node('Concat', ['x', 'x'], ['t'], { axis: 1 })], [], ['t']),
      else_branch: body([node('Neg', ['x'], ['e'])], [], ['e']),
    }),
  ],
  inputs: { x: ['N', 2], rate: { dtype: 'int64', shape: [] }, f: [3] },
  outputs: ['y'],
  initializers: [{ name: 'sixteen', dims: [], dataType: 7, int64Data: [16000n] }],
};

describe('binding inputs', () => {
  let folder: Folder;
  let path: string;
  before(() => {
    folder = temporaryFolder();
    path = folder.at('choice.onnx');
    writeFileSync(path, modelBytes(model));
  });
  after(() => folder.remove());

  it('takes numbers, lists and files, of the type of the input', () => {
    const bound = (name: string, value: string) => {
      const { type, data } = boundConstants(path, new Map([[name, value]]))?.[name] ?? {};
      return [type, type && data && toNumbers({ type, data })];
    };
    assert.deepEqual(bound('rate', '16000'), [{ dtype: 'int64', shape: [] }, [16000]]);
    for (const list of ['1,2.5,-3', '[1, 2.5, -3]'])
      assert.deepEqual(bound('f', list), [{ dtype: 'float32', shape: [3] }, [1, 2.5, -3]]);
    writeFileSync(folder.at('f.pb'), encodeTensor('f', tensor('float32', [3], [4, 5, 6])));
    assert.deepEqual(bound('f', `@${folder.at('f.pb')}`), [{ dtype: 'float32', shape: [3] }, [4, 5, 6]]);
    assert.equal(boundConstants(path, new Map()), null);
  });

  it('refuses what is no value of the input', () => {
    for (const [name, value] of [
      ['rate', '1.5'],
      ['rate', 'fast'],
      ['rate', '1,2'],
      ['rate', '9223372036854775808'],
      ['f', ''],
      ['q', '1'],
    ] as const)
      assert.throws(
        () => boundConstants(path, new Map([[name, value]])),
        { code: 'OPTION' },
        `${name}=${value}`,
      );
  });

  it('compiles for the value, and says what was assumed', async () => {
    const bundle = folder.at('bundle');
    const refused = await millrace(['compile', path, '-o', bundle]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /--bind/);
    const args = ['compile', path, '-o', bundle, '--bind', 'rate=16000', '--bind', 'f=1,2,3'];
    const { code, stdout } = await millrace(args);
    assert.deepEqual([code, /^assumed N = 1/m.test(stdout)], [0, true]);
    const shown = await millraceJson<{
      inputs: { name: string }[];
      outputs: { shape: number[] }[];
      assumed: string[];
    }>(['inspect', bundle, '--json']);
    assert.deepEqual(
      shown.inputs.map(({ name }) => name),
      ['x'],
    );
    assert.deepEqual([shown.outputs[0]?.shape, shown.assumed], [[1, 4], ['N = 1']]);
    assert.match((await millrace(['inspect', bundle])).stdout, /^ {2}assumed N = 1$/m);
    const given = await millraceJson<{ assumed?: string[] }>([...args, '--dim', 'N=2', '--json']);
    assert.equal(given.assumed, undefined);
  });

  it('refuses a constant that does not fit, and other models', async () => {
    const { code, stderr } = await millrace(['inspect', path, '--bind', 'rate=16000', '--bind', 'f=1,2']);
    assert.equal(code, 2);
    assert.match(stderr, /constant "f": does not fit the input/);
    writeFileSync(folder.at('net.cfg'), '[net]\n');
    const darknet = await millrace(['inspect', folder.at('net.cfg'), '--bind', 'a=1']);
    assert.match(darknet.stderr, /--bind is for ONNX models/);
  });
});
