/**
 * Finds the native engine: beside the bundle, in the package for this platform (an optional dependency of millrace),
 * or where a checkout builds it. Invariant: it is never required, and one of another version is passed over.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { abiHash } from '../../engine/abi-hash.ts';
import type { NativeAddon } from '../../engine/native/addon.ts';
import { MillraceError } from '../../error.ts';
import type { CheckFile } from '../../format/files.ts';

/** Which of glibc and musl this Node has is a question that only loading answers quickly. */
const names = (process.platform === 'linux' ? ['', '-musl'] : ['']).map(
  (libc) => `${process.platform}-${process.arch}${libc}`,
);

const loaded = new Map<string, NativeAddon | string>();

/** The addon for this platform; else what was looked at, as an error. One beside the bundle has to pass `check`. */
export function findAddon(folder: URL, check?: CheckFile): NativeAddon | MillraceError {
  const tried: string[] = [];
  for (const { path, own } of candidates(folder)) {
    try {
      // Before it is loaded: the code of a truncated file is pages that are not there, and a signal ends the process.
      if (own !== undefined) check?.(own, readFileSync(path));
    } catch (error) {
      if (error instanceof MillraceError) return error;
      tried.push((error as Error).message);
      continue;
    }
    const addon = open(path);
    if (typeof addon !== 'string') return addon;
    tried.push(addon);
  }
  return new MillraceError('ENGINE', 'no native engine was found', {
    expected: names.map((name) => `engine-${name}.node`).join(' or '),
    got: tried.join('; ') || 'none',
    hint: 'Build it with `npm run build:native`, or use engine auto.',
  });
}

interface Candidate {
  readonly path: string;
  /** Its name, if it lies in the bundle. */
  readonly own?: string;
}

function* candidates(folder: URL): Generator<Candidate> {
  const require = createRequire(import.meta.url);
  for (const name of names) {
    const file = `engine-${name}.node`;
    const own = pathOf(new URL(file, folder));
    if (own !== null) yield { path: own, own: file };
    const built = pathOf(new URL(`../../../build/engine/${file}`, import.meta.url));
    if (built !== null) yield { path: built };
    try {
      yield { path: require.resolve(`@millrace/${name}`) };
    } catch {
      // not installed
    }
  }
}

/** null: there is no such file. */
function pathOf(url: URL): string | null {
  const path = url.protocol === 'file:' ? fileURLToPath(url) : '';
  return path !== '' && existsSync(path) ? path : null;
}

function open(path: string): NativeAddon | string {
  const known = loaded.get(path);
  if (known !== undefined) return known;
  const opened = openNow(path);
  loaded.set(path, opened);
  return opened;
}

function openNow(path: string): NativeAddon | string {
  const module = { exports: {} as NativeAddon };
  try {
    process.dlopen(module, path);
  } catch (error) {
    return `${path}: ${(error as Error).message}`;
  }
  return module.exports.abi === abiHash(crc32) ? module.exports : `${path}: of another version`;
}
