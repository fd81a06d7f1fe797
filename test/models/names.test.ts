/** Names are the author's: also those that every JavaScript object has a member of. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { compile, defineModel, dense, init, loadWeights, type Port, relu, tensor } from 'millrace';
import { readInputs } from '../../cli/inputs.ts';
import { fromNumbers } from '../../compiler/ir/tensor.ts';
import { encodeNpy } from '../../compiler/model/weights/npy.ts';
import { toSafetensors } from '../../compiler/model/weights/write-safetensors.ts';
import { load } from '../../runtime/node.ts';
import { zipBytes } from '../model/zip-file.ts';
import { skipWithoutAddon } from '../native/addon.ts';
import { type Folder, temporaryFolder } from '../support/command.ts';

const names = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'];
const ports: Readonly<Record<string, Port<'float32', [number, number]>>> = Object.fromEntries(
  names.map((name) => [name, tensor('float32', [2, 4])]),
);

/** By a computed name, for what has a property of its own called so. */
const namedProto = <T>(record: Readonly<Record<string, T>>): T | undefined => record[names[1]!];

/** Each input through a layer of its own name to the output of its name. */
const define = (weights?: Parameters<typeof defineModel>[3]) =>
  defineModel(
    'names',
    ports,
    (inputs) =>
      Object.fromEntries(
        names.map((name) => [
          name,
          relu(dense(inputs[name]!, { units: 4, name, initializer: init.filled(1) })),
        ]),
      ),
    weights,
  );

describe('names that are members of every object', () => {
  let folder: Folder;
  before(async () => {
    folder = temporaryFolder();
    await (await compile(define())).write(folder.at('bundle'));
  });
  after(() => folder.remove());

  it('are names of inputs, outputs, layers and weights', () => {
    const model = define();
    assert.deepEqual(Object.keys(model.outputs), names);
    assert.deepEqual(
      model.parameters.map(({ name }) => name),
      names.flatMap((name) => [`${name}.weight`, `${name}.bias`]),
    );
    assert.throws(() => define({ weights: Object.fromEntries([['__proto__', new Float32Array(1)]]) }), {
      code: 'MODEL_INVALID',
      message: /got: __proto__/,
    });
  });

  it('are names of tensors in safetensors files', () => {
    const tensors = Object.fromEntries(names.map((name) => [name, new Float32Array(3)]));
    toSafetensors(folder.at('weights.safetensors'), tensors);
    const set = loadWeights(folder.at('weights.safetensors'));
    assert.deepEqual([...set.names()].sort(), [...names].sort());
    for (const name of names) assert.deepEqual(set.get(name)?.type.shape, [3]);
    assert.equal(set.get('isPrototypeOf'), undefined);
  });

  it('are names of arrays in npz files', () => {
    const bytes = encodeNpy(fromNumbers({ dtype: 'float32', shape: [3] }, [1, 2, 3]));
    const parts = names.map((name, n) => ({ name: `${name}.npy`, bytes, deflate: n % 2 === 1 }));
    writeFileSync(folder.at('weights.npz'), zipBytes(parts));
    const set = loadWeights(folder.at('weights.npz'));
    assert.deepEqual([...set.names()], names);
    for (const name of names) assert.deepEqual(set.get(name)?.type.shape, [3]);
    assert.equal(set.get('isPrototypeOf'), undefined);
  });

  for (const engine of ['wasm', 'native'] as const)
    it(`run, ${engine}`, async function () {
      if (engine === 'native') skipWithoutAddon(this);
      const model = await load(folder.at('bundle'), { engine });
      try {
        const arrays = names.map((name, n) => [name, new Float32Array(8).fill(n + 1)] as const);
        const inputs = Object.fromEntries(arrays);
        const outputs = await model.run(inputs);
        assert.deepEqual(Object.keys(outputs), names);
        for (const [n, name] of names.entries())
          assert.deepEqual([...outputs[name]!], new Array(8).fill(4 * (n + 1)));
        const own = new Float32Array(8);
        const given = Object.fromEntries([['__proto__', own]]);
        assert.equal(namedProto(await model.run(inputs, { outputs: given })), own);
        assert.deepEqual([...own], new Array(8).fill(8));
        for (const name of names) {
          const others = Object.fromEntries(arrays.filter(([other]) => other !== name));
          await assert.rejects(model.run(others), { code: 'INPUT', at: name, message: /missing input/ });
        }
        await assert.rejects(model.run({ ...inputs, isPrototypeOf: own }), { code: 'INPUT' });
        const read = await readInputs(model.inputs, ['__proto__=zeros', 'constructor=random:1'], '');
        assert.deepEqual(Object.keys(read), names);
        assert.deepEqual([...(namedProto(read) as Float32Array)], new Array(8).fill(0));
        await model.run(read as typeof inputs);
        await assert.rejects(readInputs(model.inputs, ['isPrototypeOf=zeros'], ''), { code: 'INPUT' });
      } finally {
        await model.close();
      }
    });
});
