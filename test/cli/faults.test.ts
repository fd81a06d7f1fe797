/** What a command says where the machine refuses: a message that names the place, never a stack trace. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, readdirSync, writeFileSync } from 'node:fs';
import { compile } from '../../compiler/index.ts';
import { add, conv2d, defineModel, relu, tensor } from '../../compiler/model/index.ts';
import {
  commandFile,
  type Finished,
  type Folder,
  millraceJson,
  temporaryFolder,
} from '../support/command.ts';
import { skip } from '../support/skip.ts';

/** Node's own options before the command. */
const withNode = (options: readonly string[], args: readonly string[]): Promise<Finished> =>
  new Promise((resolve) => {
    execFile(process.execPath, [...options, commandFile, ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });

describe('a machine that refuses', () => {
  let folder: Folder;
  let bundle: string;
  before(async () => {
    folder = temporaryFolder();
    bundle = folder.at('bundle');
    const model = defineModel(
      '\u001b[31mred',
      { 'x\u001b[2J': tensor('float32', [1, 6, 6, 4]) },
      (inputs) => {
        const x = relu(conv2d(inputs['x\u001b[2J'], { filters: 4, kernel: 1 }));
        return { 'a/b': x, a_b: add(x, x) };
      },
    );
    await (await compile(model)).write(bundle);
  });
  after(() => folder.remove());

  const refused = async (
    options: readonly string[],
    args: readonly string[],
    says: RegExp,
  ): Promise<void> => {
    const { code, stderr } = await withNode(options, args);
    assert.equal(code, 1, stderr);
    assert.match(stderr, says);
    assert.doesNotMatch(stderr, /^\s+at .*:\d+:\d+/m);
  };

  it('writes outputs whose names differ to files that differ', async () => {
    const { outputs } = await millraceJson<{ outputs: { file: string }[] }>([
      'run',
      bundle,
      '--output',
      folder.at('out'),
    ]);
    assert.deepEqual(readdirSync(folder.at('out')).sort(), ['a_b-2.npy', 'a_b.npy']);
    assert.equal(new Set(outputs.map(({ file }) => file)).size, 2);
  });

  it('prints no escape byte of a name', async () => {
    for (const args of [
      ['run', bundle],
      ['inspect', bundle],
      ['run', bundle, '--input', 'y=zeros'],
      ['plan', bundle],
    ]) {
      const { stdout, stderr } = await withNode([], args);
      assert.ok(!`${stdout}${stderr}`.includes('\u001b'), args.join(' '));
      if (args.length > 2 || args[0] !== 'run') assert.match(`${stdout}${stderr}`, /\\u001b/);
    }
  });

  it('says which output can not be written', async () => {
    writeFileSync(folder.at('file'), '');
    await refused([], ['run', bundle, '--output', folder.at('file/out')], /OUTPUT: .*file\/out: ENOTDIR/);
    await refused([], ['run', bundle, '--trace', folder.at('none/t.json')], /OUTPUT: .*t\.json: ENOENT/);
    await refused([], ['inspect', bundle, '--html', folder.at('none/p.html')], /OUTPUT: .*p\.html: ENOENT/);
  });

  it('says that a disk is full', async function () {
    if (process.platform !== 'linux') return skip(this, 'for Linux only');
    await refused([], ['run', bundle, '--trace', '/dev/full'], /OUTPUT: \/dev\/full: ENOSPC/);
    await refused([], ['inspect', bundle, '--html', '/dev/full'], /OUTPUT: \/dev\/full: ENOSPC/);
  });

  it('says that a folder takes nothing new', async function () {
    if (process.platform !== 'linux') return skip(this, 'for Linux only');
    await refused(
      [],
      ['run', bundle, '--output', '/proc/none/deeper'],
      /OUTPUT: \/proc\/none\/deeper: ENOENT/,
    );
  });

  it('says that an executor is empty', async () => {
    const empty = folder.at('empty');
    cpSync(bundle, empty, { recursive: true });
    writeFileSync(`${empty}/executor.js`, '');
    await refused(
      [],
      ['run', empty],
      /BUNDLE_INVALID: executor\.js: the file is not the one that was compiled/,
    );
  });

  it('says that WebAssembly is switched off', async () => {
    await refused(['--jitless'], ['run', bundle, '--engine', 'wasm'], /ENGINE: .*no WebAssembly/);
  });

  it('says what Node is not permitted', async () => {
    const [major] = process.versions.node.split('.').map(Number);
    const switchOn = major! >= 23 ? '--permission' : '--experimental-permission';
    const reads = [switchOn, '--allow-fs-read=*'];
    await refused([switchOn, `--allow-fs-read=${process.cwd()}`], ['run', bundle], /BUNDLE_READ: .*manifest/);
    await refused(reads, ['run', bundle, '--trace', folder.at('t.json')], /OUTPUT: .*t\.json/);
    const threads = ['run', bundle, '--engine', 'wasm', '--threads', '2'];
    await refused(reads, threads, /ENGINE: threads: no thread could be started/);
  });

  it('runs where /proc is not mounted', async () => {
    const preload = folder.at('no-proc.mjs');
    writeFileSync(
      preload,
      `import fs from 'node:fs';
      import { syncBuiltinESMExports } from 'node:module';
      const read = fs.readFileSync;
      const gone = () => { throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' }); };
      fs.readFileSync = (path, ...rest) => String(path).startsWith('/proc/') ? gone() : read(path, ...rest);
      process.memoryUsage.rss = gone;
      syncBuiltinESMExports();`,
    );
    const { code, stderr } = await withNode([`--import=${preload}`], ['run', bundle]);
    assert.equal(code, 0, stderr);
  });
});
