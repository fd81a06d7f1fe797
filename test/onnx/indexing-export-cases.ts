/** Networks of ops that read, write and search at indices, to be written as ONNX. */
import type { DType, Shape } from '../../compiler/ir/types.ts';
import type { Case, Operand } from './export-cases.ts';

const x = (...shape: number[]): Operand => ({ shape });
const ints = (...shape: number[]): Operand => ({ shape, dtype: 'int64' });
const given = (dtype: DType, shape: Shape, values: readonly number[]): Operand => ({ dtype, shape, values });

const reductions = ['none', 'add', 'mul', 'min', 'max'];
const places = given('int64', [2, 3], [0, -1, 1, 2, 0, 0]);
const rows = given('int64', [3, 1], [0, -1, 0]);

export const indexingCases: readonly Case[] = [
  { op: 'gatherElements', inputs: [x(3, 4), places], attrs: { axis: 0 } },
  {
    op: 'gatherElements',
    inputs: [ints(3, 4), given('int32', [2, 5], [0, 1, -1, 3, 2, 0, 0, 0, 0, 1])],
    attrs: { axis: 1 },
  },
  { op: 'gatherPoints', inputs: [x(3, 4, 2), given('int64', [2, 2], [0, -1, 2, 0])] },
  { op: 'gatherPoints', inputs: [x(2, 4, 2), given('int32', [2, 1], [3, -2])], attrs: { batches: 1 } },
  ...reductions.flatMap((reduction): Case[] => [
    { op: 'scatterElements', inputs: [x(3, 4), places, x(2, 3)], attrs: { axis: 0, reduction } },
    { op: 'scatterPoints', inputs: [x(3, 4), rows, x(3, 4)], attrs: { reduction } },
  ]),
  { op: 'scatterPoints', inputs: [x(3, 4), given('int32', [1, 2], [2, -1]), x(1)] },
  {
    op: 'tensorScatter',
    inputs: [x(2, 4, 3), x(2, 2, 3), given('int64', [2], [3, 0])],
    attrs: { axis: 1, circular: true },
  },
  { op: 'oneHot', inputs: [given('int64', [2, 2], [0, -1, 3, 1]), x(2)], attrs: { depth: 3, axis: 1 } },
  { op: 'argMax', inputs: [x(2, 5, 3)], attrs: { axis: 1 } },
  { op: 'argMax', inputs: [given('float32', [4], [1, 2, 2, 0])], attrs: { axis: 0, last: true } },
  { op: 'argMin', inputs: [x(2, 5)], attrs: { axis: 1, keepDims: false } },
  { op: 'topK', inputs: [x(3, 7)], attrs: { k: 3, axis: 1 } },
  { op: 'topK', inputs: [x(3, 7)], attrs: { k: 2, axis: 0, largest: false } },
  { op: 'cumSum', inputs: [x(3, 4)], attrs: { axis: 1 } },
  { op: 'cumSum', inputs: [ints(3, 4)], attrs: { axis: 0, exclusive: true, reverse: true } },
  { op: 'cumProd', inputs: [x(3, 4)], attrs: { axis: 1 } },
  { op: 'reverseSequence', inputs: [x(4, 3, 2), given('int64', [3], [1, 4, 2])] },
  {
    op: 'reverseSequence',
    inputs: [x(2, 3), given('int64', [2], [3, 2])],
    attrs: { batchAxis: 0, timeAxis: 1 },
  },
];
