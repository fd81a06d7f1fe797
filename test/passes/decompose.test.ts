/** Ops made of others: types, reference, cost and names follow from `decompose`. */
import assert from 'node:assert/strict';
import { toNumbers } from '../../compiler/ir/tensor.ts';
import type { TensorType } from '../../compiler/ir/types.ts';
import { defineComposed } from '../../compiler/ops/define/composed.ts';
import { shapeError } from '../../compiler/ops/define/op.ts';
import { add, concat, mul, relu } from '../../compiler/ops/list.ts';
import { tensor } from '../ops/run-op.ts';

/** relu(x·by + 1) */
const inner = defineComposed({
  name: 'inner',
  inputs: ['x'],
  attrs: { by: 2 },
  traits: { elementwise: true },
  check([x], { by }) {
    if (by === 0) throw shapeError('by', 'a factor other than 0', String(x?.dtype));
  },
  decompose(make, [x], { by }) {
    const of = (value: number) => make.splat({ dtype: x!.type.dtype, shape: [] }, value);
    return [make.node(relu, [make.node(add, [make.node(mul, [x!, of(by)]), of(1)])])];
  },
});

/** What is made of an op that is made of others. */
const outer = defineComposed({
  name: 'outer',
  inputs: ['x'],
  attrs: {},
  traits: {},
  decompose: (make, [x]) => [make.node(concat, [x!, make.node(inner, [x!], { by: -1 })], { axis: 0 })],
});

const vector: TensorType = { dtype: 'float32', shape: [3] };
const x = tensor([3], [-2, 0, 3]);

describe('ops made of others', () => {
  it('have the types, the reference and the cost of what they are made of', () => {
    assert.deepEqual(inner.infer([vector], { by: 2 }), [vector]);
    assert.deepEqual(toNumbers(inner.evaluate([x], { by: 2 }, [vector])[0]!), [0, 1, 7]);
    assert.equal(inner.cost([vector], [vector], { by: 2 }).flops, 9);
    const [made] = outer.infer([vector], {});
    assert.deepEqual(made, { dtype: 'float32', shape: [6] });
    assert.deepEqual(toNumbers(outer.evaluate([x], {}, [made!])[0]!), [-2, 0, 3, 3, 1, 0]);
  });

  it('complete the attributes of the ops they are made of', () => {
    const [product] = inner.decompose!([vector], { by: 2 }).nodes;
    assert.deepEqual([product!.op.name, product!.attrs], ['mul', { act: 'none', alpha: 0, beta: 0 }]);
  });

  it('refuse in their own words', () => {
    assert.throws(() => inner.infer([vector], { by: 0 }), /by.*factor other than 0/s);
  });

  it('say what is wrong where it would not compile', () => {
    const parts = { name: 'wrong', inputs: ['x'], attrs: { by: 2 }, traits: {} } as const;
    const unrun = (_body: () => void): void => {};
    unrun(() => {
      // @ts-expect-error the op has no such attribute
      defineComposed({ ...parts, decompose: (make, [part], { times }) => [make.node(relu, [part!], times)] });
      // @ts-expect-error concat needs an axis
      defineComposed({ ...parts, decompose: (make, [part]) => [make.node(concat, [part!])] });
      // @ts-expect-error relu has no attributes
      defineComposed({ ...parts, decompose: (make, [part], { by }) => [make.node(relu, [part!], { by })] });
    });
  });
});
