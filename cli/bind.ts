/** `--bind NAME=VALUE`: inputs of an ONNX model that are baked into the bundle, of the type that the model gives them. */
import { arrayFor, fromNumbers, type Tensor, type TypedArray } from '../compiler/ir/tensor.ts';
import { type DType, isFloat } from '../compiler/ir/types.ts';
import { readNpy } from '../compiler/model/weights/npy.ts';
import { readModel } from '../compiler/onnx/read/model.ts';
import { dtypeOf, elementTypeName, type OnnxValueInfo } from '../compiler/onnx/read/schema.ts';
import { readTensorFile } from '../compiler/onnx/read/tensor-file.ts';
import { MillraceError } from '../runtime/error.ts';

/** Values by name of the input, for `ImportOptions.constants`. */
export function boundConstants(
  path: string,
  bindings: ReadonlyMap<string, string>,
): Record<string, Tensor> | null {
  if (bindings.size === 0) return null;
  const { inputs } = readModel(path).graph;
  const constants = [...bindings].map(([name, value]): [string, Tensor] => {
    const input = inputs.find((candidate) => candidate.name === name);
    if (input === undefined)
      throw new MillraceError('OPTION', 'the model has no such input', {
        at: `--bind ${name}`,
        expected: inputs.map((candidate) => candidate.name).join(', ') || 'no inputs',
      });
    return [name, value.startsWith('@') ? fromFile(value.slice(1)) : fromText(input, value)];
  });
  return Object.fromEntries(constants);
}

const fromFile = (path: string): Tensor =>
  path.endsWith('.pb') ? readTensorFile(path).tensor : readNpy(path);

/** A number is a scalar, or fills the one element that the model asks for; numbers with commas are a vector. */
function fromText({ name, elementType, shape }: OnnxValueInfo, text: string): Tensor {
  const complain = (what: string, expected: string): MillraceError =>
    new MillraceError('OPTION', what, { at: `--bind ${name}`, expected, got: text });
  const dtype = elementType === null ? null : dtypeOf(elementType);
  if (dtype === null) throw complain('can bind numbers only', elementTypeName(elementType ?? 0));
  const list = /^\[(.*)\]$/.exec(text)?.[1] ?? (text.includes(',') ? text : null);
  const words = (list ?? text)
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  if (list === null && words.length !== 1)
    throw complain('is no number', 'a number, numbers with commas, or @file.npy');
  const data = elementsOf(dtype, words);
  if (data === null) throw complain('is no value of the input', `${dtype} elements`);
  const rank = shape?.length ?? (list === null ? 0 : 1);
  if (rank !== (list === null ? 0 : 1) && words.length !== 1)
    throw complain('has another rank than the input', `rank ${rank} (use @file.npy)`);
  return { type: { dtype, shape: rank === 1 ? [words.length] : new Array<number>(rank).fill(1) }, data };
}

/** Null where a word is no element of the type: not a number, a fraction, out of range. */
function elementsOf(dtype: DType, words: readonly string[]): TypedArray | null {
  if (isFloat(dtype)) {
    const values = words.map(Number);
    return values.some(Number.isNaN) ? null : fromNumbers({ dtype, shape: [words.length] }, values).data;
  }
  const data = new (arrayFor(dtype))(words.length);
  for (const [i, word] of words.entries()) {
    const known = word === 'true' ? '1' : word === 'false' ? '0' : word;
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
      if (!/^-?\d+$/.test(known)) return null;
      data[i] = BigInt(known);
      if (data[i] !== BigInt(known)) return null;
      continue;
    }
    data[i] = Number(known);
    if (data[i] !== Number(known)) return null;
  }
  return data;
}
