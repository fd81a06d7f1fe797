/** Ops that change the shape of a tensor or the order of its axes, but no element. */
import { elementCount, type Shape } from '../../ir/types.ts';
import type { ImportNode } from '../import/node.ts';
import { defineOnnx, type Export, type Import, noNode, withConstants } from './define.ts';

function resolveReshape(node: ImportNode, from: Shape, wanted: readonly number[]): number[] {
  const keepZero = node.int('allowzero', 0) !== 0;
  const shape = wanted.map((dim, i) => {
    if (dim < -1 || !Number.isSafeInteger(dim)) node.invalid('shape', 'extents, 0 or -1', `[${wanted}]`);
    if (dim !== 0 || keepZero) return dim;
    return (
      from[i] ??
      node.invalid('shape copies a dimension that the input lacks', `rank ${from.length}`, `[${wanted}]`)
    );
  });
  const free = shape.indexOf(-1);
  if (free >= 0) {
    if (shape.includes(-1, free + 1)) node.invalid('shape', 'one -1 at most', `[${wanted}]`);
    const known = shape.reduce((product, dim) => (dim === -1 ? product : product * dim), 1);
    shape[free] = known === 0 ? 0 : elementCount(from) / known;
  }
  if (shape.some((dim) => !Number.isInteger(dim)) || elementCount(shape) !== elementCount(from))
    node.invalid('shape does not fit', `${elementCount(from)} elements, as [${from}]`, `[${wanted}]`);
  return shape;
}

const reshape: Import<'shape'> = (node) => {
  const x = node.input(0);
  const wanted = node.list('shape') ?? node.invalid('has no shape');
  return [node.reshape(x, resolveReshape(node, node.shape(x), wanted), '')];
};

const flatten: Import = (node) => {
  const x = node.input(0);
  const shape = node.shape(x);
  const given = node.int('axis', 1);
  // The rank itself is allowed: then all dimensions are rows.
  const axis = given === shape.length ? given : node.axis(given, shape.length);
  return [node.reshape(x, [elementCount(shape.slice(0, axis)), elementCount(shape.slice(axis))], '')];
};

const squeeze: Import<'axes'> = (node) => {
  const x = node.input(0);
  const shape = node.shape(x);
  const given = node.list('axes');
  const axes =
    given === null ? shape.flatMap((dim, i) => (dim === 1 ? [i] : [])) : node.axes(given, shape.length);
  for (const axis of axes)
    if (shape[axis] !== 1) node.invalid(`dimension ${axis} cannot be squeezed`, '1', `${shape[axis]}`);
  return [
    node.reshape(
      x,
      shape.filter((_, i) => !axes.includes(i)),
      '',
    ),
  ];
};

const unsqueeze: Import<'axes'> = (node) => {
  const x = node.input(0);
  const given = node.list('axes') ?? node.invalid('has no axes');
  const rank = node.shape(x).length + given.length;
  const axes = node.axes(given, rank);
  const rest = [...node.shape(x)];
  const shape = Array.from({ length: rank }, (_, i) => (axes.includes(i) ? 1 : rest.shift()!));
  return [node.reshape(x, shape, '')];
};

const transpose: Import = (node) => {
  const x = node.input(0);
  const rank = node.shape(x).length;
  const perm = node.ints('perm') ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
  return [node.emit('transpose', [x], { perm })];
};

/** The result is what both shapes broadcast to: the shape may have ones, or fewer dimensions than the input. */
const expand: Import<'shape'> = (node) => {
  const x = node.input(0);
  const wanted = node.constantNumbers('shape') ?? node.invalid('has no shape');
  const from = node.shape(x);
  const rank = Math.max(from.length, wanted.length);
  const shape = Array.from({ length: rank }, (_, i) => {
    const a = from[i - rank + from.length] ?? 1;
    const b = wanted[i - rank + wanted.length] ?? 1;
    if (a !== b && a !== 1 && b !== 1)
      node.invalid('shape does not fit', `[${from}] broadcast`, `[${wanted}]`);
    return a === 1 ? b : a;
  });
  if (shape.length === from.length && shape.every((dim, i) => dim === from[i])) return [x];
  return [node.emit('expand', [x], { shape })];
};

const dropout: Import<'ratio' | 'training_mode'> = (node) => {
  const x = node.input(0);
  // In training nothing is dropped where the ratio says so.
  const training = node.opset >= 12 && node.constantNumber('training_mode');
  if (training && (node.constantNumber('ratio') ?? 0.5) !== 0) node.unsupported('training_mode');
  // The mask at inference keeps all; before opset 10 it had the type of the data.
  const { dtype, shape } = node.type(x);
  const mask = node.wants(1) ? node.splat({ dtype: node.opset < 10 ? dtype : 'bool', shape }, 1) : null;
  return [x, mask];
};

const writeReshape: Export = (node) => [node.reshape(node.input(0), node.type.shape, '')];

const writeExpand: Export = (node) => [
  node.add('Expand', [node.input(0), node.indices(node.type.shape, 'shape')]),
];

export const shape = defineOnnx({
  imports: {
    Reshape: withConstants({ shape: 1 }, reshape),
    Flatten: flatten,
    Squeeze: withConstants({ axes: 1 }, squeeze),
    Unsqueeze: withConstants({ axes: 1 }, unsqueeze),
    Transpose: transpose,
    Expand: withConstants({ shape: 1 }, expand),
    Identity: (node) => [node.input(0)],
    Dropout: withConstants({ ratio: 1, training_mode: 2 }, dropout),
  },
  exports: { reshape: writeReshape, expand: writeExpand, transpose: noNode, identity: noNode },
});
