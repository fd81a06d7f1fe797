/**
 * Names and attributes of ops are types: what is wrong does not compile. The compiler checks this file with all others;
 * each line below an expectation would be an error without it, and the expectation one if the line were right.
 */
import assert from 'node:assert/strict';
import { defineOp } from '../../compiler/ops/define/op.ts';
import {
  type AttrsOf,
  type GivenAttrs,
  graphBuilder,
  type OpName,
  type PlainOp,
  rewriteOf,
} from '../../compiler/ops/index.ts';

/** Never run: these lines are for the type checker. */
const unrun = (_body: () => void): void => {};

const image = { strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] };

describe('typed ops', () => {
  it('nodes have known names and attributes', () => {
    const builder = graphBuilder('typed');
    unrun(() => {
      builder.node('conv', [0, 1], image);
      builder.node('conv', [0, 1], { ...image, groups: 2, act: 'relu' }, 'named');
      builder.node('relu', [0]);
      builder.node('relu', [0], {}, 'named');
      // @ts-expect-error no such op
      builder.node('convolution', [0, 1], image);
      // @ts-expect-error no such attribute
      builder.node('conv', [0, 1], { ...image, group: 2 });
      // @ts-expect-error strides, dilations and pads are required
      builder.node('conv', [0, 1]);
      // @ts-expect-error pads are required
      builder.node('conv', [0, 1], { strides: [1, 1], dilations: [1, 1] });
      // @ts-expect-error groups is a number
      builder.node('conv', [0, 1], { ...image, groups: '2' });
      // @ts-expect-error strides are a list
      builder.node('conv', [0, 1], { ...image, strides: 1 });
      // @ts-expect-error relu has no attributes
      builder.node('relu', [0], { alpha: 0.1 });
      // @ts-expect-error a boolean, not a number
      builder.node('matmul', [0, 1], { transB: 1 });
      // @ts-expect-error an attribute is not there or it is a value
      builder.node('leakyRelu', [0], { alpha: undefined });
      // @ts-expect-error names are those of the list
      builder.node('Relu', [0]);
      // @ts-expect-error the dtype is a name
      builder.node('cast', [0], { to: 1 });
      // @ts-expect-error a value is an id
      builder.node('relu', ['x']);
    });
  });

  it('so have nodes that a rewrite makes', () => {
    const rewrite = rewriteOf(graphBuilder('empty').build());
    const [node] = rewrite.nodes();
    unrun(() => {
      rewrite.replace(node!, 'batchNorm', [0], { axis: 1 });
      // @ts-expect-error no such op
      rewrite.replace(node!, 'batchNormalization', [0]);
      // @ts-expect-error no such attribute
      rewrite.replace(node!, 'batchNorm', [0], { momentum: 0.9 });
      // @ts-expect-error perm is required
      rewrite.replace(node!, 'transpose', [0], {});
    });
  });

  it('types of names and attributes follow from the list', () => {
    const name: OpName = 'softmax';
    const attrs: AttrsOf<'softmax'> = { axis: 1 };
    const given: GivenAttrs['resize'] = { shape: [1], scales: [1] };
    const plain: PlainOp = 'add';
    // @ts-expect-error it has required attributes
    const none: PlainOp = 'reshape';
    // @ts-expect-error not the attribute of this op
    const other: AttrsOf<'softmax'> = { axes: [1] };
    // @ts-expect-error scales are required
    const few: GivenAttrs['resize'] = { shape: [1] };
    assert.deepEqual([name, attrs, given, plain, none, other, few].length, 7);
  });

  it('traits speak of the attributes of their own op', () => {
    const attrs = { axis: 0, sizes: [] as readonly number[] };
    const parts = {
      name: 'cut',
      inputs: ['x'],
      attrs,
      infer: () => [],
      evaluate: () => [],
      host: 'is never run',
      cost: () => ({ flops: 0, bytes: 0 }),
    } as const;
    const box = { starts: [0], sizes: [1] };
    const kept = { inputs: ['same'], outputs: [[0]] } as const;
    unrun(() => {
      defineOp({ ...parts, traits: { region: (given) => ({ attrs: given, inputs: [box] }) } });
      defineOp({
        ...parts,
        traits: {
          // @ts-expect-error it would make attributes that the op does not have
          permute: () => ({ ...kept, attrs: { axes: [0] } }),
          // @ts-expect-error the box is of other attributes
          region: () => ({ attrs: { start: 0 }, inputs: [box] }),
          // @ts-expect-error an axis is a number
          padded: (given) => ({ ...given, axis: [0] }),
          // @ts-expect-error the op has no such attribute
          zeros: ({ pads }) => pads,
          // @ts-expect-error sizes are numbers
          permutation: ({ sizes }) => sizes.map(String),
        },
      });
      // @ts-expect-error sizes are missing
      defineOp({ ...parts, traits: { permute: () => ({ ...kept, attrs: { axis: 0 } }) } });
      // @ts-expect-error no such trait
      defineOp({ ...parts, traits: { elementWise: true } });
      // @ts-expect-error what is required must be an attribute
      defineOp({ ...parts, required: ['axes'], traits: {} });
    });
  });
});
