/** Tensors for tests: random ones, and comparing two. */
import assert from 'node:assert/strict';
import { type Graph, valueAt } from '../../compiler/ir/graph.ts';
import { fromNumbers, type Tensor, toNumbers } from '../../compiler/ir/tensor.ts';
import { elementCount, formatType, isFloat, type TensorType } from '../../compiler/ir/types.ts';
import { Random } from './random.ts';

export function randomTensor(type: TensorType, seed: number): Tensor {
  const random = new Random(seed);
  const element = isFloat(type.dtype) ? () => 2 * random.next() - 1 : () => random.integer(0, 1);
  return fromNumbers(type, Array.from({ length: elementCount(type.shape) }, element));
}

/** A random tensor for every input of a graph, by name. */
export const randomInputs = (graph: Graph, seed: number): Map<string, Tensor> =>
  new Map(
    graph.inputs.map((id, i) => {
      const { name, type } = valueAt(graph, id);
      return [name, randomTensor(type, seed + i)];
    }),
  );

/** Asserts equal types, and elements equal within `tolerance` of the largest (or of 1, if that is larger). */
export function assertClose(actual: Tensor, expected: Tensor, tolerance: number, message = ''): void {
  assert.equal(formatType(actual.type), formatType(expected.type), message);
  const [a, e] = [toNumbers(actual), toNumbers(expected)];
  const scale = e.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 1);
  for (const [i, x] of e.entries()) {
    const equal = Object.is(a[i], x) || a[i] === x || Math.abs(a[i]! - x) <= tolerance * scale;
    if (!equal) assert.fail(`${message}: element ${i} is ${a[i]}, expected ${x}`);
  }
}
