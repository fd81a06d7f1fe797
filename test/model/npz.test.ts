import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fromNumbers, toNumbers } from '../../compiler/ir/tensor.ts';
import { loadWeights } from '../../compiler/model/weights/load.ts';
import { decodeNpy, encodeNpy, readNpy } from '../../compiler/model/weights/npy.ts';
import { readNpz } from '../../compiler/model/weights/npz.ts';
import type { WeightSet } from '../../compiler/model/weights/weight-set.ts';
import { ConstantReader } from '../../compiler/ops/constants/materialize.ts';
import { withFolder } from '../support/folder.ts';
import { type End, type Part, zipBytes } from './zip-file.ts';

/** Written by NumPy 2.4. */
const fixture = (name: string): string => fileURLToPath(new URL(`npz/${name}`, import.meta.url));
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

const numbersOf = (set: WeightSet, name: string): number[] => {
  const constant = set.get(name);
  assert.ok(constant !== undefined, name);
  return toNumbers(new ConstantReader().read(constant));
};

describe('npz', () => {
  for (const [name, kind] of [
    ['stored.npz', 'file'],
    ['deflated.npz', 'inline'],
  ] as const)
    it(`reads what numpy.savez wrote: ${name}`, () => {
      const set = loadWeights(fixture(name));
      assert.deepEqual([...set.names()], ['fc.weight', 'f', 'c']);
      assert.equal(set.get('fc.weight')?.constant.kind, kind);
      assert.deepEqual(set.get('fc.weight')?.type, { dtype: 'float32', shape: [2, 3] });
      assert.deepEqual(numbersOf(set, 'fc.weight'), upTo(6));
      assert.deepEqual(set.get('f')?.type, { dtype: 'float16', shape: [2, 3, 4] });
      assert.deepEqual(numbersOf(set, 'f'), upTo(24), 'Fortran order');
      assert.deepEqual(numbersOf(set, 'c'), [7]);
      assert.equal(set.get('d'), undefined);
    });

  const npy = encodeNpy(fromNumbers({ dtype: 'float32', shape: [4] }, [1, 2, 3, 4]));
  const a: Part = { name: 'a.npy', bytes: npy };
  const packed: Part = { ...a, deflate: true };
  const write = (folder: string, parts: readonly Part[], end?: End): string => {
    const path = join(folder, 'a.npz');
    writeFileSync(path, zipBytes(parts, end));
    return path;
  };

  it('takes arrays among other files, and a comment at the end', () =>
    withFolder((folder) => {
      const note = { name: 'note.txt', bytes: new Uint8Array(3) };
      const set = loadWeights(write(folder, [note, a], { comment: 'PK\x05\x06 and so on' }));
      assert.deepEqual([...set.names()], ['a']);
      assert.deepEqual(numbersOf(set, 'a'), [1, 2, 3, 4]);
      assert.deepEqual([...loadWeights(write(folder, [])).names()], []);
    }));

  it('holds inflated arrays up to a limit', () =>
    withFolder((folder) => {
      const set = readNpz(write(folder, [packed, { ...packed, name: 'b.npy' }]), 200);
      assert.deepEqual(numbersOf(set, 'a'), [1, 2, 3, 4]);
      assert.deepEqual(numbersOf(set, 'a'), [1, 2, 3, 4], 'a second time costs nothing');
      assert.throws(() => set.get('b'), { code: 'MODEL_UNSUPPORTED' });
    }));

  it('a bomb does not go off', () =>
    withFolder((folder) => {
      const bomb = { ...packed, bytes: new Uint8Array(64 * 1024 * 1024) };
      const lying = readNpz(write(folder, [{ ...bomb, claims: { bytes: 1000 } }]));
      assert.throws(() => lying.get('a'), { code: 'MODEL_INVALID' });
      const honest = readNpz(write(folder, [bomb]), 1024 * 1024);
      assert.throws(() => honest.get('a'), { code: 'MODEL_UNSUPPORTED' });
    }));

  /** Refused on opening. */
  const broken: readonly (readonly [string, readonly Part[], End?])[] = [
    ['a name twice', [a, a]],
    ['entries that are the same bytes', [a, { ...a, name: 'a.npy', claims: { header: 0, name: 'b.npy' } }]],
    [
      'entries that overlap',
      [
        { ...a, claims: { bytes: npy.length + 40, storedBytes: npy.length + 40 } },
        { ...a, name: 'b.npy' },
      ],
    ],
    ['an entry in the directory', [{ ...a, claims: { bytes: npy.length + 1, storedBytes: npy.length + 1 } }]],
    ['an entry beyond the file', [{ ...a, claims: { bytes: 1e9, storedBytes: 1e9 } }]],
    ['an entry elsewhere', [{ ...a, claims: { header: 7 } }]],
    ['an entry nowhere', [{ ...a, claims: { header: 1e9 } }]],
    ['two sizes of a stored entry', [{ ...a, claims: { bytes: 5 } }]],
    ['another name in the directory', [{ ...a, claims: { name: 'b.npy' } }]],
    ['encryption', [{ ...a, claims: { flags: 1 } }]],
    ['another compression', [{ ...a, claims: { method: 12 } }]],
    ['zip64 sizes that are not there', [{ ...a, claims: { bytes: 0xffffffff } }]],
    ['more entries than there are', [a], { count: 2 }],
    ['fewer entries than there are', [a], { count: 0 }],
    ['a directory elsewhere', [a], { start: 3 }],
    ['a directory beyond the file', [a], { start: 1e9 }],
    ['a directory of 4 GB', [a], { bytes: 0xfffffffe }],
    ['a zip64 directory that is not there', [a], { start: 0xffffffff }],
  ];
  for (const [what, parts, end] of broken)
    it(`refuses ${what}`, () =>
      withFolder((folder) => {
        const path = write(folder, parts, end);
        assert.throws(() => loadWeights(path), { code: 'MODEL_INVALID' });
      }));

  /** Refused when the array is asked for. */
  const damaged: readonly (readonly [string, Part])[] = [
    ['another checksum', { ...packed, claims: { crc: 1 } }],
    ['fewer bytes than inflated', { ...packed, claims: { bytes: npy.length - 1 } }],
    ['more bytes than inflated', { ...packed, claims: { bytes: npy.length + 1 } }],
    ['what does not inflate', { ...a, claims: { method: 8 } }],
    ['no array', { name: 'a.npy', bytes: new Uint8Array(100) }],
    ['nothing', { name: 'a.npy', bytes: new Uint8Array(0) }],
  ];
  for (const [what, part] of damaged)
    it(`refuses ${what}`, () =>
      withFolder((folder) => {
        const set = loadWeights(write(folder, [part]));
        assert.throws(() => set.get('a'), { code: 'MODEL_INVALID' });
      }));

  it('refuses a file cut anywhere', () =>
    withFolder((folder) => {
      const whole = zipBytes([a, { ...packed, name: 'b.npy' }]);
      for (let length = 0; length < whole.length; length += 7) {
        const path = join(folder, 'cut.npz');
        writeFileSync(path, whole.subarray(0, length));
        assert.throws(() => loadWeights(path), { code: 'MODEL_INVALID' }, `${length}`);
      }
    }));
});

describe('npy', () => {
  it('in Fortran order is read in C order', () => {
    assert.deepEqual(toNumbers(readNpy(fixture('fortran.npy'))), upTo(24));
    assert.deepEqual(numbersOf(loadWeights(fixture('fortran.npy')), 'fortran'), upTo(24));
  });

  const file = (dictionary: string, elements = 16, version = 1): Uint8Array => {
    const header = Buffer.from(dictionary);
    const head = version === 1 ? Buffer.alloc(10) : Buffer.alloc(12);
    head.write('\x93NUMPY', 'latin1');
    head[6] = version;
    if (version === 1) head.writeUInt16LE(header.length, 8);
    else head.writeUInt32LE(header.length, 8);
    return Buffer.concat([head, header, Buffer.alloc(elements)]);
  };
  const right = "{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }\n";

  it('takes all versions and orders of entries', () => {
    for (const version of [1, 2, 3]) assert.equal(decodeNpy('a', file(right, 16, version)).data.length, 4);
    const other = "{'shape': (2L, 2L), 'descr': '=f4' , 'fortran_order':True}";
    assert.deepEqual(decodeNpy('a', file(other)).type, { dtype: 'float32', shape: [2, 2] });
    const none = "{'descr': '|b1', 'fortran_order': False, 'shape': (0, 9007199254740993)}";
    assert.equal(decodeNpy('a', file(none, 0)).data.length, 0);
  });

  const hostile: Readonly<Record<string, Uint8Array>> = {
    'pickled objects': file(right.replace('<f4', '|O')),
    'big-endian numbers': file(right.replace('<f4', '>f4')),
    'a structured type': file(right.replace("'<f4'", "[('a', '<f4')]")),
    'a key twice': file(right.replace('}', "'shape': (4,)}")),
    'a key missing': file(right.replace("'fortran_order': False,", '')),
    'another key': file(right.replace('}', "'x': True}")),
    'a call instead of a shape': file(right.replace('(4,)', 'f(4)')),
    'a negative dimension': file(right.replace('(4,)', '(-4,)')),
    'huge dimensions': file(right.replace('(4,)', `(${'9'.repeat(30)}, 9)`)),
    'a product that wraps': file(right.replace('(4,)', '(4294967296, 4294967296, 4)')),
    'digits without end': file(right.replace('(4,)', `(${'1'.repeat(30_000)}x)`)),
    'more elements than there are': file(right.replace('(4,)', '(5,)')),
    'more bytes than elements': file(right, 17),
    'a header beyond the file': file(right).subarray(0, 30),
    'a header of 4 GB': Buffer.concat([
      Buffer.from('\x93NUMPY\x02\x00\xff\xff\xff\xff', 'latin1'),
      Buffer.alloc(100),
    ]),
    'no dictionary': file('[]'),
  };
  for (const [what, bytes] of Object.entries(hostile))
    it(`refuses ${what}`, () =>
      withFolder((folder) => {
        assert.throws(() => decodeNpy('a', bytes), { code: 'INPUT' });
        const path = join(folder, 'a.npy');
        writeFileSync(path, bytes);
        assert.throws(() => loadWeights(path), { code: 'MODEL_INVALID' });
      }));
});
