/** The law of imports (docs/architecture.md): who may import whom. An import that is not in this table fails. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));

/** The longest prefix that matches a file is its room. */
const law: Readonly<Record<string, readonly string[]>> = {
  'runtime/error': [],
  'runtime/crc32': [],
  'runtime/size': ['runtime/error'],
  'runtime/format/': ['runtime/error', 'runtime/size', 'runtime/crc32'],
  'runtime/kernels/': ['runtime/error'],
  'runtime/engine/': [
    'runtime/format/',
    'runtime/kernels/',
    'runtime/error',
    'runtime/size',
    'runtime/crc32',
  ],
  'runtime/weights/': ['runtime/format/format', 'runtime/error'],
  'runtime/pipeline/': [
    'runtime/engine/',
    'runtime/format/',
    'runtime/weights/',
    'runtime/error',
    'runtime/crc32',
  ],
  // What a model is made of; the files beside each other here are one room, in the order of its imports.
  'runtime/': [
    'runtime/pipeline/',
    'runtime/engine/',
    'runtime/format/',
    'runtime/weights/',
    'runtime/error',
    'runtime/size',
    'runtime/crc32',
  ],
  'runtime/platform/node/': ['runtime/'],
  'runtime/node': ['runtime/'],
  'compiler/ir/': ['runtime/error', 'runtime/format/dtype'],
  'compiler/ops/': ['compiler/ir/', 'runtime/error', 'runtime/kernels/'],
  'compiler/model/': ['compiler/ir/', 'compiler/ops/', 'runtime/error'],
  'compiler/onnx/': ['compiler/ir/', 'compiler/ops/', 'runtime/format/alignment', 'runtime/error'],
  // The other frontends' way of making up weights and of looking into files.
  'compiler/darknet/': [
    'compiler/ir/',
    'compiler/ops/',
    'compiler/model/initializers',
    'compiler/model/weights/weights-file',
    'runtime/error',
  ],
  'compiler/pieces': [],
  'compiler/progress': ['compiler/pieces', 'runtime/error'],
  'compiler/passes/': ['compiler/pieces', 'compiler/ir/', 'compiler/ops/', 'runtime/error'],
  'compiler/memory/': [
    'compiler/pieces',
    'runtime/format/format',
    'runtime/format/alignment',
    'runtime/error',
    'runtime/size',
  ],
  'compiler/schedule/': [
    'compiler/pieces',
    'compiler/schedule/device/',
    'compiler/ir/',
    'compiler/ops/',
    'compiler/memory/problem',
    'runtime/kernels/',
    'runtime/engine/',
    'runtime/format/format',
    'runtime/format/alignment',
    'runtime/format/layers',
    'runtime/error',
  ],
  // The fit runs the pipeline's own simulator.
  'compiler/schedule/device/': [
    'compiler/schedule/schedule',
    'compiler/memory/problem',
    'compiler/memory/simulate',
    'runtime/format/format',
    'runtime/format/fields',
    'runtime/error',
  ],
  'compiler/pack/': ['compiler/schedule/', 'compiler/ir/', 'compiler/ops/', 'runtime/'],
  'compiler/codegen/': ['compiler/schedule/', 'compiler/ir/', 'runtime/'],
  'compiler/bundle/': [
    'compiler/codegen/',
    'compiler/schedule/',
    'compiler/pack/',
    'compiler/ir/',
    'runtime/',
  ],
  'compiler/report/': ['compiler/memory/', 'compiler/schedule/', 'compiler/ir/', 'runtime/'],
  'compiler/options': ['compiler/progress', 'compiler/ir/', 'compiler/schedule/device/', 'runtime/'],
  'compiler/compile': ['compiler/', 'runtime/'],
  'compiler/index': ['compiler/', 'runtime/'],
  'cli/': ['cli/', 'compiler/', 'runtime/'],
};

const roomOf = (file: string): string | undefined =>
  Object.keys(law)
    .filter((room) => file.startsWith(room))
    .sort((a, b) => b.length - a.length)[0];

const importsOf = (file: string): string[] =>
  [...readFileSync(join(root, file), 'utf8').matchAll(/(?:from|import|import\() ?'(\.[^']+)'/g)].map(
    (match) => relative(root, join(root, dirname(file), match[1]!)),
  );

describe('law of imports', () => {
  const files = ['compiler', 'runtime', 'cli'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(folder, name)),
  );

  it('every file lives in a room of the house', () => {
    assert.deepEqual(
      files.filter((file) => roomOf(file) === undefined),
      [],
    );
  });

  it('imports only what its room may', () => {
    const broken: string[] = [];
    for (const file of files) {
      const room = roomOf(file);
      if (room === undefined) continue;
      for (const target of importsOf(file)) {
        const inside = room.endsWith('/') && roomOf(target) === room;
        if (!inside && !law[room]!.some((allowed) => target.startsWith(allowed)))
          broken.push(`${file} → ${target}`);
      }
    }
    assert.deepEqual(broken, []);
  });

  it('knows Node in one room of the runtime only', () => {
    const nodes = /'node:|\b(process|NodeJS|Buffer)(\.\w|\[)|\b(setImmediate|Buffer)\(/;
    const outside = files.filter(
      (file) => file.startsWith('runtime/') && !file.startsWith('runtime/platform/node/'),
    );
    assert.deepEqual(
      outside.filter((file) => nodes.test(readFileSync(join(root, file), 'utf8'))),
      [],
    );
  });

  it('is the table of docs/architecture.md', () => {
    const row = ([room, allowed]: [string, readonly string[]]): string =>
      `| \`${room}\` | ${allowed.map((name) => `\`${name}\``).join(', ') || 'nothing'} |`;
    const table = ['| room | may import |', '| --- | --- |', ...Object.entries(law).map(row)].join('\n');
    const page = join(root, 'docs/architecture.md');
    const text = readFileSync(page, 'utf8');
    const expected = text.replace(
      /(<!-- law of imports -->\n)[\s\S]*?(\n<!-- end of law -->)/,
      (_, begin: string, end: string) => `${begin}${table}${end}`,
    );
    if (process.env['UPDATE_SNAPSHOTS'] === '1') writeFileSync(page, expected);
    else assert.equal(text, expected, 'docs/architecture.md has another law: npm run test:update writes it');
  });

  it('has no cycles', () => {
    const state = new Map<string, 'open' | 'done'>();
    const visit = (file: string, path: readonly string[]): void => {
      if (state.get(file) === 'done') return;
      assert.notEqual(state.get(file), 'open', `cycle: ${[...path, file].join(' → ')}`);
      state.set(file, 'open');
      for (const target of importsOf(file)) if (files.includes(target)) visit(target, [...path, file]);
      state.set(file, 'done');
    };
    for (const file of files) visit(file, []);
  });
});

describe('law of tests', () => {
  it('leaves no test out without a word', () => {
    const tests = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' });
    assert.deepEqual(
      tests.filter(
        (name) =>
          name.endsWith('.ts') &&
          name !== join('support', 'skip.ts') &&
          /\.skip[(]/.test(readFileSync(join(root, 'test', name), 'utf8')),
      ),
      [],
    );
  });
});
