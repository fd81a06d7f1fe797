/**
 * Where a bundle's folder is, from the module that `index.js` has become. That is its own folder, unless a bundler has
 * put the module into another file: then the folder is looked for beside that file and above, up to the project it
 * belongs to. Invariant: a folder that is found so holds the manifest that `index.js` was written with.
 */
import { access, open, readdir } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { hex, MillraceError } from '../../error.ts';
import { HEADER_BYTES } from '../../format/format.ts';
import { checksumOf } from '../../format/header.ts';

/** `dist/digits/` is two folders down. */
const DEPTH = 2;
/** Folders that are looked into at most: a project has few, and whoever runs in `/` shall hear of it soon. */
const MOST_FOLDERS = 1000;

/** `module`: what `import.meta.url` says, or nothing where a bundler has made a CommonJS module of it. */
export async function locateBundle(module: string | undefined, manifestCrc32: number): Promise<URL> {
  const file = module ?? pathToFileURL(process.argv[1] ?? '.').href;
  const own = new URL('.', file);
  // Whatever is in it: if it is another's, or damaged, reading it says so.
  if ((await checksumIn(own)) !== null) return own;
  const search = { manifestCrc32, left: MOST_FOLDERS };
  for (let folder = own; ; folder = new URL('..', folder)) {
    const found = await findBelow(folder, DEPTH, search);
    if (found !== null) return found;
    const parent = new URL('..', folder);
    if ((await isThere(new URL('package.json', folder))) || parent.href === folder.href || search.left <= 0)
      break;
  }
  throw new MillraceError('BUNDLE_READ', "the bundle's folder was not found", {
    at: fileURLToPath(file),
    expected: `the folder of its manifest.bin, with checksum ${hex(manifestCrc32)}, beside this file`,
    got: `none in ${fileURLToPath(own)}, two folders down, or from folders above up to a package.json`,
    hint: 'A bundler has moved index.js: copy the folder beside its file, or pass load({ folder }).',
  });
}

interface Search {
  readonly manifestCrc32: number;
  left: number;
}

/** Nearest first: all children before their children. */
async function findBelow(folder: URL, depth: number, search: Search): Promise<URL | null> {
  let level = [folder];
  for (let down = 0; down < depth; down++) {
    const next: URL[] = [];
    for (const child of (await Promise.all(level.map(foldersIn))).flat()) {
      if (search.left-- <= 0) return null;
      if ((await checksumIn(child)) === search.manifestCrc32) return child;
      next.push(child);
    }
    level = next;
  }
  return null;
}

async function foldersIn(folder: URL): Promise<URL[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => null);
  return (entries ?? [])
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.'))
    .map((entry) => new URL(`${encodeURIComponent(entry.name)}/`, folder))
    .sort((a, b) => (a.href < b.href ? -1 : 1));
}

/** What the header of the folder's manifest says; null: there is none. */
async function checksumIn(folder: URL): Promise<number | null> {
  const file = await open(new URL('manifest.bin', folder)).catch(() => null);
  if (file === null) return null;
  try {
    const header = new Uint8Array(HEADER_BYTES);
    await file.read(header, 0, HEADER_BYTES, 0);
    return checksumOf(header);
  } finally {
    await file.close();
  }
}

const isThere = (file: URL): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
