/**
 * What ops lower to, run by an interpreter of the kernels written from the comments of `kernels/table.ts`, gives what the
 * references give. (That the kernels do what the comments say is the kernel tests' part.)
 */
import assert from 'node:assert/strict';
import type { Attrs } from '../../compiler/ir/constant.ts';
import { bytesOf, type Tensor, tensorFromBytes, toNumbers, zeros } from '../../compiler/ir/tensor.ts';
import type { KernelCall, Operand } from '../../compiler/ops/define/lowering.ts';
import { opOf, signatures } from '../../compiler/ops/index.ts';
import { runModel } from './kernel-model.ts';
import { assertClose, iota, randomTensor, runOp, tensor, typeOf } from './run-op.ts';

function interpret(call: KernelCall, inputs: readonly Tensor[], outputs: readonly Tensor[]): void {
  const bytes: Record<string, Uint8Array> = {};
  for (const [name, operand] of Object.entries(call.operands as Record<string, Operand>)) {
    assert.ok('input' in operand || 'output' in operand);
    bytes[name] = bytesOf('input' in operand ? inputs[operand.input]! : outputs[operand.output]!);
  }
  runModel(call.kernel, call.params, bytes);
}

/** The outputs as the kernel calls leave them, or null for a host op. */
function runLowered(op: string, inputs: readonly Tensor[], attrs: Attrs): Tensor[] | null {
  const types = inputs.map(typeOf);
  const outputs = signatures.infer(op, types, attrs);
  const context = { attrs, inputs: types, outputs, segmentBytes: 960 * 1024, constant: () => null };
  const lowered = opOf(op).lower?.(context) ?? null;
  if (lowered === null) return null;
  assert.ok('calls' in lowered, 'one way');
  // Outputs begin as garbage: every byte must be written.
  const results = outputs.map((type) => tensorFromBytes(type, bytesOf(zeros(type)).fill(0xa5)));
  for (const call of lowered.calls) interpret(call, inputs, results);
  return results;
}

const x = randomTensor([2, 3, 4, 5], 1);
const wide = iota([2, 2, 2, 2, 2, 2, 2]);
const int64 = (shape: number[], values: number[]) => tensor(shape, values, 'int64');

const cases: readonly [op: string, inputs: readonly Tensor[], attrs?: Attrs][] = [
  ['sigmoid', [x]],
  ['leakyRelu', [x], { alpha: 0.3 }],
  ['clip', [x], { min: -0.5, max: 0.25 }],
  ['gelu', [x], { approximate: 'tanh' }],
  ['add', [x, randomTensor([2, 3, 4, 5], 2)], { act: 'relu' }],
  ['sub', [x, randomTensor([3, 1, 1], 2)]],
  ['mul', [randomTensor([5], 2), x], { act: 'clip', alpha: -0.1, beta: 0.1 }],
  ['div', [randomTensor([2, 1, 4, 1], 2), randomTensor([3, 1, 5], 3)]],
  ['max', [tensor([], [0.1]), tensor([1], [0.2])]],
  ['prelu', [x, randomTensor([5], 2)]],
  ['cast', [x], { to: 'int32' }],
  ['cast', [int64([3], [1, 2, 3])], { to: 'float16' }],
  ['transpose', [x], { perm: [0, 2, 3, 1] }],
  ['transpose', [x], { perm: [3, 2, 1, 0] }],
  ['transpose', [int64([2, 2], [1, 2, 3, 4])], { perm: [1, 0] }],
  // Seven dimensions of which two pairs stay together.
  ['transpose', [wide], { perm: [2, 3, 0, 1, 6, 5, 4] }],
  ['concat', [x, randomTensor([2, 3, 1, 5], 2), tensor([2, 3, 0, 5], [])], { axis: 2 }],
  ['concat', [tensor([2], [1, 0], 'bool'), tensor([1], [1], 'bool')], { axis: 0 }],
  ['split', [x], { axis: 1, sizes: [2, 0, 1] }],
  ['slice', [x], { starts: [0, 2, 1, 4], steps: [1, -1, 2, -2], sizes: [2, 3, 2, 2] }],
  ['slice', [x], { starts: [0, 0, 0, 0], steps: [1, 1, 1, 1], sizes: [2, 0, 4, 5] }],
  ['pad', [x], { pads: [0, 1, 2, 0, 1, 0, 0, 3], value: -2.5 }],
  ['pad', [x], { pads: [0, 0, 0, 0, 0, 0, 0, 0] }],
  ['pad', [x], { pads: [0, 2, 2, 4, 1, 0, 3, 3], mode: 'reflect' }],
  ['pad', [x], { pads: [3, 2, 2, 0, 1, 7, 0, 3], mode: 'edge' }],
  ['pad', [int64([2], [5, 6])], { pads: [1, 1], value: -7 }],
  ['pad', [tensor([2], [5, 6], 'float16')], { pads: [1, 1], value: 0.5 }],
  ['expand', [randomTensor([3, 1, 5], 1)], { shape: [2, 3, 4, 5] }],
  ['gather', [x, int64([2, 2], [2, 0, -1, 1])], { axis: 1 }],
  ['gather', [x, tensor([1], [4], 'int32')], { axis: 3 }],
];

describe('lowering', () => {
  for (const [op, inputs, attrs = {}] of cases)
    it(`${op} ${JSON.stringify(attrs)} of ${inputs.map((t) => `[${t.type.shape}]`).join(' ')}`, () => {
      const complete = signatures.complete(op, attrs);
      const expected = runOp(op, inputs, complete);
      const results = runLowered(op, inputs, complete);
      assert.ok(results !== null);
      for (const [i, y] of results.entries()) assertClose(toNumbers(y), toNumbers(expected[i]!), 0);
    });

  it('views have no calls', () => {
    for (const op of ['reshape', 'identity']) {
      const attrs: Attrs = op === 'reshape' ? { shape: [6, 20] } : {};
      const output = signatures.infer(op, [x.type], attrs);
      const context = { attrs, inputs: [x.type], outputs: output, segmentBytes: 0, constant: () => null };
      const lowered = opOf(op).lower!(context);
      assert.ok(lowered !== null && 'calls' in lowered && lowered.calls.length === 0);
    }
  });

  it('what no kernel covers runs on the host', () => {
    const host = (op: string, inputs: Tensor[], attrs: Attrs = {}) =>
      assert.equal(runLowered(op, inputs, signatures.complete(op, attrs)), null, op);
    host('add', [int64([1], [1]), int64([1], [1])]);
    host('relu', [int64([1], [1])]);
    host('less', [x, x]);
    host('mod', [int64([1], [1]), int64([1], [1])]);
    host('cast', [x], { to: 'float64' });
    host('transpose', [wide], { perm: [6, 5, 4, 3, 2, 1, 0] });
    host('add', [wide, tensor([2, 1, 2, 1, 2, 1, 2], iota([16]).data as unknown as number[])]);
  });
});
