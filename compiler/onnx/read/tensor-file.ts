/** A tensor as a file of its own: a serialised TensorProto, as ONNX's test data has it. */
import { MillraceError } from '../../../runtime/error.ts';
import { bytesOf, fromNumbers, type Tensor, tensorFromBytes } from '../../ir/tensor.ts';
import { elementCount } from '../../ir/types.ts';
import { ByteSource } from './byte-source.ts';
import { numbersOf, storageOf } from './narrow.ts';
import { elementTypeOf } from './schema.ts';
import { readTensor } from './tensor.ts';
import { Message, wire } from './wire.ts';

export interface NamedTensor {
  readonly name: string;
  readonly tensor: Tensor;
}

/** Reads a `.pb` file. What is no tensor (a sequence, say) is MODEL_INVALID, of a foreign type MODEL_UNSUPPORTED. */
export function readTensorFile(path: string): NamedTensor {
  const source = ByteSource.open(path);
  try {
    return readTensorFrom(source);
  } finally {
    source.close();
  }
}

export const decodeTensor = (name: string, bytes: Uint8Array): NamedTensor =>
  readTensorFrom(ByteSource.of(name, bytes));

function readTensorFrom(source: ByteSource): NamedTensor {
  const { name, dims, dtype, payload, narrow } = readTensor(
    new Message(source, 'TensorProto', 0, source.size),
  );
  if (payload.kind === 'unsupported' || payload.kind === 'external' || dtype === null)
    throw new MillraceError('MODEL_UNSUPPORTED', 'cannot be read as a tensor', {
      at: source.path,
      got: payload.kind === 'unsupported' ? payload.reason : 'external data',
    });
  const bytes =
    payload.kind === 'inline' ? payload.bytes : source.copy(payload.offset, payload.offset + payload.length);
  if (narrow === undefined) return { name, tensor: tensorFromBytes({ dtype, shape: dims }, bytes) };
  const count = elementCount(dims);
  const lying = tensorFromBytes({ dtype, shape: [storageOf(narrow, count).count] }, bytes);
  const numbers = numbersOf(narrow, lying.data as ArrayLike<number>, count);
  return { name, tensor: fromNumbers({ dtype: narrow.wide, shape: dims }, numbers) };
}

/** A TensorProto with its elements in raw_data. */
export function encodeTensor(name: string, { type, data }: Tensor): Uint8Array {
  const text = new TextEncoder().encode(name);
  const raw = bytesOf({ type, data });
  const head = [
    ...type.shape.flatMap((dim) => [...tag(1, wire.varint), ...varint(dim)]),
    ...tag(2, wire.varint),
    ...varint(elementTypeOf(type.dtype)),
    ...tag(8, wire.bytes),
    ...varint(text.length),
    ...text,
    ...tag(9, wire.bytes),
    ...varint(raw.length),
  ];
  const bytes = new Uint8Array(head.length + raw.length);
  bytes.set(head);
  bytes.set(raw, head.length);
  return bytes;
}

const tag = (number: number, type: number): number[] => varint(number * 8 + type);

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return bytes;
}
