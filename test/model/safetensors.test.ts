import assert from 'node:assert/strict';
import { mkdirSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { numberToFloat16, toNumbers } from '../../compiler/ir/tensor.ts';
import { loadWeights } from '../../compiler/model/weights/load.ts';
import { parseStrictJson } from '../../compiler/model/weights/strict-json.ts';
import type { WeightSet } from '../../compiler/model/weights/weight-set.ts';
import { ConstantReader } from '../../compiler/ops/constants/materialize.ts';
import { MillraceError } from '../../runtime/error.ts';
import { withFolder } from '../support/folder.ts';
import { safetensorsBytes, writeFloats } from './safetensors-file.ts';

const numbersOf = (set: WeightSet, name: string): number[] => {
  const constant = set.get(name);
  assert.ok(constant !== undefined, name);
  return toNumbers(new ConstantReader().read(constant));
};

const f32 = (shape: readonly number[], begin: number, end: number) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

describe('safetensors', () => {
  it('tensors are byte ranges of the file', () =>
    withFolder((folder) => {
      const path = join(folder, 'a.safetensors');
      writeFloats(path, { b: { shape: [2, 2], values: [1, 2, 3, 4] }, a: { shape: [], values: [5] } });
      const set = loadWeights(path);
      assert.deepEqual([...set.names()], ['b', 'a']);
      assert.deepEqual(set.get('b')?.type, { dtype: 'float32', shape: [2, 2] });
      assert.equal(set.get('b')?.constant.kind, 'file');
      assert.deepEqual(numbersOf(set, 'b'), [1, 2, 3, 4]);
      assert.deepEqual(numbersOf(set, 'a'), [5]);
      assert.equal(set.get('c'), undefined);
      assert.equal(set.get('__proto__'), undefined);
    }));

  it('reads every dtype, bfloat16 as float32; empty tensors; metadata; padding', () =>
    withFolder((folder) => {
      const path = join(folder, 'a.safetensors');
      const buffer = new ArrayBuffer(32);
      const view = new DataView(buffer);
      for (const [i, bits] of [0x3f80, 0xc020, 0x7f80, 0x0001].entries()) view.setUint16(2 * i, bits, true);
      view.setUint16(8, numberToFloat16(-1.5), true);
      view.setUint16(10, numberToFloat16(65504), true);
      view.setInt32(12, -7, true);
      view.setBigInt64(16, -8n, true);
      view.setInt8(24, -3);
      view.setUint8(25, 200);
      view.setUint8(26, 1);
      view.setUint8(27, 0x38);
      const header = {
        __metadata__: { format: 'pt' },
        half: { dtype: 'F16', shape: [2], data_offsets: [8, 12] },
        brain: { dtype: 'BF16', shape: [4], data_offsets: [0, 8] },
        int: { dtype: 'I32', shape: [1], data_offsets: [12, 16] },
        long: { dtype: 'I64', shape: [], data_offsets: [16, 24] },
        byte: { dtype: 'I8', shape: [1], data_offsets: [24, 25] },
        none: { dtype: 'F32', shape: [3, 0, 2 ** 40], data_offsets: [25, 25] },
        unsigned: { dtype: 'U8', shape: [1], data_offsets: [25, 26] },
        bool: { dtype: 'BOOL', shape: [1], data_offsets: [26, 27] },
        tiny: { dtype: 'F8_E4M3', shape: [1], data_offsets: [27, 28] },
        ['__proto__']: { dtype: 'U32', shape: [1], data_offsets: [28, 32] },
      };
      const text = JSON.stringify(header);
      writeFileSync(path, safetensorsBytes(`${text}   `, new Uint8Array(buffer)));
      const set = loadWeights(path);
      assert.deepEqual(set.get('brain')?.type, { dtype: 'float32', shape: [4] });
      assert.deepEqual(numbersOf(set, 'brain'), [1, -2.5, Number.POSITIVE_INFINITY, 2 ** -133]);
      assert.equal(set.get('half')?.type.dtype, 'float16');
      assert.deepEqual(numbersOf(set, 'half'), [-1.5, 65504]);
      assert.deepEqual(numbersOf(set, 'int'), [-7]);
      assert.deepEqual(numbersOf(set, 'long'), [-8]);
      assert.deepEqual(numbersOf(set, 'byte'), [-3]);
      assert.deepEqual(numbersOf(set, 'none'), []);
      assert.deepEqual(numbersOf(set, 'unsigned'), [200]);
      assert.deepEqual(numbersOf(set, 'bool'), [1]);
      assert.deepEqual(numbersOf(set, '__proto__'), [0]);
      assert.throws(() => set.get('tiny'), { code: 'MODEL_UNSUPPORTED' });
    }));

  const eight = new Uint8Array(8);
  const hostile: readonly (readonly [string, Uint8Array])[] = [
    ['empty', new Uint8Array(0)],
    ['seven bytes', new Uint8Array(7)],
    ['a header longer than the file', safetensorsBytes('{}', eight, 11n)],
    ['a header of 2^63 bytes', safetensorsBytes('{}', eight, 2n ** 63n)],
    ['a header beyond the limit', safetensorsBytes('{}', eight, 100_000_001n)],
    ['a header of no bytes', safetensorsBytes('', eight)],
    ['no JSON', safetensorsBytes('{"a":', eight)],
    ['an array', safetensorsBytes('[]')],
    ['a space before the object', safetensorsBytes(' {}')],
    ['something after the object', safetensorsBytes('{} x')],
    ['not UTF-8', safetensorsBytes('{}').fill(0xff, 8)],
    ['a nest of arrays', safetensorsBytes(`{"a":${'['.repeat(100_000)}`)],
    ['an unfinished string', safetensorsBytes('{"a')],
    ['an unfinished escape', safetensorsBytes('{"a\\')],
    ['metadata that is not text', safetensorsBytes({ __metadata__: { a: 1 } })],
    [
      'a name twice',
      safetensorsBytes(
        `{"a":${JSON.stringify(f32([1], 0, 4))},"a":${JSON.stringify(f32([1], 4, 8))}}`,
        eight,
      ),
    ],
    [
      'a name twice, once escaped',
      safetensorsBytes(
        `{"a":${JSON.stringify(f32([1], 0, 4))},"\\u0061":${JSON.stringify(f32([1], 4, 8))}}`,
        eight,
      ),
    ],
    [
      'a key of a tensor twice',
      safetensorsBytes('{"a":{"dtype":"F32","shape":[2],"shape":[1],"data_offsets":[0,8]}}', eight),
    ],
    ['an entry that is a number', safetensorsBytes({ a: 1 })],
    ['an entry without shape', safetensorsBytes({ a: { dtype: 'F32', data_offsets: [0, 8] } }, eight)],
    ['an entry with more', safetensorsBytes({ a: { ...f32([2], 0, 8), strides: [1] } }, eight)],
    ['an unknown dtype', safetensorsBytes({ a: { ...f32([2], 0, 8), dtype: 'toString' } }, eight)],
    ['a dtype that is a number', safetensorsBytes({ a: { ...f32([2], 0, 8), dtype: 1 } }, eight)],
    ['a negative dimension', safetensorsBytes({ a: f32([-2], 0, 8) }, eight)],
    ['a fractional dimension', safetensorsBytes({ a: f32([0.5, 4], 0, 8) }, eight)],
    ['a dimension that is text', safetensorsBytes({ a: { ...f32([2], 0, 8), shape: ['2'] } }, eight)],
    ['huge dimensions', safetensorsBytes({ a: f32([2 ** 40, 2 ** 40], 0, 8) }, eight)],
    [
      'dimensions whose product wraps to the size',
      safetensorsBytes({ a: f32([2 ** 32, 2 ** 32, 2], 0, 8) }, eight),
    ],
    ['a million dimensions', safetensorsBytes({ a: f32(new Array<number>(100_000).fill(1), 0, 4) }, eight)],
    ['offsets backwards', safetensorsBytes({ a: f32([2], 8, 0) }, eight)],
    ['three offsets', safetensorsBytes({ a: { ...f32([2], 0, 8), data_offsets: [0, 8, 8] } }, eight)],
    ['offsets beyond the file', safetensorsBytes({ a: f32([4], 0, 16) }, eight)],
    ['offsets beyond all files', safetensorsBytes({ a: f32([2], 2 ** 53 - 8, 2 ** 53) }, eight)],
    ['fewer bytes than the shape', safetensorsBytes({ a: f32([3], 0, 8) }, eight)],
    [
      'a fraction of a byte',
      safetensorsBytes({ a: { dtype: 'F4', shape: [3], data_offsets: [0, 1] } }, eight),
    ],
    ['an overlap', safetensorsBytes({ a: f32([1], 0, 4), b: f32([2], 0, 8) }, eight)],
    ['a gap', safetensorsBytes({ a: f32([1], 0, 4), b: f32([0], 8, 8) }, eight)],
    ['a gap at the beginning', safetensorsBytes({ a: f32([1], 4, 8) }, eight)],
    ['bytes after the last tensor', safetensorsBytes({ a: f32([1], 0, 4) }, eight)],
    ['bytes and no tensor', safetensorsBytes('{}', eight)],
    ['an empty tensor inside another', safetensorsBytes({ a: f32([2], 0, 8), b: f32([0], 4, 4) }, eight)],
  ];
  for (const [what, bytes] of hostile)
    it(`refuses ${what}`, () =>
      withFolder((folder) => {
        const path = join(folder, 'a.safetensors');
        writeFileSync(path, bytes);
        assert.throws(() => loadWeights(path), { code: 'MODEL_INVALID' });
      }));

  it('refuses what is no file', () =>
    withFolder((folder) => {
      assert.throws(() => loadWeights(join(folder, 'none.safetensors')), { code: 'MODEL_READ' });
      mkdirSync(join(folder, 'b'));
      assert.throws(() => loadWeights(join(folder, 'b')), { code: 'MODEL_READ' });
      writeFileSync(join(folder, 'a.bin'), '');
      assert.throws(() => loadWeights(join(folder, 'a.bin')), { code: 'MODEL_UNSUPPORTED' });
    }));

  it('says so when the file is cut after it was opened', () =>
    withFolder((folder) => {
      const path = join(folder, 'a.safetensors');
      writeFloats(path, { a: { shape: [2], values: [1, 2] } });
      const set = loadWeights(path);
      truncateSync(path, statSync(path).size - 1);
      assert.throws(() => numbersOf(set, 'a'), MillraceError);
    }));
});

describe('sharded safetensors', () => {
  const write = (folder: string, map: Readonly<Record<string, unknown>>): string => {
    writeFloats(join(folder, 'm-1.safetensors'), { a: { shape: [1], values: [1] } });
    writeFloats(join(folder, 'm-2.safetensors'), { b: { shape: [1], values: [2] } });
    const index = join(folder, 'model.safetensors.index.json');
    writeFileSync(index, JSON.stringify({ metadata: { total_size: 8 }, weight_map: map }));
    return index;
  };
  const right = { a: 'm-1.safetensors', b: 'm-2.safetensors' };

  it('are one set, by index or folder', () =>
    withFolder((folder) => {
      const set = loadWeights(write(folder, right));
      assert.deepEqual([...set.names()], ['a', 'b']);
      assert.deepEqual(numbersOf(set, 'b'), [2]);
      assert.deepEqual(numbersOf(loadWeights(folder), 'a'), [1]);
    }));

  it('several files are one set, unless a name is in two', () =>
    withFolder((folder) => {
      write(folder, right);
      const [one, two] = [join(folder, 'm-1.safetensors'), join(folder, 'm-2.safetensors')];
      assert.deepEqual([...loadWeights([one, two]).names()], ['a', 'b']);
      assert.throws(() => loadWeights([one, one]), { code: 'MODEL_INVALID' });
    }));

  it('may be links into the cache of the hub, and nowhere else', () =>
    withFolder((folder) => {
      const [blobs, snapshot] = [join(folder, 'hub', 'blobs'), join(folder, 'hub', 'snapshots', 'r')];
      mkdirSync(blobs, { recursive: true });
      mkdirSync(snapshot, { recursive: true });
      writeFloats(join(blobs, '0a1b'), { a: { shape: [1], values: [1] } });
      symlinkSync('../../blobs/0a1b', join(snapshot, 'm.safetensors'));
      const index = join(snapshot, 'model.safetensors.index.json');
      writeFileSync(index, JSON.stringify({ weight_map: { a: 'm.safetensors' } }));
      assert.deepEqual(numbersOf(loadWeights(index), 'a'), [1]);

      writeFloats(join(folder, 'secret.safetensors'), { a: { shape: [1], values: [1] } });
      symlinkSync('../../../secret.safetensors', join(snapshot, 's.safetensors'));
      writeFileSync(index, JSON.stringify({ weight_map: { a: 's.safetensors' } }));
      assert.throws(() => loadWeights(index), { code: 'MODEL_EXTERNAL_DATA' });
    }));

  const hostile: readonly (readonly [string, Readonly<Record<string, unknown>>, string])[] = [
    ['a path upwards', { a: '../m-1.safetensors' }, 'MODEL_INVALID'],
    ['an absolute path', { a: '/etc/passwd.safetensors' }, 'MODEL_INVALID'],
    ['a path of Windows', { a: 'c:m.safetensors' }, 'MODEL_INVALID'],
    ['a backslash', { a: 'x\\m.safetensors' }, 'MODEL_INVALID'],
    ['another file', { a: 'passwd' }, 'MODEL_INVALID'],
    ['a number', { a: 3 }, 'MODEL_INVALID'],
    ['a missing shard', { a: 'm-3.safetensors' }, 'MODEL_READ'],
    ['a tensor that its shard has not', { ...right, c: 'm-1.safetensors' }, 'MODEL_INVALID'],
    ['a tensor in the wrong shard', { a: 'm-2.safetensors', b: 'm-1.safetensors' }, 'MODEL_INVALID'],
    ['a tensor too few', { a: 'm-1.safetensors', c: 'm-2.safetensors' }, 'MODEL_INVALID'],
  ];
  for (const [what, map, code] of hostile)
    it(`refuse ${what}`, () =>
      withFolder((folder) => {
        const index = write(folder, map);
        assert.throws(() => loadWeights(index), { code });
      }));

  it('refuse an index that is none', () =>
    withFolder((folder) => {
      const index = join(folder, 'a.safetensors.index.json');
      for (const text of ['', '[]', '{}', '{"weight_map":[]}', '{"weight_map":{"a":"x","a":"y"}}']) {
        writeFileSync(index, text);
        assert.throws(() => loadWeights(index), { code: 'MODEL_INVALID' }, text);
      }
    }));
});

describe('strict JSON', () => {
  it('agrees with JSON.parse where names are unique', () => {
    const plain = (value: unknown): unknown => {
      if (value instanceof Map) return Object.fromEntries([...value].map(([k, v]) => [k, plain(v)]));
      return Array.isArray(value) ? value.map(plain) : value;
    };
    for (const text of [
      ' { "a" : [ 1 , -2.5e3, true, false, null, "\\u00e9\\n\\"" ] , "" : {} } ',
      '"x"',
      '[[],[0]]',
      '1e400',
    ])
      assert.deepEqual(plain(parseStrictJson(text)), JSON.parse(text));
    for (const text of [
      '',
      '01',
      '1.',
      '+1',
      '{a:1}',
      '[1,]',
      '{"a":1,}',
      '"\t"',
      '"\\x"',
      'nul',
      '1 2',
      "'a'",
      '[',
      '{"a" 1}',
    ])
      assert.throws(() => parseStrictJson(text), SyntaxError, text);
  });
});
