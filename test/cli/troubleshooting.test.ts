/** Every command of docs/troubleshooting.md, as its reader would try them: it does what the page says. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { compile, defineModel, dense, relu, tensor } from '../../compiler/index.ts';
import { exportOnnx } from '../../compiler/onnx/export/export.ts';
import { findAddon } from '../../runtime/platform/node/addon.ts';
import { type Folder, millrace, temporaryFolder } from '../support/command.ts';

const page = readFileSync(new URL('../../docs/troubleshooting.md', import.meta.url), 'utf8');
const commands = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block]) =>
  block!.trimEnd().split('\n'),
);
const hasNative = !(findAddon(new URL('../../build/engine/', import.meta.url)) instanceof Error);

describe('the page of what to do when something is wrong', () => {
  let folder: Folder;
  before(async () => {
    folder = temporaryFolder();
    const { graph } = defineModel('net', { x: tensor('float32', [2, 8]) }, ({ x }) => ({
      y: dense(relu(dense(x, { units: 600 })), { units: 600 }),
    }));
    await exportOnnx(graph, folder.at('net.onnx'));
    await (await compile(graph)).write(folder.at('dist/net'));
  });
  after(() => folder.remove());

  it('has commands', () => assert.ok(commands.length >= 18));

  for (const line of new Set(commands))
    it(line, async () => {
      const [command, code] = line.split(' # ');
      const [name, ...args] = command!.split(' ');
      assert.equal(name, 'millrace');
      const ran = await millrace(args, folder.path);
      const refusal = code ?? (args.includes('native') && !hasNative ? 'ENGINE' : undefined);
      if (refusal === undefined) assert.equal(ran.code, 0, ran.stderr);
      else assert.match(ran.stderr, new RegExp(`^millrace: ${refusal}: `));
    });
});
