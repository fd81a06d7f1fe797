/** The README's samples, as its reader would try them: models are compiled, programs are type-checked and run. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { parse } from '../../compiler/ir/parse.ts';
import { checkModule } from '../../compiler/model/module/check.ts';
import { exportOnnx } from '../../compiler/onnx/export/export.ts';
import { signatures } from '../../compiler/ops/index.ts';
import { type Folder, temporaryFolder } from '../support/command.ts';
import { installInto, runIn } from '../support/installed.ts';
import { isModel, type Page, readPage } from '../support/samples.ts';
import { skip } from '../support/skip.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const readme = join(root, 'README.md');

/** Stands for the ONNX files that samples mention. */
const classifier = `graph "classifier" {
  input %image: float32[1,3,224,224]
  %mean: float32[1,3] = reduceMean(%image) {axes=[2, 3], keepDims=false}
  %probs: float32[1,3] = softmax(%mean) {axis=1}
  output "probs" = %probs
}`;

/** Where a sample's model goes: as the page's command says, or as its programs import it. */
function bundleOf(file: string, { commands, samples }: Page): string {
  const command = commands.find(([verb, model]) => verb === 'compile' && model?.endsWith(file));
  const given = command?.[command.findIndex((word) => word === '-o' || word === '--output') + 1];
  const imported = samples.map(({ text }) => /from '\.\/(.+)\/index\.js'/.exec(text)?.[1]).find(Boolean);
  return given ?? imported ?? `dist/${basename(file, '.ts')}`;
}

/** Takes the types off, and runs it from its folder as any program of a user who has Millrace installed. */
async function runProgram(folder: Folder, file: string): Promise<void> {
  const program = `${file}.mjs`;
  await build({
    entryPoints: [folder.at(file)],
    outfile: folder.at(program),
    bundle: true,
    format: 'esm',
    platform: 'node',
    plugins: [
      {
        name: 'what is built stays where it is',
        setup: ({ onResolve }) =>
          onResolve({ filter: /./ }, ({ path, kind }) =>
            kind === 'entry-point' || path.endsWith('.ts') ? null : { path, external: true },
          ),
      },
    ],
  });
  execFileSync(process.execPath, [folder.at(program)], { cwd: folder.path, stdio: 'pipe' });
}

async function tryPage(page: Page, described: string, typed: boolean): Promise<void> {
  const folder = temporaryFolder();
  try {
    installInto(folder.path);
    writeFileSync(folder.at('package.json'), described);
    for (const { file, text } of page.samples) {
      mkdirSync(dirname(folder.at(file)), { recursive: true });
      writeFileSync(folder.at(file), text);
      for (const [, name] of text.matchAll(/'([\w.-]+\.onnx)'/g))
        await exportOnnx(parse(classifier, signatures), folder.at(name!));
    }
    for (const { file } of page.samples.filter(isModel)) {
      const args = ['compile', file, '-o', bundleOf(file, page)];
      runIn(folder.path, 'node_modules/millrace/dist/cli.js', ...args);
    }
    for (const sample of page.samples)
      if (!isModel(sample)) {
        if (typed) await checkModule(folder.at(sample.file));
        await runProgram(folder, sample.file);
      }
  } finally {
    folder.remove();
  }
}

describe('samples of a page', () => {
  it('are found by the names they bear', () => {
    const fence = '```';
    const page = [
      `${fence}ts\n// model.ts\nimport { defineModel } from 'millrace';\nexport default defineModel();\n${fence}`,
      `${fence}sh\nnpm install millrace\nnpx millrace compile model.ts -o dist/model   # once\n${fence}`,
      `${fence}ts\nconst nameless = 1;\n${fence}\n${fence}ts\n// app.ts\nmodel.close();\n${fence}`,
    ].join('\n\ntext\n\n');
    const read = readPage(page);
    assert.deepEqual(
      read.samples.map((sample) => [sample.file, isModel(sample)]),
      [
        ['model.ts', true],
        ['app.ts', false],
      ],
    );
    assert.deepEqual(read.commands, [['compile', 'model.ts', '-o', 'dist/model']]);
    assert.equal(bundleOf('model.ts', read), 'dist/model');
  });
});

describe('the README', function () {
  this.timeout(300_000);

  it('has samples that compile and run', async function () {
    const page = existsSync(readme) ? readPage(readFileSync(readme, 'utf8')) : null;
    // Without a page, or a sample that bears a name, there is nothing to try.
    if (page === null || page.samples.length === 0) return skip(this, 'the page has no samples');
    // As `npm init -y` makes it, which is CommonJS, and as a project of modules.
    await tryPage(page, '{ "name": "project", "version": "1.0.0", "main": "index.js" }', true);
    await tryPage(page, '{ "type": "module" }', false);
  });
});
