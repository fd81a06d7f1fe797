/** The manifest's decoder: what another encoder writes reads back, and no bytes make it hold much or throw anything else. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { decodeMsgpack } from '../../runtime/format/msgpack.ts';

const limits = { depth: 8, containers: 1000, values: 10_000 };
const pack = (value: unknown): Uint8Array =>
  new Packr({ useRecords: false, variableMapSize: true }).pack(value);

const leaf = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.maxSafeInteger(),
  // The encoder writes -0 as 0.
  fc.double({ noNaN: true }).map((value) => value + 0),
  fc.string({ unit: 'binary', maxLength: 300 }),
);
const key = fc.string({ maxLength: 20 }).filter((text) => text !== '__proto__');
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', maxDepth: 6 },
    leaf,
    fc.array(tie('tree'), { maxLength: 20 }),
    fc.dictionary(key, tie('tree'), { maxKeys: 20, noNullPrototype: true }),
  ),
}));

describe('the msgpack decoder', () => {
  it('reads what an encoder of the format writes', () => {
    fc.assert(
      fc.property(tree, (value) => {
        assert.deepEqual(decodeMsgpack(pack(value), { depth: 99, containers: 1e6, values: 1e6 }), value);
      }),
    );
  });

  it('reads every width of a number and of a length', () => {
    const numbers = [0, 127, 128, 255, 256, 65535, 65536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1];
    for (const value of [...numbers, ...numbers.map((number) => -number - 1), 0.5, -1e300, Infinity])
      assert.equal(decodeMsgpack(pack(value), limits), value);
    for (const length of [0, 31, 32, 33, 255, 256, 65535, 65536]) {
      assert.equal(decodeMsgpack(pack('x'.repeat(length)), limits), 'x'.repeat(length));
      assert.equal(decodeMsgpack(pack('é'.repeat(length)), limits), 'é'.repeat(length));
    }
    const large = { depth: 8, containers: 10, values: 1e6 };
    for (const length of [15, 16, 65535, 65536])
      assert.equal((decodeMsgpack(pack(Array(length).fill(7)), large) as unknown[]).length, length);
    assert.deepEqual(decodeMsgpack(Uint8Array.of(0xc4, 2, 1, 2), limits), Uint8Array.of(1, 2));
    assert.deepEqual(decodeMsgpack(Uint8Array.of(0xcf, 255, 0, 0, 0, 0, 0, 0, 0), limits), 255n << 56n);
  });

  it('refuses what is no manifest, at the byte where it is found', () => {
    const refused: readonly [readonly number[], RegExp][] = [
      [[], /^byte 0: ends early$/],
      [[0xc1], /^byte 0: type 0xc1$/],
      [[0x91, 0xd4, 1, 2], /^byte 1: type 0xd4$/],
      [[0x81, 1, 2], /^byte 1: not a key$/],
      [[0x81, 0xa9, ...Buffer.from('__proto__'), 0x80], /^byte 1: not a key$/],
      [[0xa5, 65], /^byte 1: ends early$/],
      [[0xa1, 0xff], /not valid/],
      [[0xcb, 1, 2], /^byte 1: ends early$/],
      [[1, 2], /^byte 1: more after the value$/],
      [Array(9).fill(0x91), /nested more than 8 deep/],
    ];
    for (const [bytes, message] of refused)
      assert.throws(() => decodeMsgpack(Uint8Array.from(bytes), limits), { message }, String(bytes));
  });

  it('makes no more than its limits, whatever is asked for', () => {
    const empty = (count: number) => {
      const bytes = new Uint8Array(5 + count).fill(0x80);
      bytes.set([0xdd]);
      new DataView(bytes.buffer).setUint32(1, count);
      return bytes;
    };
    assert.equal((decodeMsgpack(empty(900), limits) as unknown[]).length, 900);
    assert.throws(() => decodeMsgpack(empty(1000), limits), /more than 1000 arrays and maps/);
    assert.throws(() => decodeMsgpack(empty(20_000_000), limits), /more than 10000 values/);
    // Four billion entries in five bytes.
    for (const type of [0xdd, 0xdf])
      assert.throws(() => decodeMsgpack(Uint8Array.of(type, 255, 255, 255, 255), limits), /more than/);
    assert.throws(() => decodeMsgpack(Uint8Array.of(0xdc, 0, 200), limits), /ends early/);
  });

  it('throws nothing but Errors, on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        try {
          decodeMsgpack(bytes, limits);
        } catch (error) {
          assert.ok(error instanceof Error && !(error instanceof RangeError), String(error));
        }
      }),
      { numRuns: 3000 },
    );
  });
});
