/** What the op tests share: tensors from literals, seeded random tensors, and an op run through its definition. */

import assert from 'node:assert/strict';
import { randomNumbers } from '../../cli/random.ts';
import type { Attrs } from '../../compiler/ir/constant.ts';
import { fromNumbers, type Tensor, toNumbers } from '../../compiler/ir/tensor.ts';
import {
  type DType,
  elementCount,
  formatType,
  type Shape,
  type TensorType,
} from '../../compiler/ir/types.ts';
import { opOf, signatures } from '../../compiler/ops/index.ts';
import { MillraceError } from '../../runtime/error.ts';

export const tensor = (shape: Shape, values: readonly number[], dtype: DType = 'float32'): Tensor => {
  assert.equal(values.length, elementCount(shape), 'literal of the wrong length');
  return fromNumbers({ dtype, shape }, values);
};

/** 0, 1, 2, … in a shape. */
export const iota = (shape: Shape, dtype: DType = 'float32'): Tensor =>
  tensor(
    shape,
    Array.from({ length: elementCount(shape) }, (_, i) => i),
    dtype,
  );

/** Random elements in [−1, 1). */
export function randomTensor(shape: Shape, seed: number, dtype: DType = 'float32'): Tensor {
  const next = randomNumbers(seed);
  return tensor(
    shape,
    Array.from({ length: elementCount(shape) }, () => 2 * next() - 1),
    dtype,
  );
}

export const typeOf = (input: Tensor | null): TensorType | null => input?.type ?? null;

export const inferOp = (op: string, inputs: readonly (TensorType | null)[], attrs: Attrs = {}) =>
  signatures.infer(op, inputs, signatures.complete(op, attrs));

/** Types of inputs written as `[1,4,4,3] - [8]`: a shape each, `-` for an absent one. */
export const typesOf = (shapes: string, dtype: DType = 'float32'): (TensorType | null)[] =>
  shapes.split(' ').map((shape) => (shape === '-' ? null : { dtype, shape: JSON.parse(shape) as number[] }));

/** Output types as `float32[1,2]`. */
export const inferred = (op: string, shapes: string, attrs: Attrs = {}): string =>
  inferOp(op, typesOf(shapes), attrs).map(formatType).join(' ');

/** Infers, then evaluates. */
export function runOp(op: string, inputs: readonly (Tensor | null)[], attrs: Attrs = {}): Tensor[] {
  const complete = signatures.complete(op, attrs);
  const outputs = signatures.infer(op, inputs.map(typeOf), complete);
  const results = opOf(op).evaluate(inputs, complete, outputs);
  assert.deepEqual(results.map(typeOf), [...outputs]);
  return [...results];
}

/** Numbers of the first output. */
export const values = (op: string, inputs: readonly (Tensor | null)[], attrs: Attrs = {}): number[] =>
  toNumbers(runOp(op, inputs, attrs)[0]!);

/** Every element within `tolerance` of the expected, absolutely or relative to it. */
export function assertClose(
  actual: readonly number[],
  expected: readonly number[],
  tolerance = 1e-6,
  what = '',
): void {
  assert.equal(actual.length, expected.length, `${what} length`);
  for (let i = 0; i < expected.length; i++) {
    const a = actual[i]!;
    const e = expected[i]!;
    if (Object.is(a, e) || a === e) continue;
    assert.ok(
      Math.abs(a - e) <= tolerance * Math.max(1, Math.abs(e)),
      `${what} element ${i}: ${a}, expected ${e}`,
    );
  }
}

/** Typing these inputs is refused, with a message that matches. */
export function refuses(op: string, shapes: string, attrs: Attrs, message: RegExp, dtype?: DType): void {
  assert.throws(
    () => inferOp(op, typesOf(shapes, dtype), attrs),
    (error) =>
      error instanceof MillraceError && error.code.startsWith('MODEL_') && message.test(error.message),
    `${op} ${shapes} ${JSON.stringify(attrs)}`,
  );
}
