/** Models as modules, by the built command: types are checked, and doc comments reach the bundle's user. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type Folder, millrace, temporaryFolder } from '../support/command.ts';

const module = `import { defineModel, dense, tensor } from 'millrace';
export default defineModel('line', {
  /** One measurement. */
  x: tensor('float32', [1, 4]),
}, ({ x }) => ({
  /** Its prediction. */
  y: dense(x, { name: 'fit', units: 2 }),
}));
`;

describe('millrace compile, of a module', () => {
  let folder: Folder;
  before(() => {
    folder = temporaryFolder();
  });
  after(() => folder.remove());

  it('carries doc comments into index.d.ts', async () => {
    writeFileSync(folder.at('line.ts'), module);
    const { code, stderr } = await millrace(['compile', folder.at('line.ts'), '-o', folder.at('line')]);
    assert.equal(code, 0, stderr);
    const declarations = readFileSync(folder.at('line/index.d.ts'), 'utf8');
    assert.match(
      declarations,
      /\* One measurement\.\n {3}\*\n {3}\* float32 \[1, 4\]\.\n {3}\*\/\n {2}readonly x: /,
    );
    assert.match(
      declarations,
      /\* Its prediction\.\n {3}\*\n {3}\* float32 \[1, 2\]\.\n {3}\*\/\n {2}readonly y: /,
    );
  });

  it('shows a type error as tsc does, and exits with 1', async () => {
    writeFileSync(folder.at('wrong.ts'), module.replace('units: 2', `units: 'two'`));
    const out = folder.at('wrong');
    const { code, stdout, stderr } = await millrace(['compile', 'wrong.ts', '-o', out], folder.path);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /^millrace: MODEL_INVALID: wrong\.ts: does not type-check, 1 error\n/);
    assert.match(
      stderr,
      /^wrong\.ts:7:30 - error TS2322: Type 'string' is not assignable to type 'number'\.$/m,
    );
    assert.ok(!existsSync(out));
  });
});
