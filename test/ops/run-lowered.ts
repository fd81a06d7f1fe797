/**
 * Runs a node's lowering through the kernel models: packs its weights by their recipes, gives each call its
 * buffers, and compares the result with the op's reference.
 */
import assert from 'node:assert/strict';
import type { Attrs, TypedConstant } from '../../compiler/ir/constant.ts';
import { bytesOf, type Tensor, tensorFromBytes, toNumbers } from '../../compiler/ir/tensor.ts';
import { byteLength, elementCount } from '../../compiler/ir/types.ts';
import type { Lowered, Operand, PackedWeight } from '../../compiler/ops/define/lowering.ts';
import { opOf, signatures } from '../../compiler/ops/index.ts';
import { PANEL } from '../../runtime/kernels/layouts.ts';
import { integerTypes, isEnum, isInteger, type Params } from '../../runtime/kernels/signature.ts';
import { type KernelName, signatureOf } from '../../runtime/kernels/table.ts';
import { runModel } from './kernel-model.ts';
import { assertClose, runOp, tensor, typeOf } from './run-op.ts';

/** The elements of a recipe, evaluated whole. */
export function materialized({ type, constant }: TypedConstant): Tensor {
  if (constant.kind === 'inline') return tensorFromBytes(type, constant.bytes);
  if (constant.kind === 'splat')
    return tensor(type.shape, new Array(elementCount(type.shape)).fill(constant.value), type.dtype);
  if (constant.kind === 'apply')
    return runOp(constant.op, constant.args.map(materialized), constant.attrs)[0]!;
  throw new Error(`the tests have no ${constant.kind} constants`);
}

/** A weight packed by its definition in `op.ts`, element by element. */
export function packed(weight: PackedWeight): Float32Array {
  if (weight.layout === 'raw') {
    const bytes = Buffer.concat(weight.parts.map((part) => bytesOf(materialized(part))));
    return new Float32Array(new Uint8Array(bytes).buffer);
  }
  const { groups, channels, reduce, reduceStrides } = weight;
  const elements = toNumbers(materialized(weight.weight));
  const bias = weight.bias && toNumbers(materialized(weight.bias));
  const K = elementCount(reduce);
  const perGroup = Math.ceil(channels / PANEL);
  const panels = new Float32Array(groups * perGroup * (1 + K) * PANEL);
  for (let g = 0; g < groups; g++)
    for (let n = 0; n < channels; n++) {
      const start = (g * perGroup + Math.floor(n / PANEL)) * (1 + K) * PANEL + (n % PANEL);
      panels[start] = bias ? bias[g * channels + n]! : 0;
      for (let k = 0; k < K; k++) {
        let at = g * weight.groupStride + n * weight.channelStride;
        for (let axis = reduce.length - 1, rest = k; axis >= 0; axis--) {
          at += (rest % reduce[axis]!) * reduceStrides[axis]!;
          rest = Math.floor(rest / reduce[axis]!);
        }
        panels[start + (1 + k) * PANEL] = elements[at]!;
      }
    }
  return panels;
}

/** What calls have at a time when layers are not cut. */
const SEGMENT_BYTES = 960 * 1024;

/** Every way to run an op whose inputs at `constants` are constant; none for a host op. */
export function waysOf(
  op: string,
  inputs: readonly (Tensor | null)[],
  attrs: Attrs,
  constants: readonly number[],
): readonly Lowered[] {
  const complete = signatures.complete(op, attrs);
  const types = inputs.map(typeOf);
  const ways = opOf(op).lower!({
    attrs: complete,
    inputs: types,
    outputs: signatures.infer(op, types, complete),
    segmentBytes: SEGMENT_BYTES,
    constant(i) {
      const input = inputs[i];
      return input && constants.includes(i)
        ? { type: input.type, constant: { kind: 'inline', bytes: bytesOf(input) } }
        : null;
    },
  });
  return ways === null ? [] : 'calls' in ways ? [ways] : ways;
}

/** The first way, or null for a host op. */
export const lowered = (...of: Parameters<typeof waysOf>): Lowered | null => waysOf(...of)[0] ?? null;

export const kernelsOf = (lowering: Lowered | null): KernelName[] =>
  lowering === null ? [] : lowering.calls.map((call) => call.kernel);

/** Runs the calls; everything a call has not written is NaN. */
function runCalls(
  lowering: Lowered,
  inputs: readonly (Tensor | null)[],
  outputs: readonly Float32Array[],
): void {
  const weights = lowering.weights.map(packed);
  const scratch = lowering.scratch.map((bytes) => new Float32Array(bytes / 4).fill(Number.NaN));
  const buffer = (operand: Operand): Float32Array => {
    if ('input' in operand) return Float32Array.from(toNumbers(inputs[operand.input]!));
    if ('output' in operand) return outputs[operand.output]!;
    return 'weight' in operand ? weights[operand.weight]! : scratch[operand.scratch]!;
  };
  for (const call of lowering.calls) {
    const signature = signatureOf(call.kernel);
    assert.deepEqual(Object.keys(call.params).sort(), Object.keys(signature.params).sort(), call.kernel);
    for (const [name, type] of Object.entries(signature.params)) {
      const value = (call.params as Params)[name] as number;
      if (isInteger(type)) assert.ok(integerTypes[type](value), `${call.kernel} ${name} = ${value}`);
      if (isEnum(type)) assert.ok(typeof value === 'string', `${call.kernel} ${name} = ${value}`);
    }
    const operands = call.operands as Record<string, Operand | null | undefined>;
    const bytes = Object.entries(signature.operands).map(([name, { optional }]) => {
      const operand = operands[name];
      assert.ok(operand || optional, `${call.kernel} ${name}`);
      return [name, operand ? new Uint8Array(buffer(operand).buffer) : null];
    });
    runModel(call.kernel, call.params, Object.fromEntries(bytes));
  }
}

/** Every way to run the op computes what the reference does; returns the kernels that the first uses. */
export function checkLowering(
  op: string,
  inputs: readonly (Tensor | null)[],
  attrs: Attrs = {},
  constants: readonly number[] = [],
): KernelName[] {
  const ways = waysOf(op, inputs, attrs, constants);
  assert.ok(ways.length > 0, `${op} is not lowered`);
  const expected = runOp(op, inputs, attrs);
  const shapes = inputs.map((input) => input?.type.shape.join('×')).join(' ');
  for (const way of ways) {
    const outputs = expected.map(({ type }) => new Float32Array(byteLength(type) / 4).fill(Number.NaN));
    runCalls(way, inputs, outputs);
    for (const [i, output] of outputs.entries())
      assertClose([...output], toNumbers(expected[i]!), 1e-4, `${op} ${shapes} ${JSON.stringify(attrs)}`);
  }
  return kernelsOf(ways[0]!);
}
