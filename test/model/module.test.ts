/** Model modules: type-checked as `tsc` would, loaded, and read for what their authors say. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Graph } from '../../compiler/ir/graph.ts';
import { loadModelModule } from '../../compiler/model/module/load.ts';
import type { MillraceError } from '../../runtime/error.ts';
import { withFolder } from '../support/folder.ts';

type Files = Readonly<Record<string, string>>;

/** Loads the first of the files. */
const load = (files: Files): Promise<Graph> =>
  withFolder((folder) => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    return loadModelModule(join(folder, Object.keys(files)[0]!));
  });

/** The message of the error that loading throws, which must have the code. */
async function refusal(files: Files, code: string): Promise<string> {
  const error = await load(files).then(
    () => assert.fail('is accepted'),
    (thrown: MillraceError) => thrown,
  );
  assert.equal(error.name, 'MillraceError', error.message);
  assert.equal(error.code, code, error.message);
  return error.message;
}

const head = `import { defineModel, relu, tensor } from 'millrace';\n`;
const simple = `${head}export default defineModel('simple', { x: tensor('float32', [2]) }, ({ x }) => ({ y: relu(x) }));\n`;

describe('model modules', () => {
  it('export one model, by default or alone', async () => {
    assert.equal((await load({ 'model.ts': simple })).name, 'simple');
    const alone = simple.replace('export default', 'export const size = 3;\nexport const model =');
    assert.equal((await load({ 'model.mjs': alone })).name, 'simple');
    const both = `${alone}export const other = defineModel('other', { x: tensor('float32', [2]) }, ({ x }) => ({ y: x }));`;
    assert.match(await refusal({ 'model.mjs': both }, 'MODEL_INVALID'), /got: model, other/);
    assert.match(await refusal({ 'model.js': 'export const a = 1;' }, 'MODEL_INVALID'), /no exported model/);
    await assert.rejects(loadModelModule('no/such/model.ts'), { code: 'MODEL_READ' });
  });

  it('show type errors as tsc does, of imported files too, and are not run then', async () => {
    const message = await refusal(
      {
        'model.ts': `import { width } from './parts/width.ts';\n${simple}const text: string = width;\nthrow new Error('was run');\n`,
        'parts/width.ts': 'export const width: number = 2;\nexport const wrong: boolean = width;\n',
      },
      'MODEL_INVALID',
    );
    assert.match(message, /model\.ts: does not type-check, 2 errors\n/);
    assert.match(
      message,
      /^\S*model\.ts:4:7 - error TS2322: Type 'number' is not assignable to type 'string'\.$/m,
    );
    assert.match(message, /^4 const text: string = width;\n {8}~~~~$/m);
    assert.match(message, /^\S*parts\/width\.ts:2:14 - error TS2322: /m);
    assert.ok(!message.includes('\u001b'));
    const syntax = await refusal({ 'model.ts': `${simple}const = 3;\n` }, 'MODEL_INVALID');
    assert.match(syntax, /model\.ts:3:7 - error TS1134: /);
  });

  it('take the options of the nearest tsconfig.json', async () => {
    const unused = `${simple}const unused = 1;\n`;
    assert.equal((await load({ 'deep/model.ts': unused })).name, 'simple');
    const strict = JSON.stringify({ extends: './base.json', compilerOptions: { noUnusedLocals: true } });
    const base = JSON.stringify({ compilerOptions: { module: 'nodenext', strict: true } });
    const message = await refusal(
      {
        'deep/model.ts': unused,
        'tsconfig.json': strict,
        'base.json': base,
        'package.json': '{"type":"module"}',
      },
      'MODEL_INVALID',
    );
    assert.match(message, /error TS6133: 'unused' is declared/);
    const broken = await refusal({ 'model.ts': simple, 'tsconfig.json': '{ nonsense' }, 'MODEL_INVALID');
    assert.match(broken, /tsconfig\.json:1:11 - error TS/);
  });

  it('get this installation, its types and its code, whatever their folder has', async () => {
    const graph = await load({
      'model.ts': simple,
      'node_modules/millrace/package.json': '{"name":"millrace","type":"module","exports":"./index.js"}',
      'node_modules/millrace/index.js': 'throw new Error("another installation");',
      'tsconfig.json': JSON.stringify({ compilerOptions: { paths: { millrace: ['./nowhere.ts'] } } }),
    });
    assert.equal(graph.name, 'simple');
  });

  it('find what lies beside them', async () => {
    const graph = await load({
      'model.mjs': `import { readFileSync } from 'node:fs';\nimport { width } from './parts/width.mjs';\n${head}
        const name = readFileSync(new URL('./name.txt', import.meta.url), 'utf8');
        export default defineModel(name, { x: tensor('float32', [width]) }, ({ x }) => ({ y: relu(x) }));`,
      'name.txt': 'from a file',
      'parts/width.mjs': `import { readFileSync } from 'node:fs';
        export const width = Number(readFileSync(new URL('width.txt', import.meta.url), 'utf8'));`,
      'parts/width.txt': '7',
    });
    assert.equal(graph.name, 'from a file');
    assert.deepEqual(graph.values.get(graph.inputs[0]!)?.type.shape, [7]);
  });

  it('pass on what goes wrong in them, with their own codes', async () => {
    assert.match(await refusal({ 'a.mjs': 'throw new Error("out of luck");' }, 'MODEL_READ'), /out of luck/);
    const nested = simple.replace('relu(x)', `relu(defineModel('inner', {}, () => ({})))`);
    await refusal({ 'a.mjs': nested }, 'MODEL_INVALID');
  });
});

describe('doc comments of model modules', () => {
  const docsOf = async (files: Files): Promise<Record<string, string>> => {
    const { docs } = await load(files);
    return Object.fromEntries([...(docs?.inputs ?? []), ...(docs?.outputs ?? [])]);
  };

  it('stand on the properties of the two literals', async () => {
    const text = `${head}export default defineModel(
      'net',
      {
        /**
         * RGB from 0 to 1.
         * - rows from the top
         *
         * @see the camera
         */
        image: tensor('float32', [2]),
        // no doc comment
        mask: tensor('float32', [2]),
      },
      ({ image, mask }) => ({ /** Larger is better. */ 'the score': relu(image), /** Unused. */ rest: relu(mask) }),
    );`;
    const expected = {
      image: 'RGB from 0 to 1.\n- rows from the top\n\n@see the camera',
      'the score': 'Larger is better.',
      rest: 'Unused.',
    };
    assert.deepEqual(await docsOf({ 'model.js': text }), expected);
  });

  it('stand on what the literals are made of: constants, variables, spreads, functions, other files', async () => {
    const docs = await docsOf({
      'model.ts': `import { defineModel as network, relu, type FloatTensor } from 'millrace';
        import { inputs } from './inputs.ts';
        function body({ a, b }: { a: FloatTensor; b: FloatTensor }) {
          /** Of a variable. */
          const first = relu(a);
          const inner = () => { return { second: 1, /** Not this. */ third: 2 }; };
          const more = {
            /** Spread. */
            second: relu(b),
          };
          return { first, ...more, third: a, size: inner().third === 2 ? b : a };
        }
        export const net = network('net', inputs, body);`,
      'inputs.ts': `import { tensor } from 'millrace';
        /** Of the second. */
        const b = tensor('float32', [2]);
        export const inputs = {
          /** Of the first. */
          a: tensor('float32', [2]),
          b,
        } as const;`,
    });
    assert.deepEqual(docs, {
      a: 'Of the first.',
      b: 'Of the second.',
      first: 'Of a variable.',
      second: 'Spread.',
    });
  });

  it('are those of the model that is exported', async () => {
    const docs = await docsOf({
      'model.mjs': `${head}const make = (name) => defineModel(name, {
          /** Computed. */
          x: tensor('float32', [2]),
        }, ({ x }) => ({ y: relu(x) }));
        export const other = [make('other')];
        export default defineModel('net', { x: tensor('float32', [2]) }, ({ x }) => ({
          /** Of net. */
          y: relu(x),
        }));`,
    });
    assert.deepEqual(docs, { y: 'Of net.' });
  });
});

describe('the type checker', () => {
  it('is not loaded for models that have no types', () => {
    const root = fileURLToPath(new URL('../../', import.meta.url));
    const script = `
      import { createRequire } from 'node:module';
      import { loadModelFile } from './cli/model-file.ts';
      await loadModelFile('nothing.onnx', {}).catch(() => {});
      console.log(Object.keys(createRequire(import.meta.url).cache).some((file) => file.includes('ts-morph')));
    `;
    const args = ['--import=tsx', '--input-type=module', '--eval', script];
    assert.equal(execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' }).trim(), 'false');
  });
});
