/** The entries of the package: one table, and what says the same elsewhere. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as millrace from 'millrace';
import * as layers from 'millrace/layers';
import * as weights from 'millrace/weights';
import { entries } from '../../compiler/model/module/entries.ts';
import { loadModelModule } from '../../compiler/model/module/load.ts';
import { withFolder } from '../support/folder.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const json = (name: string) => JSON.parse(readFileSync(join(root, name), 'utf8'));

describe('the entries', () => {
  it('are the same in package.json, tsconfig.json and for model modules', () => {
    const exported = Object.fromEntries(
      Object.entries(entries).map(([name, path]) => [
        name.replace('millrace', '.'),
        { types: `./dist/${path}.d.ts`, default: `./dist/${path}.js` },
      ]),
    );
    assert.deepEqual(json('package.json').exports, { ...exported, './package.json': './package.json' });
    const paths = Object.fromEntries(Object.entries(entries).map(([name, path]) => [name, [`./${path}.ts`]]));
    assert.deepEqual(json('tsconfig.json').compilerOptions.paths, paths);
  });

  it('give names a home that say nothing alone', () => {
    const homeless = ['part', 'steps', 'rules', 'joined', 'shaped', 'transposed', 'zeros', 'ones', 'normal'];
    for (const name of [...homeless, 'plus', 'minus', 'times', 'over'])
      assert.ok(!(name in millrace), `${name} is exported by millrace`);
    assert.equal(millrace.sizes.times(4, 3), 12);
    assert.deepEqual(millrace.init.zeros, { kind: 'constant', value: 0 });
    assert.equal(layers.relu, millrace.relu);
    assert.equal(weights.loadWeights, millrace.loadWeights);
  });

  it('are there for model modules, of this installation', async () => {
    const text = `
      import { defineModel, init, sizes, tensor } from 'millrace';
      import * as layers from 'millrace/layers';
      import { part, rules } from 'millrace/weights';
      rules([[/^a$/, () => ({ from: 'b', make: part(0, 2) })]]);
      export default defineModel('entries', { x: tensor('float32', [1, 4]) }, ({ x }) => {
        const y = layers.dense(x, { units: sizes.times(2, 4), initializer: init.glorot });
        const exact: 8 = y.shape[1];
        return { y };
      });`;
    const load = (source: string) =>
      withFolder((folder) => {
        writeFileSync(join(folder, 'model.ts'), source);
        return loadModelModule(join(folder, 'model.ts'));
      });
    assert.equal((await load(text)).name, 'entries');
    await assert.rejects(load(text.replace('millrace/weights', 'millrace/loads')), { code: 'MODEL_INVALID' });
    await assert.rejects(
      withFolder((folder) => {
        writeFileSync(join(folder, 'model.mjs'), "import 'millrace/loads';");
        return loadModelModule(join(folder, 'model.mjs'));
      }),
      { code: 'MODEL_READ', message: /"millrace\/loads" is no entry; there are millrace, millrace\/layers/ },
    );
  }).timeout(60_000);
});
