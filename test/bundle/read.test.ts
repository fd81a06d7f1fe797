/** manifest.bin as an attacker or a bad disk would hand it over: a typed error each time, never another. */
import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { MillraceError } from '../../runtime/error.ts';
import { RESIDENT } from '../../runtime/format/format.ts';
import { encodeHeader } from '../../runtime/format/header.ts';
import { readManifest as readWith } from '../../runtime/format/read.ts';
import { chain, encode } from '../support/chain.ts';

const readManifest = (file: Uint8Array) => readWith(file, crc32);

const { manifest } = chain({ layers: 3, width: 16, rows: 1, host: true });
const file = encode(manifest);
const isCode = (code: string, text?: RegExp) => (error: unknown) => {
  assert.ok(error instanceof MillraceError, String(error));
  assert.equal(error.code, code);
  if (text !== undefined) assert.match(error.message, text);
  return true;
};

type Json = { [key: string]: Json } & Json[] & (string | number);
/** The manifest with one place changed. */
function changed(path: string, value: unknown): Uint8Array {
  const copy = structuredClone(manifest) as unknown as Json;
  const keys = path.split('.');
  const last = keys.pop()!;
  let at = copy;
  for (const key of keys) at = at[key]!;
  if (value === undefined) delete at[last];
  else at[last] = value as Json;
  return encode(copy);
}

describe('reading a manifest', () => {
  it('gives back what was written', () => assert.deepEqual(readManifest(file), manifest));

  it('adds what is held beside the arena to the plans of earlier compilers', () => {
    const plans = manifest.plans.map(({ arenaBytes, peakBytes, lowerBoundBytes, ...plan }) => ({
      ...plan,
      peakBytes: arenaBytes,
      lowerBoundBytes: lowerBoundBytes - manifest.fixedBytes,
    }));
    assert.deepEqual(readManifest(encode({ ...manifest, plans } as unknown as typeof manifest)), manifest);
  });

  it('ignores fields of later compilers', () =>
    assert.deepEqual(readManifest(changed('hint', { any: 1 })), manifest));

  it('refuses other files, and damaged ones', () => {
    assert.throws(() => readManifest(new Uint8Array(0)), isCode('BUNDLE_INVALID', /too short/));
    assert.throws(() => readManifest(file.subarray(0, 20)), isCode('BUNDLE_INVALID', /too short/));
    assert.throws(() => readManifest(file.subarray(0, -1)), isCode('BUNDLE_INVALID', /length/));
    assert.throws(() => readManifest(new Uint8Array(100)), isCode('BUNDLE_INVALID', /not a manifest/));
    assert.throws(() => readManifest(Buffer.concat([file, file])), isCode('BUNDLE_INVALID', /length/));
    const other = file.slice();
    other[8] = 2;
    assert.throws(() => readManifest(other), isCode('BUNDLE_VERSION', /version 2/));
  });

  it('refuses every flipped bit', () => {
    for (let at = 0; at < file.length; at++) {
      const flipped = file.slice();
      flipped[at]! ^= 1 << (at % 8);
      assert.throws(() => readManifest(flipped), MillraceError, `byte ${at}`);
    }
  });

  const cases: readonly [path: string, value: unknown, says: RegExp][] = [
    ['compiler', 7, /compiler: not text/],
    ['model', null, /model: not a record/],
    ['model.flops', Number.NaN, /model\.flops: not an amount/],
    ['values', 0, /values: not an integer/],
    ['steps', 2 ** 40, /steps/],
    ['inputs.0.dtype', 'float8', /inputs\[0\]\.dtype: unknown element type/],
    ['inputs.0.dtype', '__proto__', /unknown element type/],
    ['inputs.0.value', 0, /inputs\[0\]\.value/],
    ['inputs.0.byteLength', 65, /does not fit the shape/],
    ['inputs.0.shape', [2 ** 30, 2 ** 30], /does not fit the shape/],
    ['inputs.1', manifest.inputs[0], /name used twice/],
    ['outputs.0.sized', 0, /outputs\[0\]\.sized: no shape/],
    ['outputs.0.sized', 99, /outputs\[0\]\.sized: no shape/],
    ['segments', {}, /segments: not a list/],
    ['segments.0.offset', 1.5, /segments\[0\]\.offset/],
    ['segments.0.offset', 9007199254740993n, /segments\[0\]\.offset/],
    ['segments.0.byteLength', 4095, /not aligned/],
    ['segments.0.byteLength', 0, /segments\[0\]\.byteLength/],
    ['segments.0.byteLength', 8192, /segments overlap/],
    ['segments.1.offset', 0, /segments overlap/],
    ['segments.2.offset', 2 ** 40, /outside weights\.bin/],
    ['segments.0.crc32', -1, /crc32/],
    ['segments.0.firstUse', 3, /before the first use/],
    ['segments.2.firstUse', 0, /segments out of order/],
    ['segments.2.lastUse', 99, /lastUse/],
    ['weights.0.segment', 3, /weights\[0\]\.segment/],
    ['weights.0.offset', 32, /not aligned/],
    ['weights.0.offset', 4096, /outside its segment/],
    ['weights.1.value', manifest.weights[0]!.value, /value placed twice/],
    ['layers.0.steps', 9, /steps past the end/],
    ['plans', [], /no plan/],
    ['plans.0.peakBytes', 2 ** 30, /not arena and fixed part/],
    ['plans.1.peakBytes', 0, /plans out of order/],
    ['plans.0.arenaBytes', 0, /segmentOffsets|not arena and fixed part/],
    ['plans.0.issue', [-1, 0], /issue: length/],
    ['plans.0.issue.0', -3, /issue\[0\]/],
    ['plans.0.issue.1', 3, /issue\[1\]/],
    ['plans.0.issue.0', 0, /read after its first use/],
    ['plans.0.segmentOffsets.1', 64, /not aligned/],
    ['plans.0.segmentOffsets.1', manifest.plans[0]!.arenaBytes, /outside the arena/],
    ['plans.3.segmentOffsets.1', manifest.plans[3]!.segmentOffsets[0], /overlaps a resident segment/],
    ['plans.0.issue.2', RESIDENT, /overlaps a resident segment/],
    ['plans.0.valueOffsets.1', -1, /"x" outside the arena/],
    ['plans.0.valueOffsets.1', manifest.plans[0]!.arenaBytes, /"x" outside the arena/],
    ['lifetimes.1.byteLength', 2 ** 30, /lifetimes\[1\] outside the arena/],
    ['plans.0.valueOffsets.0', 0, /not an activation/],
    ['plans.0.valueOffsets.6', 0, /not an activation/],
    ['plans.0.depth', 4, /depth/],
    ['hostOps.0', 1, /hostOps\[0\]: not text/],
    ['fixedBytes', undefined, /fixedBytes/],
  ];
  for (const [path, value, says] of cases) {
    const shown = typeof value === 'bigint' ? `${value}n` : (JSON.stringify(value) ?? 'nothing');
    it(`refuses ${path} = ${shown.slice(0, 40)}`, () => {
      assert.throws(() => readManifest(changed(path, value)), isCode('BUNDLE_INVALID', says));
    });
  }

  it('refuses reads out of order', () => {
    const late = chain({ layers: 4, width: 16, rows: 1 }).manifest;
    const plans = structuredClone(late.plans) as unknown as { issue: number[] }[];
    plans[0]!.issue = [-1, 0, 0, -1];
    assert.throws(
      () => readManifest(encode({ ...late, plans })),
      isCode('BUNDLE_INVALID', /reads out of order/),
    );
  });

  it('refuses payloads that are no msgpack, or a bomb of it', () => {
    const wrap = (payload: Uint8Array) => Buffer.concat([encodeHeader(payload), payload]);
    for (const payload of [
      [],
      [0xc1],
      [0xdd, 255, 255, 255, 255],
      [0xc6, 255, 255, 255, 255],
      [0x80],
      [0xc0],
    ])
      assert.throws(() => readManifest(wrap(Uint8Array.from(payload))), isCode('BUNDLE_INVALID'));
    assert.throws(() => readManifest(wrap(new Uint8Array(1 << 20).fill(0x91))), isCode('BUNDLE_INVALID'));
  });

  it('gives a typed error or a manifest for any mutation of the payload', () => {
    const payload = new Packr({ useRecords: false }).pack(manifest);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(payload.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (edits) => {
          const mutated = payload.slice();
          for (const [at, byte] of edits) mutated[at] = byte;
          try {
            readManifest(Buffer.concat([encodeHeader(mutated), mutated]));
          } catch (error) {
            assert.ok(error instanceof MillraceError, String(error));
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});
