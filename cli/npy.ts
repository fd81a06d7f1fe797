/**
 * NumPy's `.npy`: magic, version, a Python dictionary with dtype, order and shape, then the elements.
 * Source: numpy.org/doc/stable/reference/generated/numpy.lib.format.html. Little-endian, C order; versions 1 to 3.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { bytesOf, type Tensor, tensorFromBytes } from '../compiler/ir/tensor.ts';
import { byteLength, type DType } from '../compiler/ir/types.ts';
import { MillraceError } from '../runtime/error.ts';

const magic = '\x93NUMPY';
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

export function decodeNpy(name: string, bytes: Uint8Array): Tensor {
  const invalid = (expected: string, got: string): MillraceError =>
    new MillraceError('INPUT', 'is not a readable .npy file', { at: name, expected, got });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = bytes.length < 12 ? '' : Buffer.from(bytes.subarray(0, 6)).toString('latin1');
  if (start !== magic) throw invalid('the magic of NumPy', JSON.stringify(start));
  const version = bytes[6]!;
  if (version < 1 || version > 3) throw invalid('format version 1 to 3', `${version}`);
  const first = version === 1 ? 10 : 12;
  const end = first + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (end > bytes.length) throw invalid(`a header of ${end - first} bytes`, 'the end of the file');
  const header = Buffer.from(bytes.subarray(first, end)).toString('latin1');
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(header)?.[1] ?? '';
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(header)?.[1] ?? '';
  const dims = /'shape'\s*:\s*\(([\d,\sL]*)\)/.exec(header)?.[1];
  const dtype = (Object.keys(descriptors) as DType[]).find(
    (key) => descriptors[key] === descr || descriptors[key].replace('<', '=') === descr,
  );
  if (dtype === undefined) throw invalid(Object.values(descriptors).join(' '), descr || header);
  if (dims === undefined) throw invalid('a shape', header);
  const shape = (dims.match(/\d+/g) ?? []).map(Number);
  if (order !== 'False' && shape.length > 1) throw invalid('C order', 'Fortran order');
  const type = { dtype, shape };
  if (!Number.isSafeInteger(byteLength(type)) || bytes.length - end !== byteLength(type))
    throw invalid(`${byteLength(type)} bytes of elements`, `${bytes.length - end}`);
  return tensorFromBytes(type, bytes.subarray(end));
}

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
