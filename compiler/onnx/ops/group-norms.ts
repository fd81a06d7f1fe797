/** Normalisations over channels, groups of them and space; they are put together from others. */
import type { ValueId } from '../../ir/graph.ts';
import { elementCount, isFloat } from '../../ir/types.ts';
import type { ImportNode } from '../import/node.ts';
import { defineOnnx, type Import } from './define.ts';

/** A vector of one number for each channel, of a tensor with the channels second. */
const alongChannels = (node: ImportNode, vector: ValueId, rank: number, part: string): ValueId =>
  node.reshape(
    vector,
    [...node.shape(vector), ...new Array<number>(Math.max(0, rank - 2)).fill(1)],
    `${part}.channels`,
  );

const batchNormalization: Import = (node) => {
  if (node.int('training_mode', 0) !== 0) return trained(node);
  node.onlyFirstOutput('outputs of training');
  if (node.opset < 9 && node.int('spatial', 1) === 0) return normalizeElements(node);
  const inputs = [node.channelsLast(node.input(0)), ...[1, 2, 3, 4].map((i) => node.input(i))];
  const attrs = { epsilon: node.float('epsilon', 1e-5), axis: -1 };
  return [node.channelsFirst(node.emit('batchNorm', inputs, attrs))];
};

/** Until opset 8 statistics may be of each element instead of each channel: all of them are channels then. */
function normalizeElements(node: ImportNode): ReturnType<Import> {
  const x = node.input(0);
  const shape = node.shape(x);
  const count = elementCount(shape.slice(1));
  const rows = node.reshape(x, [shape[0] ?? 1, count], 'rows');
  const statistics = [1, 2, 3, 4].map((i) => node.reshape(node.input(i), [count], `statistics_${i}`));
  const attrs = { epsilon: node.float('epsilon', 1e-5), axis: -1 };
  return [node.reshape(node.emit('batchNorm', [rows, ...statistics], attrs), shape, 'shape')];
}

/** With the statistics of this batch; those that run along move towards them. */
function trained(node: ImportNode): ValueId[] {
  const x = node.input(0);
  const { dtype, shape } = node.type(x);
  const axes = shape.map((_, axis) => axis).filter((axis) => axis !== 1);
  const average = (id: ValueId, part: string): ValueId =>
    node.emit('reduceMean', [id], { axes, keepDims: true }, part);
  const mean = average(x, 'mean');
  const centred = node.emit('sub', [x, mean], {}, 'centred');
  const variance = average(node.emit('mul', [centred, centred], {}, 'squares'), 'variance');
  const epsilon = node.scalar(dtype, node.float('epsilon', 1e-5), 'epsilon');
  const shifted = node.emit('add', [variance, epsilon], {}, 'shifted');
  const normal = node.emit('div', [centred, node.emit('sqrt', [shifted], {}, 'deviation')], {}, 'normal');
  const scale = alongChannels(node, node.input(1), shape.length, 'scale');
  const bias = alongChannels(node, node.input(2), shape.length, 'bias');
  const y = node.emit('add', [node.emit('mul', [normal, scale], {}, 'scaled'), bias]);
  const momentum = node.float('momentum', 0.9);
  const moved = (index: number, now: ValueId, part: string): ValueId => {
    const old = node.input(index);
    const kept = node.scalar(node.type(old).dtype, momentum, `${part}.kept`);
    const taken = node.scalar(dtype, 1 - momentum, `${part}.taken`);
    return node.emit(
      'add',
      [
        node.emit('mul', [old, kept], {}, `${part}.before`),
        node.emit('mul', [node.reshape(now, [shape[1]!], part), taken], {}, `${part}.now`),
      ],
      {},
      `${part}.moved`,
    );
  };
  return [y, moved(3, mean, 'mean'), moved(4, variance, 'variance')];
}

/** Of any number of spatial dimensions: it makes no difference between them. */
const instanceNormalization: Import = (node) => {
  const x = node.input(0);
  const shape = node.shape(x);
  if (shape.length < 3) node.invalid('input', 'rank 3 or more', `rank ${shape.length}`);
  const image =
    shape.length <= 4 ? x : node.reshape(x, [...shape.slice(0, 2), elementCount(shape.slice(2))], 'flat');
  const inputs = [node.channelsLast(image), node.input(1), node.input(2)];
  const y = node.channelsFirst(node.emit('instanceNorm', inputs, { epsilon: node.float('epsilon', 1e-5) }));
  return [node.reshape(y, shape, 'shape')];
};

/** Each group of channels is a row. Until opset 21 scale and bias are those of groups, then of channels. */
const groupNormalization: Import = (node) => {
  const x = node.input(0);
  const { dtype, shape } = node.type(x);
  const groups = node.int('num_groups', 0);
  const channels = shape[1] ?? 0;
  if (groups < 1 || channels % groups !== 0)
    node.invalid('attribute "num_groups"', `a divisor of ${channels} channels`, `${groups}`);
  const columns = elementCount(shape.slice(1)) / groups;
  const rows = node.reshape(x, [shape[0]!, groups, columns], 'groups');
  const splat = (value: number): ValueId => node.splat({ dtype, shape: [columns] }, value);
  const attrs = { epsilon: node.float('epsilon', 1e-5) };
  const normal = node.emit('layerNorm', [rows, splat(1), splat(0)], attrs, 'normal');
  const perGroup = (index: number): boolean =>
    elementCount(node.shape(node.input(index))) === groups && groups !== channels;
  const scaled = (id: ValueId, index: number, op: 'mul' | 'add', part: string): ValueId => {
    const shaped = node.reshape(id, perGroup(index) ? [shape[0]!, groups, columns] : shape, `${part}.of`);
    const rank = perGroup(index) ? 3 : shape.length;
    return node.emit(op, [shaped, alongChannels(node, node.input(index), rank, part)], {}, part);
  };
  const y = scaled(scaled(normal, 1, 'mul', 'scale'), 2, 'add', 'bias');
  return [node.reshape(y, shape, 'shape')];
};

/** (x − mean) / (deviation + 10⁻⁹). */
const meanVarianceNormalization: Import = (node) => {
  const x = node.input(0);
  const { dtype, shape } = node.type(x);
  const axes = node.axes(node.ints('axes') ?? [0, 2, 3], shape.length).sort((a, b) => a - b);
  const average = (id: ValueId, part: string): ValueId =>
    node.emit('reduceMean', [id], { axes, keepDims: true }, part);
  const centred = node.emit('sub', [x, average(x, 'mean')], {}, 'centred');
  const variance = average(node.emit('mul', [centred, centred], {}, 'squares'), 'variance');
  const deviation = node.emit('sqrt', [variance], {}, 'deviation');
  const shifted = node.emit('add', [deviation, node.scalar(dtype, 1e-9, 'epsilon')], {}, 'shifted');
  return [node.emit('div', [centred, shifted])];
};

/** x / ‖x‖ along an axis; 0 where the norm is. */
const lpNormalization: Import = (node) => {
  const x = node.input(0);
  const { dtype, shape } = node.type(x);
  if (!isFloat(dtype)) node.unsupported(`input of ${dtype}`);
  const p = node.int('p', 2);
  if (p !== 1 && p !== 2) node.invalid('attribute "p"', '1 or 2', `${p}`);
  const axes = [node.axis(node.int('axis', -1), shape.length)];
  const parts = p === 1 ? node.emit('abs', [x], {}, 'abs') : node.emit('mul', [x, x], {}, 'squares');
  const sum = node.emit('reduceSum', [parts], { axes, keepDims: true }, 'sum');
  const norm = p === 1 ? sum : node.emit('sqrt', [sum], {}, 'norm');
  // A norm of 0 is of zeros alone: over the least number above it they stay what they are.
  const least = dtype === 'float16' ? 2 ** -14 : 2 ** -126;
  return [node.emit('div', [x, node.emit('max', [norm, node.scalar(dtype, least, 'least')], {}, 'some')])];
};

const lrn: Import = (node) => {
  const size = node.int('size', 0);
  if (size < 1) node.invalid('attribute "size"', 'at least 1', `${size}`);
  const attrs = {
    size,
    alpha: node.float('alpha', 1e-4),
    beta: node.float('beta', 0.75),
    bias: node.float('bias', 1),
  };
  return [node.channelsFirst(node.emit('lrn', [node.channelsLast(node.input(0))], attrs))];
};

export const groupNorms = defineOnnx({
  imports: {
    BatchNormalization: batchNormalization,
    InstanceNormalization: instanceNormalization,
    GroupNormalization: groupNormalization,
    MeanVarianceNormalization: meanVarianceNormalization,
    LpNormalization: lpNormalization,
    LRN: lrn,
  },
  exports: {},
});
