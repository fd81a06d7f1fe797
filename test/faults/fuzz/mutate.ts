/** Mutations: of bytes, of text, and of decoded values, where they stay what a decoder would have made. */
import type { Random } from '../../support/random.ts';

/** Numbers near which checks are forgotten. */
export const edgeNumber = (random: Random, value: number): number =>
  random.pick([
    ...[0, 1, -1, 2, 63, 64, 255, 256, 4095, 4096, 2 ** 16, 2 ** 20],
    ...[2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 33, 2 ** 52, 2 ** 53 - 1, 2 ** 53, 1e300],
    ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0.5],
    ...[value + 1, value - 1, value + 64, value - 64, value + 4096, value - 4096, value * 2, -value],
    ...[value * 4096, Math.floor(value / 2), 4096 * random.integer(0, 63), 64 * random.integer(0, 4095)],
  ]);

const edgeBigint = (random: Random, value: bigint): bigint =>
  random.pick([
    0n,
    1n,
    -1n,
    value + 1n,
    value - 1n,
    -value,
    value * 2n,
    2n ** 31n,
    2n ** 32n,
    2n ** 62n,
    -(2n ** 63n),
  ]);

const edgeTexts = [
  '',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'a/../../b',
  '/etc/passwd',
  '..',
  'C:\\x',
  '\u0000',
  '\u001b[2J',
  '\n',
  '\u2028',
  '\ud800',
  '💥'.repeat(50),
  'x'.repeat(70_000),
  '*/ throw 1 //',
  "'); process.exit(99); ('",
  ['`$', '{process.exit(99)}`'].join(''),
];

export const edgeText = (random: Random, value: string): string =>
  random.chance(0.3) ? value + random.pick(edgeTexts) : random.pick(edgeTexts);

type Holder = Record<string, unknown> | unknown[];

/** Every field and entry inside `value`, with what holds it. */
function* placesIn(value: unknown): Generator<readonly [Holder, string | number]> {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
  const keys = Array.isArray(value) ? value.keys() : Object.keys(value);
  for (const key of keys) {
    yield [value as Holder, key];
    yield* placesIn((value as Record<string | number, unknown>)[key]);
  }
}

const otherType = (random: Random): unknown =>
  random.pick<unknown>([null, true, '', 'x', 0, [], {}, [[]], { a: 1 }, new Uint8Array(3), [1, 2, 3], -1]);

/** Changes `value` in one to three places: numbers most often, since they are what is computed with. */
export function mutateValue(value: unknown, random: Random): void {
  for (let edits = random.integer(1, 3); edits > 0; edits--) {
    const places = [...placesIn(value)];
    if (places.length === 0) return;
    mutateAt(...random.pick(places), random);
  }
}

function mutateAt(holder: Holder, key: string | number, random: Random): void {
  const record = holder as Record<string | number, unknown>;
  const held = record[key];
  if (random.chance(0.7) && typeof held === 'number') record[key] = edgeNumber(random, held);
  else if (random.chance(0.7) && typeof held === 'string') record[key] = edgeText(random, held);
  else if (random.chance(0.7) && typeof held === 'bigint') record[key] = edgeBigint(random, held);
  else if (random.chance(0.2)) record[key] = otherType(random);
  else if (Array.isArray(holder)) mutateList(holder, key as number, random);
  else if (random.chance(0.3)) delete record[key];
  else record[edgeText(random, String(key))] = held;
}

function mutateList(list: unknown[], at: number, random: Random): void {
  const other = random.integer(0, list.length - 1);
  switch (random.integer(0, 3)) {
    case 0:
      list.splice(at, 1);
      break;
    case 1:
      list.splice(other, 0, structuredClone(list[at]));
      break;
    case 2:
      [list[at], list[other]] = [list[other], list[at]];
      break;
    default:
      list.length = at;
  }
}

/** Changed bits, edge bytes, what is cut, repeated or put elsewhere. */
export function mutateBytes(bytes: Uint8Array, random: Random): Uint8Array {
  // Not `slice`: of a Buffer that is a view.
  let result = Uint8Array.from(bytes);
  for (let edits = random.integer(1, 4); edits > 0 && result.length > 0; edits--) {
    const at = random.integer(0, result.length - 1);
    const length = Math.min(result.length - at, random.integer(1, 16));
    const piece = result.subarray(at, at + length);
    const to = random.integer(0, result.length - 1);
    switch (random.integer(0, 5)) {
      case 0:
        result[at]! ^= 1 << random.integer(0, 7);
        break;
      case 1:
        result[at] = random.pick([0, 1, 0x7f, 0x80, 0xff, 0xc0, 0xdd]);
        break;
      case 2:
        result = Uint8Array.from([...result.subarray(0, at), ...result.subarray(at + length)]);
        break;
      case 3:
        result = Uint8Array.from([...result.subarray(0, to), ...piece, ...result.subarray(to)]);
        break;
      case 4:
        result.set(piece.subarray(0, result.length - to), to);
        break;
      default:
        result = result.slice(0, random.chance(0.2) ? at : result.length);
    }
  }
  return result;
}

/** Lines repeated, dropped, moved; numbers and words replaced. */
export function mutateText(text: string, random: Random): string {
  let lines = text.split('\n');
  for (let edits = random.integer(1, 3); edits > 0; edits--) {
    const at = random.integer(0, lines.length - 1);
    const other = random.integer(0, lines.length - 1);
    switch (random.integer(0, 5)) {
      case 0:
        lines.splice(at, 1);
        break;
      case 1:
        lines.splice(other, 0, lines[at]!);
        break;
      case 2:
        [lines[at], lines[other]] = [lines[other]!, lines[at]!];
        break;
      case 3:
        lines = lines.slice(0, random.chance(0.2) ? at : lines.length);
        break;
      default:
        lines[at] = mutateNumber(lines[at]!, random);
    }
    if (lines.length === 0) return '';
  }
  return lines.join('\n');
}

/** One of the line's numbers becomes another. */
export function mutateNumber(line: string, random: Random): string {
  const numbers = [...line.matchAll(/(?<![\w.])-?\d+(\.\d+)?/g)];
  if (numbers.length === 0) return line;
  const { 0: text, index } = random.pick(numbers);
  return line.slice(0, index) + String(edgeNumber(random, Number(text))) + line.slice(index + text.length);
}
