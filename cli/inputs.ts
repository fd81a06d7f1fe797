/** Inputs of a run, from files or made up. */

import { fromNumbers, type Tensor } from '../compiler/ir/tensor.ts';
import { type DType, elementCount, formatType, isFloat, sameShape } from '../compiler/ir/types.ts';
import { readNpy } from '../compiler/model/weights/npy.ts';
import { MillraceError } from '../runtime/error.ts';
import type { TensorPort } from '../runtime/model.ts';
import { assignment } from './command.ts';
import { randomNumbers } from './random.ts';

/** `NAME=FILE.npy | FILE.pb | random[:SEED] | zeros`, one for each; inputs not named are `random:0`. */
export async function readInputs(
  ports: readonly TensorPort[],
  given: readonly string[],
  help: string,
): Promise<Record<string, Tensor['data']>> {
  const sources = new Map(given.map((text) => assignment(text, 'input', help)));
  for (const name of sources.keys())
    if (!ports.some((port) => port.name === name))
      throw new MillraceError('INPUT', `there is no input "${name}"`, {
        expected: ports.map((port) => port.name).join(', '),
      });
  const inputs: [string, Tensor['data']][] = [];
  for (const port of ports)
    inputs.push([port.name, await readInput(port, sources.get(port.name) ?? 'random:0')]);
  return Object.fromEntries(inputs);
}

async function readInput(port: TensorPort, source: string): Promise<Tensor['data']> {
  const type = { dtype: port.dtype as DType, shape: port.shape };
  if (source === 'zeros') return fromNumbers(type, []).data;
  const random = /^random(?::(\d+))?$/.exec(source);
  if (random !== null) return randomTensor(type, Number(random[1] ?? 0)).data;
  const tensor = source.endsWith('.pb') ? await readProto(source) : readNpy(source);
  const sameCount = elementCount(tensor.type.shape) === elementCount(port.shape);
  if (tensor.type.dtype !== port.dtype || !(sameShape(tensor.type.shape, port.shape) || sameCount))
    throw new MillraceError('INPUT', 'does not fit the input', {
      at: `${port.name}=${source}`,
      expected: formatType(type),
      got: formatType(tensor.type),
    });
  return tensor.data;
}

/** The reader of ONNX files is loaded only for those who have one. */
async function readProto(path: string): Promise<Tensor> {
  const { readTensorFile } = await import('../compiler/onnx/read/tensor-file.ts');
  return readTensorFile(path).tensor;
}

/** Floats in [−1, 1), integers in [0, 2): small enough to be indices; the same everywhere for a seed. */
export function randomTensor(type: Tensor['type'], seed: number): Tensor {
  const next = randomNumbers(seed);
  const values = Array.from({ length: elementCount(type.shape) }, () =>
    isFloat(type.dtype) ? next() * 2 - 1 : Math.floor(next() * 2),
  );
  return fromNumbers(type, values);
}
