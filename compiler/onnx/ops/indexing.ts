/** Ops that read at indices. */
import type { AttrsOf } from '../../ops/index.ts';
import { int } from '../export/graph.ts';
import { defineOnnx, type Export, type Import } from './define.ts';

const gather: Import = (node) => {
  const x = node.input(0);
  const axis = node.axis(node.int('axis', 0), node.shape(x).length);
  return [node.emit('gather', [x, node.input(1)], { axis })];
};

const writeGather: Export<AttrsOf<'gather'>> = (node) => [
  node.add('Gather', [node.input(0), node.input(1)], { axis: int(node.attrs.axis) }),
];

export const indexing = defineOnnx({
  imports: { Gather: gather },
  exports: { gather: writeGather },
});
