/**
 * Every op that is lowered, through the real compiler stages and the real engine, against its reference: what
 * `lower`, packing, cutting, the plan, the executor and the kernels do together. One network holds all cases of an
 * op side by side, segments are small so that layers are cut, and only the pass that takes
 * ops apart touches nodes.
 */

import assert from 'node:assert/strict';
import type { GraphBuilder } from '../../compiler/ir/builder.ts';
import { bytesOf, type Tensor, toNumbers } from '../../compiler/ir/tensor.ts';
import { isFloat } from '../../compiler/ir/types.ts';
import { graphBuilder, opOf, signatures } from '../../compiler/ops/index.ts';
import { decompose } from '../../compiler/passes/decompose.ts';
import type { LoadOptions } from '../../runtime/index.ts';
import { compileInMemory, open, runTensors } from '../support/network.ts';
import { Draw, makers, type OpCase } from '../support/op-cases.ts';

const CASES = 24;
const SEED = 20260;

const settings: readonly LoadOptions[] = [
  { deterministic: true, mode: 'stream' },
  { mode: 'resident' },
  { threads: 2, mode: 'stream' },
];

function reference(op: string, { inputs, attrs }: OpCase): readonly Tensor[] {
  const complete = signatures.complete(op, attrs);
  const types = signatures.infer(
    op,
    inputs.map((input) => input?.type ?? null),
    complete,
  );
  const definition = opOf(op);
  const outputs = definition.evaluate(inputs, complete, types);
  if (definition.traits.sized !== true) return outputs;
  // A run returns the true elements alone; nothing here names their shape.
  const [padded, shape, ...rest] = outputs as [Tensor, Tensor, ...Tensor[]];
  const count = toNumbers(shape).reduce((product, n) => product * n, 1);
  return [{ type: padded.type, data: padded.data.subarray(0, count) }, shape, ...rest];
}

/** Float sums of a few hundred terms of about 1, in another order. */
function assertAgrees(got: Tensor, expected: Tensor, what: string): void {
  assert.deepEqual(got.type, expected.type, what);
  const [a, b] = [toNumbers(got), toNumbers(expected)];
  const { dtype } = got.type;
  const tolerance = dtype === 'float16' ? 1e-3 : isFloat(dtype) ? 2e-5 : 0;
  for (const [i, y] of b.entries()) {
    const x = a[i]!;
    if (Object.is(x, y) || x === y || Math.abs(x - y) <= tolerance * Math.max(1, Math.abs(y))) continue;
    assert.fail(`${what}, element ${i} of [${got.type.shape}]: ${x}, the reference has ${y}`);
  }
}

describe('ops through the engine', () => {
  for (const [number, [op, make]] of Object.entries(makers).entries())
    it(op, async () => {
      const draw = new Draw(SEED + number);
      const cases = Array.from({ length: CASES }, () => make(draw));
      const builder: GraphBuilder = graphBuilder(op);
      const inputs = new Map<string, Tensor>();
      for (const [i, one] of cases.entries()) {
        const ids = one.inputs.map((input, j) => {
          if (input === null) return null;
          const name = `x${i}.${j}`;
          if (one.constants.includes(j))
            return builder.constant(name, input.type, { kind: 'inline', bytes: bytesOf(input) });
          inputs.set(name, input);
          return builder.input(name, input.type);
        });
        for (const [j, id] of builder.node(op, ids, one.attrs, `case${i}`).entries())
          builder.output(`y${i}.${j}`, id);
      }
      const network = await compileInMemory(decompose.run(builder.build()), { passes: false, target: 4096 });
      const hosts = network.schedule.steps.filter(({ action }) => action.kind === 'host').length;
      if (opOf(op).host === undefined)
        assert.ok(hosts < CASES / 2, `${hosts} of ${CASES} cases run on the host`);
      for (const options of settings) {
        const plan = network.manifest.plans.at(options.mode === 'stream' ? 0 : -1)!.name;
        const model = await open(network, { ...options, plan });
        try {
          const outputs = await runTensors(model, inputs);
          for (const [i, one] of cases.entries())
            for (const [j, expected] of reference(op, one).entries())
              assertAgrees(
                outputs.get(`y${i}.${j}`)!,
                expected,
                `${JSON.stringify(options)} case ${i} (${one.inputs.map((input) => input && `[${input.type.shape}]`).join(' ')} ${JSON.stringify(one.attrs)}) output ${j}`,
              );
        } finally {
          await model.close();
        }
      }
    });
});
