/**
 * NumPy's `.npy`: magic, version, a Python dictionary with dtype, order and shape, then the elements.
 * Little-endian, versions 1 to 3; Fortran order becomes a transpose of what is stored. Pickled objects, which are
 * programs, and structured types are refused.
 * Source: numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { MillraceError } from '../../../runtime/error.ts';
import type { Constant, TypedConstant } from '../../ir/constant.ts';
import { bytesOf, type Tensor } from '../../ir/tensor.ts';
import { byteLength, type DType, type Shape } from '../../ir/types.ts';
import { ConstantReader } from '../../ops/constants/materialize.ts';
import { applied } from '../../ops/constants/recipes.ts';
import { withWeightsFile } from './weights-file.ts';

const magic = '\x93NUMPY';
/** Bytes that may precede the elements; NumPy itself reads no header beyond 10,000 unless told to. */
export const MAX_NPY_HEADER = 64 * 1024;

const descriptors: Readonly<Record<DType, string>> = {
  float32: '<f4',
  float16: '<f2',
  float64: '<f8',
  int8: '|i1',
  uint8: '|u1',
  int16: '<i2',
  uint16: '<u2',
  int32: '<i4',
  uint32: '<u4',
  int64: '<i8',
  uint64: '<u8',
  bool: '|b1',
};

export interface NpyHeader {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly fortranOrder: boolean;
  /** Where the elements begin. */
  readonly start: number;
}

type Complaint = (expected: string, got: string) => MillraceError;

const complaint =
  (code: 'INPUT' | 'MODEL_INVALID', at: string): Complaint =>
  (expected, got) =>
    new MillraceError(code, 'is not a readable .npy file', { at, expected, got });

/** Reads the header from the first bytes of a file of `size` bytes. */
export function parseNpyHeader(
  at: string,
  head: Uint8Array,
  size: number,
  code: 'INPUT' | 'MODEL_INVALID' = 'MODEL_INVALID',
): NpyHeader {
  const invalid = complaint(code, at);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const start = head.length < 12 ? '' : latin1(head.subarray(0, 6));
  if (start !== magic) throw invalid('the magic of NumPy', JSON.stringify(start));
  const version = head[6]!;
  if (version < 1 || version > 3) throw invalid('format version 1 to 3', `${version}`);
  const first = version === 1 ? 10 : 12;
  const end = first + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (end > size) throw invalid(`a header of ${end - first} bytes`, 'the end of the file');
  if (end > head.length) throw invalid(`a header of at most ${MAX_NPY_HEADER} bytes`, `${end - first}`);
  const text = latin1(head.subarray(first, end));
  const fields = readDictionary(text);
  if (fields === null) throw invalid("a dictionary of 'descr', 'fortran_order' and 'shape'", text.trim());
  const descr = fields.descr.slice(1, -1);
  const dtype = (Object.keys(descriptors) as DType[]).find(
    (key) => descriptors[key] === descr || descriptors[key].replace('<', '=') === descr,
  );
  if (dtype === undefined) throw invalid(Object.values(descriptors).join(' '), descr);
  const shape = (fields.shape.match(/\d+/g) ?? []).map(Number);
  const length = shape.includes(0) ? 0 : byteLength({ dtype, shape });
  if (!Number.isSafeInteger(length) || size - end !== length)
    throw invalid(`${length} bytes of elements`, `${size - end}`);
  return { dtype, shape, fortranOrder: fields.order === 'True', start: end };
}

/** The three entries as they are written, in any order, each once; null for anything else. */
function readDictionary(text: string): { descr: string; order: string; shape: string } | null {
  const body = /^\s*\{(.*)\}\s*$/s.exec(text)?.[1];
  if (body === undefined) return null;
  const found = new Map<string, string>();
  // The comma is optional before the parenthesis only: with a choice anywhere else, a long number could be split in
  // many ways, and trying them all would take forever.
  const entry = /\s*'(\w+)'\s*:\s*('[^'\\]*'|True|False|\((?:\s*\d+L?\s*(?:,|(?=\))))*\s*\))\s*(?:,|$)/y;
  while (entry.lastIndex < body.length && body.slice(entry.lastIndex).trim() !== '') {
    const match = entry.exec(body);
    if (match === null || found.has(match[1]!)) return null;
    found.set(match[1]!, match[2]!);
  }
  const [descr, order, shape] = ['descr', 'fortran_order', 'shape'].map((key) => found.get(key));
  const right = descr?.startsWith("'") && /^[TF]/.test(order ?? '') && shape?.startsWith('(');
  return found.size === 3 && right && descr && order && shape ? { descr, order, shape } : null;
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** The elements behind a header as a constant in row-major order; `stored` are they as they lie in the file. */
export function npyConstant({ dtype, shape, fortranOrder }: NpyHeader, stored: Constant): TypedConstant {
  const columns = fortranOrder && shape.filter((dim) => dim !== 1).length > 1;
  if (!columns) return { type: { dtype, shape }, constant: stored };
  const perm = shape.map((_, axis) => shape.length - 1 - axis);
  return applied('transpose', [{ type: { dtype, shape: [...shape].reverse() }, constant: stored }], { perm });
}

/** A `.npy` file whose elements stay where they are. */
export const npyRecipe = (path: string): TypedConstant =>
  withWeightsFile(path, (file) => {
    const head = file.bytes(0, Math.min(file.size, MAX_NPY_HEADER));
    const header = parseNpyHeader(path, head, file.size);
    return npyConstant(header, { kind: 'file', path, offset: header.start });
  });

export function decodeNpy(name: string, bytes: Uint8Array): Tensor {
  const header = parseNpyHeader(name, bytes.subarray(0, MAX_NPY_HEADER), bytes.length, 'INPUT');
  const constant: Constant = { kind: 'inline', bytes: bytes.subarray(header.start) };
  return new ConstantReader().read(npyConstant(header, constant));
}

export function encodeNpy({ type, data }: Tensor): Uint8Array {
  // A tuple of one element has a comma after it.
  const shape = type.shape.length === 1 ? `${type.shape[0]},` : type.shape.join(', ');
  const header = `{'descr': '${descriptors[type.dtype]}', 'fortran_order': False, 'shape': (${shape}), }`;
  // Magic, version and length take 10 bytes; all is padded to 64 with spaces and ends in a newline.
  const padded = Math.ceil((10 + header.length + 1) / 64) * 64 - 10;
  const bytes = new Uint8Array(10 + padded + data.byteLength);
  bytes.set(Buffer.from(`${magic}\x01\0`, 'latin1'));
  new DataView(bytes.buffer).setUint16(8, padded, true);
  bytes.set(Buffer.from(`${header.padEnd(padded - 1)}\n`, 'latin1'), 10);
  bytes.set(bytesOf({ type, data }), 10 + padded);
  return bytes;
}

/** A `.npy` file, read whole: the input of a run. */
export function readNpy(path: string): Tensor {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new MillraceError('INPUT', 'cannot be read', {
      at: path,
      got: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  }
  return decodeNpy(path, bytes);
}

export const writeNpy = (path: string, tensor: Tensor): void => writeFileSync(path, encodeNpy(tensor));
