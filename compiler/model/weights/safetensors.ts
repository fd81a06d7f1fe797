/**
 * safetensors: eight bytes with the length of a JSON header, the header, and the elements of all tensors in one
 * buffer. Only the header is read; tensors become byte ranges. What a file claims is checked against the file before
 * anything is believed: the invariant of the result is that every tensor's bytes are in the file and are its alone.
 *
 *   { "__metadata__": {"format": "pt"}, "fc.weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]} }
 *
 * Source: github.com/huggingface/safetensors, README "Format": no duplicate names, the buffer fully covered, no
 * overlaps, header at most 100 MB (its MAX_HEADER_SIZE).
 */
import type { TypedConstant } from '../../ir/constant.ts';
import { elementTypes, typedConstant } from './element-types.ts';
import { type Json, parseStrictJson } from './strict-json.ts';
import type { WeightSet } from './weight-set.ts';
import { type WeightsFile, withWeightsFile } from './weights-file.ts';

const MAX_HEADER = 100_000_000;
/** Ranks beyond it no op has; a header could otherwise hold one tensor of a million dimensions. */
const MAX_RANK = 64;

export interface StoredTensor {
  readonly element: string;
  readonly shape: readonly number[];
  /** Bytes of the file. */
  readonly start: number;
  readonly end: number;
}

/** A safetensors file as a set of byte ranges. */
export function readSafetensors(path: string): WeightSet {
  const tensors = withWeightsFile(path, readDirectory);
  const get = (name: string): TypedConstant | undefined => {
    const tensor = tensors.get(name);
    if (tensor === undefined) return undefined;
    return typedConstant(name, tensor.element, tensor.shape, {
      kind: 'file',
      path,
      offset: tensor.start,
    });
  };
  return { names: () => tensors.keys(), get };
}

/** The tensors of a file, in the order of their bytes. */
export function readDirectory(file: WeightsFile): ReadonlyMap<string, StoredTensor> {
  if (file.size < 8) throw file.invalid('is too short for a safetensors file', { got: `${file.size} bytes` });
  const length = new DataView(file.bytes(0, 8).buffer).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER))
    throw file.invalid('claims a header larger than any reader accepts', {
      expected: `at most ${MAX_HEADER} bytes`,
      got: `${length}`,
      hint: 'This may be no safetensors file.',
    });
  const start = 8 + Number(length);
  if (start > file.size)
    throw file.invalid('ends within its header', {
      expected: `${start} bytes at least`,
      got: `${file.size}`,
    });
  const header = parseHeader(file, file.bytes(8, Number(length)));
  const tensors: [string, StoredTensor][] = [];
  for (const [name, entry] of header)
    if (name === '__metadata__') checkMetadata(file, entry);
    else tensors.push([name, readEntry(file, name, entry, start)]);
  tensors.sort(([, a], [, b]) => a.start - b.start || a.end - b.end);
  checkCoverage(file, tensors, start);
  return new Map(tensors);
}

function parseHeader(file: WeightsFile, bytes: Uint8Array): ReadonlyMap<string, Json> {
  let header: Json;
  try {
    header = parseStrictJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw file.invalid('has a header that is not valid JSON', {
      got: cause instanceof Error ? cause.message : String(cause),
    });
  }
  if (!(header instanceof Map) || bytes[0] !== 0x7b)
    throw file.invalid('has a header that is no JSON object', { expected: '{ at its first byte' });
  return header;
}

function checkMetadata(file: WeightsFile, metadata: Json): void {
  if (!(metadata instanceof Map) || [...metadata.values()].some((value) => typeof value !== 'string'))
    throw file.invalid('has metadata of another form', { expected: 'text by name' });
}

function readEntry(file: WeightsFile, name: string, entry: Json, bufferStart: number): StoredTensor {
  const wrong = (what: string, expected: string, got: string) =>
    file.invalid(`tensor ${JSON.stringify(name)}: ${what}`, { expected, got });
  if (!(entry instanceof Map)) throw wrong('entry', 'an object', typeof entry);
  const known = ['dtype', 'shape', 'data_offsets'];
  const strange = [...entry.keys()].filter((key) => !known.includes(key));
  if (strange.length > 0 || entry.size !== known.length)
    throw wrong('entry', known.join(', '), [...entry.keys()].join(', '));
  const element = entry.get('dtype');
  if (typeof element !== 'string' || !Object.hasOwn(elementTypes, element))
    throw wrong('dtype', Object.keys(elementTypes).join(', '), JSON.stringify(element));
  const shape = counts(entry.get('shape'));
  if (shape === null || shape.length > MAX_RANK)
    throw wrong('shape', `at most ${MAX_RANK} whole numbers from 0 on`, describe(entry.get('shape')));
  const offsets = counts(entry.get('data_offsets'));
  const [begin, end] = offsets ?? [];
  if (offsets?.length !== 2 || begin === undefined || end === undefined || begin > end)
    throw wrong(
      'data_offsets',
      'two whole numbers, begin and end of its bytes',
      describe(entry.get('data_offsets')),
    );
  const bytes = bytesOfShape(shape, elementTypes[element]!.bits);
  if (bytes !== end - begin)
    throw wrong(
      'data_offsets',
      bytes === null
        ? 'a shape of a whole number of bytes'
        : `${bytes} bytes for ${element} [${shape.join(', ')}]`,
      `${end - begin} bytes, ${element} [${shape.join(', ')}]`,
    );
  if (bufferStart + end > file.size)
    throw wrong('lies beyond the end of the file', `at most ${file.size - bufferStart}`, `${end}`);
  return { element, shape, start: bufferStart + begin, end: bufferStart + end };
}

/** Bytes of a tensor; null if that is no whole number, or none a double can count. */
function bytesOfShape(shape: readonly number[], bits: number): number | null {
  // Zero first: [2⁵², 2⁵², 0] is an empty tensor.
  const total = shape.includes(0) ? 0 : shape.reduce((product, dim) => product * dim, bits);
  return Number.isSafeInteger(total) && total % 8 === 0 ? total / 8 : null;
}

/** Tensors touch without gap or overlap from the first to the last byte of the buffer. */
function checkCoverage(
  file: WeightsFile,
  tensors: readonly (readonly [string, StoredTensor])[],
  bufferStart: number,
): void {
  let at = bufferStart;
  let before = 'the header';
  for (const [name, { start, end }] of tensors) {
    if (start !== at)
      throw file.invalid(
        start < at
          ? `tensor ${JSON.stringify(name)} overlaps ${before}`
          : `has bytes that belong to no tensor before ${JSON.stringify(name)}`,
        { expected: `offset ${at - bufferStart}`, got: `${start - bufferStart}` },
      );
    at = end;
    before = JSON.stringify(name);
  }
  if (at !== file.size)
    throw file.invalid('has bytes after its last tensor', { expected: `${at} bytes`, got: `${file.size}` });
}

function counts(value: Json | undefined): readonly number[] | null {
  const fits = (item: Json): item is number =>
    typeof item === 'number' && Number.isSafeInteger(item) && item >= 0;
  return Array.isArray(value) && value.every(fits) ? value : null;
}

const describe = (value: Json | undefined): string =>
  value instanceof Map ? 'an object' : (JSON.stringify(value)?.slice(0, 100) ?? 'nothing');
