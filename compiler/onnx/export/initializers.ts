/**
 * Weights of an exported graph as ONNX tensors: small ones inside the model, the others in a file beside it, each at a
 * multiple of 4 KiB so that a reader can map it. They are read and written in pieces: a model of any size takes the
 * memory of one.
 * Source: ExternalData.md of onnx/onnx (its advice on offsets).
 */

import { type FileHandle, open } from 'node:fs/promises';
import { alignUp } from '../../../runtime/format/alignment.ts';
import type { TypedConstant } from '../../ir/constant.ts';
import { bytesOf } from '../../ir/tensor.ts';
import { byteLength, elementCount, elementSize, type TensorType } from '../../ir/types.ts';
import { ConstantReader } from '../../ops/constants/materialize.ts';

/** Up to here a tensor is bytes of the model: biases and operands, which people look at. */
const inlineBytes = 1024;
const alignment = 4096;
/** Bytes read and written at a time. */
const pieceBytes = 4 * 1024 * 1024;

export interface Initializer {
  readonly name: string;
  readonly type: TensorType;
  /** The elements, or where they are in the file beside the model. */
  readonly place: Uint8Array | { readonly offset: number; readonly length: number };
}

export interface Placement {
  readonly initializers: readonly Initializer[];
  /** Size of the file beside the model; 0 for none. */
  readonly externalBytes: number;
}

/** Decides what goes where, and reads the small ones. */
export function placeInitializers(constants: ReadonlyMap<string, TypedConstant>): Placement {
  const reader = new ConstantReader();
  let end = 0;
  try {
    const initializers = [...constants].map(([name, constant]): Initializer => {
      const { type } = constant;
      const length = byteLength(type);
      if (length <= inlineBytes) return { name, type, place: bytesOf(reader.read(constant)).slice() };
      const offset = alignUp(end, alignment);
      end = offset + length;
      return { name, type, place: { offset, length } };
    });
    return { initializers, externalBytes: end };
  } finally {
    reader.close();
  }
}

/** How the file of weights beside the model is written. */
export interface WriteOptions {
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
  /** Stops the writing at the next piece; what was written is removed. */
  readonly signal?: AbortSignal;
}

/** Writes the file beside the model. */
export async function writeExternal(
  path: string,
  { initializers, externalBytes }: Placement,
  constants: ReadonlyMap<string, TypedConstant>,
  { onProgress, signal }: WriteOptions,
): Promise<void> {
  const reader = new ConstantReader();
  const file = await open(path, 'wx');
  try {
    for (const { name, type, place } of initializers) {
      if (place instanceof Uint8Array) continue;
      const count = elementCount(type.shape);
      const size = elementSize(type.dtype);
      const piece = Math.max(1, Math.floor(pieceBytes / size));
      for (let first = 0; first < count; first += piece) {
        signal?.throwIfAborted();
        const elements = reader.readRange(constants.get(name)!, first, Math.min(piece, count - first));
        const position = place.offset + first * size;
        await writeAll(file, bytesOf(elements), position);
        onProgress?.(position + elements.data.byteLength, externalBytes);
      }
    }
    await file.sync();
  } finally {
    await file.close();
    reader.close();
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.byteLength; ) {
    const { bytesWritten } = await file.write(bytes, at, bytes.byteLength - at, position + at);
    at += bytesWritten;
  }
}
