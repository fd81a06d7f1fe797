/** x, unchanged. */
import { noCost, permuteElementwise } from '../define/elementwise.ts';
import { defineOp, required } from '../define/op.ts';

export const identity = defineOp({
  name: 'identity',
  inputs: ['x'],
  attrs: {},
  traits: {
    elementwise: true,
    movement: true,
    view: true,
    identity: true,
    permute: permuteElementwise,
  },
  infer: (inputs) => [required(inputs, 0, 'x')],
  evaluate: ([x]) => [x!],
  // A view has no calls: its output lies where its input lies.
  lower: () => ({ calls: [], weights: [], scratch: [] }),
  cost: noCost,
});
