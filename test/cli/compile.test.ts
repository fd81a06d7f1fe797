/** `millrace compile`: reports, budgets, bad input, and that nothing half-written stays. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Graph } from '../../compiler/ir/graph.ts';
import { parse } from '../../compiler/ir/parse.ts';
import { signatures } from '../../compiler/ops/index.ts';
import { passes } from '../../compiler/passes/index.ts';
import { modelBytes, node } from '../onnx/make-model.ts';
import { commandFile, type Folder, millrace, millraceJson, temporaryFolder } from '../support/command.ts';

/** A network of 24 layers with 6 MB of seeded weights. */
const module = (width = 256, layers = 24): string => `
import { defineModel, dense, type FloatTensor, relu, tensor } from 'millrace';
const width: number = ${width};
export default defineModel('stack', { x: tensor('float32', [4, width]) }, ({ x }) => {
  let y: FloatTensor = x;
  for (let i = 0; i < ${layers}; i++) y = relu(dense(y, { units: width, name: \`dense\${i}\` }));
  return { y };
});
`;

interface Report {
  readonly bundle: string;
  readonly model: Record<string, unknown>;
  readonly plans: readonly Record<string, number>[];
  readonly layers: number;
}

describe('millrace compile', () => {
  let folder: Folder;
  before(() => {
    folder = temporaryFolder();
    writeFileSync(folder.at('stack.ts'), module());
  });
  after(() => folder.remove());

  it('compiles a TypeScript model and reports what the contract says', async () => {
    const out = folder.at('stack');
    const report = await millraceJson<Report>(['compile', folder.at('stack.ts'), '-o', out]);
    const fields = ['largestLayerBytes', 'largestSegmentBytes', 'milliseconds', 'peakRssBytes', 'segments'];
    for (const field of [...fields, 'layers'])
      assert.ok((report as unknown as Record<string, number>)[field]! > 0, field);
    assert.equal(report.bundle, out);
    assert.equal(report.layers, 24);
    const weightsBytes = 24 * (256 * 256 + 256) * 4;
    assert.deepEqual(report.model, { name: 'stack', nodes: 48, weightsBytes, flops: report.model['flops'] });
    assert.ok(Number(report.model['flops']) >= 24 * 2 * 4 * 256 * 256);
    for (const plan of report.plans) {
      const bytes = ['peakBytes', 'lowerBoundBytes', 'activationBytes', 'weightBytes'];
      for (const field of [...bytes, 'predictedMs', 'predictedResidentMs'])
        assert.ok(plan[field]! > 0, field);
      for (const field of ['scratchBytes', 'residentBytes', 'depth']) assert.ok(plan[field]! >= 0, field);
      assert.ok(plan['lowerBoundBytes']! <= plan['peakBytes']!);
    }
    assert.deepEqual(
      readdirSync(out)
        .filter((name) => !/^engine/.test(name))
        .sort(),
      [
        ...['THIRD_PARTY_NOTICES', 'executor.d.ts', 'executor.js', 'index.d.ts', 'index.js', 'manifest.bin'],
        ...['package.json', 'weights.bin', 'worker.js'],
      ],
    );
  });

  it('prints a table for people', async () => {
    const { code, stdout } = await millrace(['compile', folder.at('stack.ts'), '-o', folder.at('people')]);
    assert.equal(code, 0);
    assert.match(stdout, /^stack: 48 nodes/);
    assert.match(stdout, /^smallest .* MiB/m);
  });

  it('stores a plan for each budget; the smallest figure it names works', async () => {
    const out = folder.at('budget');
    const compile = (...budgets: string[]) =>
      millrace([
        'compile',
        folder.at('stack.ts'),
        '-o',
        out,
        ...budgets.flatMap((size) => ['--budget', size]),
      ]);
    const refused = await compile('300KiB');
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /^millrace: BUDGET: /);
    assert.ok(!existsSync(out));
    const least = /at least .*\((\d+) bytes\)/.exec(refused.stderr)?.[1];
    assert.ok(least);
    assert.equal((await compile(String(Number(least) - 1))).code, 1);
    const report = await millraceJson<Report>([
      ...['compile', folder.at('stack.ts'), '-o', out],
      ...['--budget', '2MiB', '--budget', least],
    ]);
    const held = report.plans.map((plan) => plan['peakBytes']!);
    assert.equal(held.length, 2);
    assert.ok(held[0]! <= Number(least) && held[1]! <= 2 * 2 ** 20 && held[0]! < held[1]!);
    const { code, stderr } = await millrace(['run', out, '--budget', least]);
    assert.equal(code, 0, stderr);
  });

  it('two builds are the same bytes, wherever they are made', async () => {
    const elsewhere = folder.at('elsewhere');
    mkdirSync(elsewhere);
    const build = async (out: string, cwd: string, env: NodeJS.ProcessEnv): Promise<Map<string, string>> => {
      const { code, stderr } = await millrace(['compile', folder.at('stack.ts'), '-o', out], cwd, env);
      assert.equal(code, 0, stderr);
      return new Map(
        readdirSync(out)
          .sort()
          .map((name) => [name, readFileSync(`${out}/${name}`, 'base64')]),
      );
    };
    const first = await build(folder.at('first'), folder.path, { TZ: 'UTC', LANG: 'C' });
    const second = await build(`${elsewhere}/second`, elsewhere, { TZ: 'Asia/Tokyo', LANG: 'tr_TR.UTF-8' });
    assert.deepEqual([...first.keys()], [...second.keys()]);
    for (const [name, bytes] of first) assert.ok(bytes === second.get(name), `${name} differs`);
  });

  it('the folder runs anywhere by itself', async () => {
    const moved = folder.at('moved by hand');
    cpSync(folder.at('stack'), moved, { recursive: true });
    const script = `
      import { load } from './index.js';
      for (const threads of [1, 2]) {
        const model = await load({ budget: '2MiB', threads });
        const { y } = await model.run({ x: new Float32Array(1024).fill(0.5) });
        console.log(model.plan.name, y.length, y.every(Number.isFinite));
        await model.close();
      }`;
    writeFileSync(`${moved}/use.mjs`, script);
    const child = spawn(process.execPath, [`${moved}/use.mjs`], { cwd: '/' });
    let out = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (out += text));
    await once(child, 'close');
    assert.match(out, /^(\S+) 1024 true\n\1 1024 true\n$/);
  });

  it('names what is wrong with a model, an option or a place', async () => {
    const at = (name: string, content: string | Uint8Array): string => {
      writeFileSync(folder.at(name), content);
      return folder.at(name);
    };
    const out = folder.at('never');
    const fails = async (args: readonly string[], code: number, says: RegExp): Promise<void> => {
      const result = await millrace(['compile', ...args]);
      assert.equal(result.stdout, '');
      assert.match(result.stderr, says);
      assert.doesNotMatch(result.stderr, /\n {4}at /, 'a stack is not for people');
      assert.equal(result.code, code, args.join(' '));
      assert.ok(!existsSync(out));
    };
    const model = folder.at('stack.ts');
    const open = modelBytes({
      nodes: [node('Relu', ['x'], ['y'])],
      inputs: { x: ['batch', 'length'] },
      outputs: ['y'],
    });
    const foreign = folder.at('foreign');
    mkdirSync(foreign);
    writeFileSync(`${foreign}/mine.txt`, 'mine');
    await Promise.all([
      fails([folder.at('missing.onnx'), '-o', out], 1, /MODEL_READ: .*missing\.onnx/),
      fails([at('cut.onnx', open.subarray(0, 40)), '-o', out], 1, /MODEL_(READ|INVALID)/),
      fails([at('noise.onnx', 'not a model at all'), '-o', out], 1, /MODEL_(READ|INVALID)/),
      fails(
        [at('open.onnx', open), '-o', out],
        1,
        /MODEL_DIMENSION.*[\s\S]*compile open\.onnx -o open --dim length=16/,
      ),
      fails([at('a.txt', 'x'), '-o', out], 1, /MODEL_READ: .*a\.txt/),
      fails(
        [at('syntax.ts', 'export default ('), '-o', out],
        1,
        /MODEL_INVALID: .*syntax\.ts: does not type-check/,
      ),
      fails([at('empty.ts', 'export const a = 1;'), '-o', out], 1, /MODEL_INVALID/),
      fails([model], 2, /-o <dir> is required/),
      fails([model, '-o', out, '--budget', 'plenty'], 2, /OPTION: budget: not a size/),
      fails([model, '-o', out, '--dim', 'n=3'], 2, /OPTION.*--dim/),
      fails([folder.at('open.onnx'), '-o', out, '--dim', 'length'], 2, /NAME=VALUE/),
      fails([folder.at('open.onnx'), '-o', out, '--dim', 'length=-1'], 2, /whole number/),
      fails([folder.at('open.onnx'), '-o', out, '--shape', 'x=1,2'], 2, /1x3x224x224/),
      fails([model, '-o', foreign], 1, /OUTPUT: .*foreign: exists and is not a bundle/),
      fails([model, '-o', `${model}/inside`], 1, /OUTPUT/),
    ]);
    assert.deepEqual(readdirSync(foreign), ['mine.txt']);
  });

  it('prints the graph after a pass, or after all, as text that parses', async () => {
    const compile = (...args: string[]) =>
      millrace(['compile', folder.at('small.ts'), '-o', folder.at('small'), ...args]);
    writeFileSync(folder.at('small.ts'), module(8, 2));
    const graphsIn = (text: string): [string, Graph][] =>
      text
        .split(/^(?=\/\/ after )/m)
        .map((part) => [/^\/\/ after (\S+) \(\d+ of \d+\)$/m.exec(part)![1]!, parse(part, signatures)]);
    const some = await compile('--print-after', 'eliminate-common', '--print-after', 'fuse-epilogue');
    assert.equal(some.code, 0, some.stderr);
    const common = 'eliminate-common';
    assert.deepEqual(
      graphsIn(some.stderr).map(([name]) => name),
      [common, common, 'fuse-epilogue', common],
    );
    const all = await compile('--print-after', 'all');
    const graphs = graphsIn(all.stderr);
    assert.deepEqual(
      graphs.map(([name]) => name),
      passes.map(({ name }) => name),
    );
    assert.deepEqual([graphs[0]![1].nodes.length, graphs.at(-1)![1].nodes.length], [4, 2]);
    assert.equal((await compile('--print-after', 'all')).stderr, all.stderr);
    const unknown = await compile('--print-after', 'fuse');
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /no pass "fuse"; passes: eliminate-dead, .*fuse-epilogue, all\n/);
  });

  it('says what it verified', async () => {
    const args = ['compile', folder.at('stack.ts'), '-o', folder.at('verified'), '--verify'];
    const { code, stderr } = await millrace([...args, '--budget', '2MiB']);
    assert.equal(code, 0);
    assert.deepEqual(stderr.trimEnd().split('\n'), [
      'verified: graph before the passes',
      ...passes.map(({ name }) => `verified: graph after ${name}`),
      'verified: sharing of memory',
      'verified: sharing of memory, cut into segments',
      'verified: plan budget',
    ]);
  });

  it('binds dimensions', async () => {
    const out = folder.at('bound');
    await millraceJson(['compile', folder.at('open.onnx'), '-o', out, '--dim', 'length=5']);
    interface Ran {
      readonly outputs: readonly { readonly shape: number[] }[];
    }
    assert.deepEqual((await millraceJson<Ran>(['run', out])).outputs[0]!.shape, [1, 5]);
    await millraceJson(['compile', folder.at('open.onnx'), '-o', out, '--shape', 'x=3x2']);
    assert.deepEqual((await millraceJson<Ran>(['run', out])).outputs[0]!.shape, [3, 2]);
  });

  it('an interrupt leaves nothing behind, and the old bundle as it was', async () => {
    const place = folder.at('interrupted');
    mkdirSync(place);
    cpSync(folder.at('stack'), `${place}/bundle`, { recursive: true });
    const before = readFileSync(`${place}/bundle/manifest.bin`);
    writeFileSync(folder.at('large.ts'), module(2048, 24));
    for (const out of ['bundle', 'new/folder/bundle']) {
      const child = spawn(process.execPath, [
        commandFile,
        'compile',
        folder.at('large.ts'),
        '-o',
        `${place}/${out}`,
      ]);
      const closed = once(child, 'close');
      const parent = out === 'bundle' ? place : `${place}/new/folder`;
      while (child.exitCode === null && !existsSync(parent)) await new Promise((wait) => setTimeout(wait, 5));
      while (child.exitCode === null && !readdirSync(parent).some((name) => name.includes('.tmp-')))
        await new Promise((wait) => setTimeout(wait, 5));
      child.kill('SIGINT');
      await closed;
      assert.equal(child.exitCode, 1);
      assert.deepEqual(readdirSync(place), ['bundle']);
    }
    assert.ok(readFileSync(`${place}/bundle/manifest.bin`).equals(before));
  });
});
