/** Engines of another version, whose kernels may mean something else: refused before they compute anything. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { abiHash } from '../../runtime/engine/abi-hash.ts';
import { MillraceError } from '../../runtime/error.ts';
import { load } from '../../runtime/node.ts';
import { chain, writeBundle } from '../support/chain.ts';

const files = { 'engine.wasm': 'wasm-simd128', 'engine-relaxed.wasm': 'wasm-relaxed-simd' } as const;

/** The instruction `i32.const hash`, as every engine has it once. */
function constant(hash: number): Buffer {
  const bytes = [0x41];
  for (let rest = hash | 0; ; ) {
    const low = rest & 0x7f;
    rest >>= 7;
    const done = (rest === 0 && low < 0x40) || (rest === -1 && low >= 0x40);
    bytes.push(done ? low : low | 0x80);
    if (done) return Buffer.from(bytes);
  }
}

/** Replaces the only occurrence. */
function replaced(bytes: Buffer, from: Buffer, to: Buffer): Buffer {
  const at = bytes.indexOf(from);
  assert.ok(at >= 0 && bytes.indexOf(from, at + 1) < 0, 'once');
  assert.equal(from.length, to.length);
  return Buffer.concat([bytes.subarray(0, at), to, bytes.subarray(at + from.length)]);
}

const named = (name: string): Buffer => Buffer.from(`${String.fromCharCode(name.length)}${name}\0`);

describe('the version of an engine', () => {
  for (const [file, isa] of Object.entries(files)) {
    const loading = async (damage: (bytes: Buffer) => Buffer): Promise<void> => {
      const folder = await writeBundle(chain({ layers: 3, width: 16 }));
      try {
        const path = join(folder.path, file);
        await writeFile(path, damage(await readFile(path)));
        const model = await load(folder.path, { engine: 'wasm', isa: isa as 'wasm-simd128', threads: 1 });
        await model.close();
      } finally {
        await folder.remove();
      }
    };
    const refused = (got: RegExp) => (error: unknown) => {
      assert.ok(error instanceof MillraceError, String(error));
      assert.equal(error.code, 'ENGINE');
      assert.equal(error.at, file);
      assert.match(String(error.got), got);
      assert.match(String(error.hint), /Compile the bundle again/);
      return true;
    };
    const hash = abiHash(crc32);

    it(`is the runtime's, as ${file} is built`, () => loading((bytes) => bytes));

    it(`is compared: ${file} of another table of kernels is refused`, () =>
      assert.rejects(
        loading((bytes) => replaced(bytes, constant(hash), constant(hash ^ 1))),
        refused(/^\d+$/),
      ));

    it(`must be there: ${file} that does not tell it is refused`, () =>
      assert.rejects(
        loading((bytes) => replaced(bytes, named('abi'), named('old'))),
        refused(/^none$/),
      ));
  }
});
