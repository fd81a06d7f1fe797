/** Paths that the docs and comments name exist: a file that moves takes its mentions with it. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

const under = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((name) => !name.includes('node_modules'));

const rooms = ['compiler', 'runtime', 'cli', 'scripts', 'test', 'bench', 'examples', 'docs'];
const files = rooms.flatMap(under);
const names = new Set([...files.map((file) => basename(file)), ...readdirSync(root)]);
const docs = [...readdirSync(root), ...under('docs')].filter((name) => name.endsWith('.md'));
const sources = ['compiler', 'runtime', 'cli', 'scripts']
  .flatMap(under)
  .filter((name) => /\.(ts|c|h)$/.test(name));

/** Declarations are made by the compiler and lie in bundles. */
const SOURCE_PATH = /^(?:\.\/)?[\w-][\w./-]*(?<!\.d)\.(?:ts|c|h|md)$/;
/** Darknet's own C files are quoted without a folder, so of bare names in comments only TypeScript's are looked up. */
const isOurs = (path: string): boolean => path.includes('/') || path.endsWith('.ts');

/** A path is meant from the root, from a half of the house, or from the room of the file that names it. */
const exists = (path: string, from: string): boolean =>
  path.includes('/')
    ? ['', 'compiler', 'runtime', dirname(from), dirname(dirname(from))].some((base) =>
        existsSync(join(root, base, path)),
      )
    : names.has(path);

const missing = (file: string, paths: readonly string[]): string[] =>
  paths
    .filter((path) => SOURCE_PATH.test(path) && !exists(path, file))
    .map((path) => `${file} names ${path}, which is not there`);

const quoted = (text: string): string[] => [...text.matchAll(/`([^`\n]+)`/g)].map((match) => match[1]!);

/** What is between comment marks; markers at the start of lines are left out. */
const commentsOf = (text: string): string =>
  [...text.matchAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/ .*$/gm)].map((match) => match[0]).join('\n');

describe('paths', () => {
  it('in the docs exist', () => {
    const broken = docs.flatMap((file) => {
      const text = readFileSync(join(root, file), 'utf8').replace(/^```[\s\S]*?^```/gm, '');
      return missing(file, quoted(text));
    });
    assert.deepEqual(broken, []);
  });

  it('that the docs link to exist', () => {
    const broken = docs.flatMap((file) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
        .map((match) => match[1]!)
        .filter((path) => !existsSync(join(root, dirname(file), path)))
        .map((path) => `${file} links to ${path}, which is not there`),
    );
    assert.deepEqual(broken, []);
  });

  it('in comments exist', () => {
    const broken = sources.flatMap((file) => {
      const text = commentsOf(readFileSync(join(root, file), 'utf8'));
      const bare = [...text.matchAll(/(?<![\w./:-])[\w-]+(?:\/[\w.-]+)+\.(?:ts|c|h|md)\b/g)].map(
        (match) => match[0],
      );
      return missing(file, [...quoted(text).filter(isOurs), ...bare]);
    });
    assert.deepEqual([...new Set(broken)], []);
  });
});
