/** The cases of a folder, and what they give a model and expect of it: `.pb` by position, or `.npz` by name. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TypedConstant } from '../../compiler/ir/constant.ts';
import { fromNumbers, type Tensor, toNumbers } from '../../compiler/ir/tensor.ts';
import { readNpz } from '../../compiler/model/weights/npz.ts';
import { dtypeOf, type OnnxValueInfo } from '../../compiler/onnx/read/schema.ts';
import { readTensorFile } from '../../compiler/onnx/read/tensor-file.ts';
import { ConstantReader } from '../../compiler/ops/constants/materialize.ts';

export interface ListedCase {
  /** `origin/path`, the name in the record. */
  readonly name: string;
  /** Another runtime reproduces what the case expects. */
  readonly reproduced: boolean;
  readonly ops: readonly string[];
  /** Of the default domain; 0 where there is none. */
  readonly opset: number;
}

/** `CASES.tsv`: origin, case, verdict of another runtime, deviation, bytes, ops, opset. */
export function listCases(folder: string): ListedCase[] {
  const [, ...lines] = readFileSync(join(folder, 'CASES.tsv'), 'utf8').trim().split('\n');
  return lines.map((line) => {
    const [origin = '', path = '', verdict = '', , , ops = '', opset = ''] = line.split('\t');
    return {
      name: `${origin}/${path}`,
      reproduced: verdict === 'ok',
      ops: ops.replaceAll('::', ':').split(' ').filter(Boolean),
      opset: Number.parseInt(opset, 10) || 0,
    };
  });
}

export const modelFile = (folder: string): string =>
  ['model.onnx', 'network.onnx'].map((name) => join(folder, name)).find(existsSync) ??
  join(folder, 'model.onnx');

/** Tensors by the name of the input; what the case leaves out is an optional input that is absent. */
export const readInputs = (folder: string, values: readonly OnnxValueInfo[]): Map<string, Tensor> =>
  readSide(folder, values, 'input');

export const readOutputs = (folder: string, values: readonly OnnxValueInfo[]): Map<string, Tensor> =>
  readSide(folder, values, 'output');

function readSide(
  folder: string,
  values: readonly OnnxValueInfo[],
  side: 'input' | 'output',
): Map<string, Tensor> {
  const set = join(folder, 'test_data_set_0');
  if (existsSync(set))
    return new Map(
      values.flatMap(({ name }, i) => {
        const file = join(set, `${side}_${i}.pb`);
        return existsSync(file) ? [[name, readTensorFile(file).tensor] as const] : [];
      }),
    );
  const own = join(folder, `${side}s.npz`);
  const apart = existsSync(own);
  const arrays = readNpz(apart ? own : join(folder, 'io.npz'));
  // A file of one side alone may have names of its own, in the order of the model's.
  const names = apart ? [...arrays.names()] : [];
  const reader = new ConstantReader();
  try {
    return new Map(
      values.flatMap((value, i) => {
        const array = arrays.get(value.name) ?? arrays.get(names[i] ?? '');
        return array === undefined ? [] : [[value.name, ofType(reader.read(array), value, array)] as const];
      }),
    );
  } finally {
    reader.close();
  }
}

/** Arrays of such files may be of a wider type than the model's, with the same numbers. */
function ofType(tensor: Tensor, { elementType }: OnnxValueInfo, { type }: TypedConstant): Tensor {
  const dtype = elementType === null ? null : dtypeOf(elementType);
  if (dtype === null || dtype === type.dtype) return tensor;
  return fromNumbers({ dtype, shape: type.shape }, toNumbers(tensor));
}
