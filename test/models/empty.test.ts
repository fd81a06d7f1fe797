/**
 * Every op with a dimension of 0: tensors without elements compile, load and run, and what has elements beside them is
 * the reference's. Cases are those of `op-cases.ts` with one dimension of one input set to 0; those that the op's own
 * rules refuse are left out.
 */

import assert from 'node:assert/strict';
import type { GraphBuilder } from '../../compiler/ir/builder.ts';
import { bytesOf, type Tensor, zeros } from '../../compiler/ir/tensor.ts';
import { graphBuilder, opOf, signatures } from '../../compiler/ops/index.ts';
import { MillraceError } from '../../runtime/error.ts';
import { compileInMemory, open, runTensors } from '../support/network.ts';
import { Draw, makers, type OpCase } from '../support/op-cases.ts';
import { skip } from '../support/skip.ts';
import { assertClose } from '../support/tensors.ts';

const SEED = 77;
const DRAWS = 4;

interface EmptyCase extends OpCase {
  readonly outputs: readonly Tensor[];
}

/**
 * The case with dimension `axis` of input `at` 0, and of all inputs that have it as large where they belong together.
 * Attributes that name the result's shape follow.
 */
function emptied({ inputs, attrs, constants }: OpCase, at: number, axis: number, all: boolean): OpCase {
  const { shape } = inputs[at]!.type;
  const extent = shape[axis]!;
  const followed = Object.entries(attrs).map(([name, value]) => {
    const named = (name === 'shape' || name === 'sizes') && Array.isArray(value);
    if (!named || value.length < shape.length) return [name, value];
    return [name, value.with(axis + value.length - shape.length, 0)];
  });
  return {
    attrs: Object.fromEntries(followed),
    constants,
    inputs: inputs.map((input, i) => {
      if (input === null || (i !== at && !(all && input.type.shape[axis] === extent))) return input;
      return zeros({ dtype: input.type.dtype, shape: input.type.shape.with(axis, 0) });
    }),
  };
}

/** The reference's outputs; null where the op allows no such operands. */
function evaluated(op: string, one: OpCase): EmptyCase | null {
  try {
    const complete = signatures.complete(op, one.attrs);
    const types = signatures.infer(
      op,
      one.inputs.map((input) => input?.type ?? null),
      complete,
    );
    return { ...one, outputs: opOf(op).evaluate(one.inputs, complete, types) };
  } catch (error) {
    assert.ok(error instanceof MillraceError, `${op}: ${String(error)}`);
    return null;
  }
}

function casesOf(op: string, draw: Draw): EmptyCase[] {
  const cases = new Map<string, EmptyCase>();
  for (let n = 0; n < DRAWS; n++) {
    const one = makers[op]!(draw);
    for (const [at, input] of one.inputs.entries())
      for (const axis of input?.type.shape.keys() ?? [])
        for (const all of [false, true]) {
          const made = evaluated(op, emptied(one, at, axis, all));
          if (made === null) continue;
          const shapes = made.inputs.map((tensor) => tensor && `[${tensor.type.shape}]`).join(' ');
          cases.set(`${shapes} ${JSON.stringify(made.attrs)}`, made);
        }
  }
  return [...cases.values()];
}

describe('tensors without elements', () => {
  for (const [number, op] of Object.keys(makers).entries())
    it(op, async function () {
      const cases = casesOf(op, new Draw(SEED + number));
      if (cases.length === 0) skip(this, 'the op has no case with an empty tensor');
      const builder: GraphBuilder = graphBuilder(op);
      const inputs = new Map<string, Tensor>();
      const expected = new Map<string, Tensor>();
      for (const [i, one] of cases.entries()) {
        const ids = one.inputs.map((input, j) => {
          if (input === null) return null;
          const name = `x${i}.${j}`;
          if (one.constants.includes(j))
            return builder.constant(name, input.type, { kind: 'inline', bytes: bytesOf(input) });
          inputs.set(name, input);
          return builder.input(name, input.type);
        });
        for (const [j, id] of builder.node(op, ids, one.attrs, `case${i}`).entries()) {
          builder.output(`y${i}.${j}`, id);
          expected.set(`y${i}.${j}`, one.outputs[j]!);
        }
      }
      for (const passes of [false, true]) {
        const network = await compileInMemory(builder.build(), { passes, target: 4096 });
        const plan = network.manifest.plans[0]!.name;
        for (const options of [{}, { deterministic: true, plan }] as const) {
          const model = await open(network, options);
          try {
            for (const [name, tensor] of await runTensors(model, inputs)) {
              assert.deepEqual(tensor.type, expected.get(name)!.type, name);
              assertClose(tensor, expected.get(name)!, 1e-5, name);
            }
          } finally {
            await model.close();
          }
        }
      }
    });
});
