/**
 * `toSafetensors`: parameters of a network, or any tensors, as a safetensors file. Recipes are evaluated a slice at a
 * time on their way to the file, so it may be larger than memory. The file appears when it is complete.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { MillraceError } from '../../../runtime/error.ts';
import type { TypedConstant } from '../../ir/constant.ts';
import type { Graph } from '../../ir/graph.ts';
import { bytesOf } from '../../ir/tensor.ts';
import { byteLength, elementCount, elementSize } from '../../ir/types.ts';
import { ConstantReader } from '../../ops/constants/materialize.ts';
import type { Model } from '../define.ts';
import { elementTypeOf } from './element-types.ts';
import { isWeightSet, type WeightSet } from './weight-set.ts';

const SLICE = 4 * 1024 * 1024;

/** Recipes, or arrays of one axis, by name. */
export type Tensors = Readonly<Record<string, TypedConstant | Float32Array>>;

/** Options of `toSafetensors`. */
export interface SafetensorsOptions {
  /** Text by name, kept in the file. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Writes a file of weights; one that is there is replaced once the new one is complete.
 * @throws MillraceError OUTPUT where it can not be written, MODEL_INVALID for a name that two tensors have, MODEL_READ where a
 * file that weights come from has gone.
 * @example toSafetensors('digits.safetensors', model, { metadata: { epoch: '12' } });
 */
export function toSafetensors(
  path: string,
  source: Model | Graph | WeightSet | Tensors,
  options: SafetensorsOptions = {},
): void {
  // Wider elements first: every tensor begins at a multiple of its element size, as readers that map the file like.
  const tensors = [...tensorsOf(source)].sort(
    ([, a], [, b]) => elementSize(b.type.dtype) - elementSize(a.type.dtype),
  );
  const temporary = `${path}.tmp-${randomBytes(6).toString('hex')}`;
  const reader = new ConstantReader();
  try {
    const fd = openSync(temporary, 'wx');
    try {
      writeAll(fd, encodeHeader(tensors, options.metadata));
      for (const [, tensor] of tensors) {
        const count = elementCount(tensor.type.shape);
        const step = SLICE / elementSize(tensor.type.dtype);
        for (let first = 0; first < count; first += step)
          writeAll(fd, bytesOf(reader.readRange(tensor, first, Math.min(step, count - first))));
      }
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    if (cause instanceof MillraceError) throw cause;
    throw new MillraceError('OUTPUT', `could not be written: ${(cause as Error).message}`, {
      at: path,
      cause,
    });
  } finally {
    reader.close();
  }
}

function tensorsOf(source: Model | Graph | WeightSet | Tensors): Map<string, TypedConstant> {
  if (isWeightSet(source))
    return new Map(
      [...source.names()].flatMap((name) => {
        const tensor = source.get(name);
        return tensor === undefined ? [] : [[name, tensor] as const];
      }),
    );
  if (isGraph(source)) return parametersOf(source);
  if ('graph' in source && isGraph(source.graph)) return parametersOf(source.graph);
  return new Map(
    Object.entries(source as Tensors).map(([name, tensor]) => [
      name,
      tensor instanceof Float32Array ? vectorOf(tensor) : tensor,
    ]),
  );
}

const isGraph = (value: unknown): value is Graph =>
  typeof value === 'object' && value !== null && 'nodes' in value && 'values' in value;

const vectorOf = (array: Float32Array): TypedConstant => ({
  type: { dtype: 'float32', shape: [array.length] },
  constant: { kind: 'inline', bytes: new Uint8Array(array.buffer, array.byteOffset, array.byteLength) },
});

/** Constants of rank 1 and more: the others are numbers in the network's formulas. */
function parametersOf(graph: Graph): Map<string, TypedConstant> {
  const parameters = new Map<string, TypedConstant>();
  for (const { name, type, constant } of graph.values.values()) {
    if (constant === undefined || type.shape.length === 0) continue;
    const known = parameters.get(name);
    if (known !== undefined && known.constant !== constant)
      throw new MillraceError('MODEL_INVALID', 'is the name of two constants', { at: name });
    parameters.set(name, { type, constant });
  }
  return parameters;
}

/** Length, then JSON padded with spaces so that the elements begin at a multiple of 8. */
function encodeHeader(
  tensors: readonly (readonly [string, TypedConstant])[],
  metadata: Readonly<Record<string, string>> | undefined,
): Uint8Array {
  let at = 0;
  const entries = tensors.map(([name, { type }]) => {
    if (name === '__metadata__')
      throw new MillraceError('MODEL_INVALID', 'no tensor may have this name', { at: name });
    const begin = at;
    at += byteLength(type);
    const entry = { dtype: elementTypeOf(type.dtype), shape: type.shape, data_offsets: [begin, at] };
    return `${JSON.stringify(name)}:${JSON.stringify(entry)}`;
  });
  if (metadata !== undefined) entries.unshift(`"__metadata__":${JSON.stringify(metadata)}`);
  const json = new TextEncoder().encode(`{${entries.join(',')}}`);
  const header = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - 8), true);
  header.set(json, 8);
  return header;
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done);
}
