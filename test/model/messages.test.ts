/** What the checker says where a shape does not fit: run on a small module, its sentences compared. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

const cases: readonly (readonly [call: string, sentence: string])[] = [
  [
    'conv2d(tokens, { filters: 8, kernel: 3 })',
    'expected [batch, height, width, channels], got [2, 128, 768]',
  ],
  ['conv2d(map, { filters: 8, kernel: 57 })', 'a window of 57 does not fit into 56'],
  ['conv2d(map, { filters: 8, kernel: 3, groups: 6 })', 'expected a multiple of 6 channels, got 64'],
  ['conv2d(map, { filters: 8, kernel: 3, strides: 2 })', 'no such option: strides'],
  ['add(map, conv2d(map, { filters: 32, kernel: 1 }))', 'expected 64 channels, got 32'],
  ['add(map, other)', '[1, 28, 28, 64] does not broadcast with [1, 56, 56, 64]'],
  ['add(map, cast(map, "int64"))', 'expected float32, got int64'],
  ['matmul(tokens, tokens)', 'expected 768 rows, got 128'],
  ['reshape(map, [2, -1, 3])', 'expected a divisor of 200704 elements, got 6'],
  ['reshape(tokens, [2, 128, 700])', 'expected 196608 elements, got 179200'],
  ['concat([map, other])', 'expected [1, 56, 56, 64] but for axis -1, got [1, 28, 28, 64]'],
  ['split(tokens, [100, 600])', 'expected sizes that add up to 768, got 700'],
  ['transpose(tokens, [0, 2])', 'expected a permutation of the 3 axes of [2, 128, 768], got [0, 2]'],
  ['reduceMean(tokens, 3)', 'no axis 3 in [2, 128, 768]'],
  ['expectShape(tokens, [2, 128, 512])', 'the shape is [2, 128, 768], not [2, 128, 512]'],
];

/** The last line of each error: what the type says that the argument is not assignable to. */
function check(source: string): Map<number, string> {
  const folder = mkdtempSync(join(root, 'build', 'messages-'));
  try {
    const file = join(folder, 'model.ts');
    writeFileSync(file, source);
    const project = join(folder, 'tsconfig.json');
    const config = { extends: join(root, 'tsconfig.json'), include: [file] };
    writeFileSync(project, JSON.stringify(config));
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const { stdout } = spawnSync(process.execPath, [tsc, '-p', project, '--noEmit', '--rootDir', root], {
      encoding: 'utf8',
      cwd: root,
    });
    const said = new Map<number, string>();
    let line = 0;
    for (const text of stdout.split('\n')) {
      line = Number(/model\.ts\((\d+),/.exec(text)?.[1] ?? line);
      const sentence =
        /(?:not assignable to|required in) type '(?:\{ readonly error: )?"(.*)"(?:; \})?'\.$/.exec(text)?.[1];
      if (sentence !== undefined) said.set(line, sentence);
    }
    return said;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('types: messages', () => {
  it('are sentences at the argument that is wrong', () => {
    const names = new Set(cases.flatMap(([call]) => [...call.matchAll(/(\w+)\(/g)].map(([, name]) => name!)));
    const head = [
      `import { ${[...names].join(', ')}, type Tensor } from 'millrace';`,
      `declare const map: Tensor<'float32', [1, 56, 56, 64]>;`,
      `declare const other: Tensor<'float32', [1, 28, 28, 64]>;`,
      `declare const tokens: Tensor<'float32', [2, 128, 768]>;`,
    ];
    const said = check([...head, ...cases.map(([call]) => `${call};`)].join('\n'));
    assert.deepEqual(
      cases.map((_, i) => said.get(head.length + 1 + i)),
      cases.map(([, sentence]) => sentence),
    );
  });
});
