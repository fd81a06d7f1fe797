/** Ops that move elements and change none. */
import { int, string } from '../draft.ts';
import { type Emit, type Exporter, onImages, plainly } from './exporter.ts';

const concat: Emit = (node) => [node.add('Concat', node.all(), { axis: int(node.number('axis')) })];

const split: Emit = (node) => {
  const sizes = node.indices(node.numbers('sizes'), 'sizes');
  return node.addAll('Split', [node.input(0), sizes], { axis: int(node.number('axis')) }, '', node.outputs);
};

/** Only the axes that lose something are named. An end before the first element is −(extent + 1). */
const slice: Emit = (node) => {
  const { shape } = node.typeOf(0);
  const [starts, steps, sizes] = ['starts', 'steps', 'sizes'].map((name) => node.numbers(name));
  const ranges = shape.flatMap((extent, axis) => {
    const [start, step, size] = [starts![axis]!, steps![axis]!, sizes![axis]!];
    if (start === 0 && step === 1 && size === extent) return [];
    if (size === 0) return [{ axis, start: 0, end: 0, step: 1 }];
    const end = start + (size - 1) * step + Math.sign(step);
    return [{ axis, start, end: end < 0 ? -(extent + 1) : end, step }];
  });
  if (ranges.length === 0) return [node.input(0)];
  const list = (name: 'start' | 'end' | 'axis' | 'step'): string =>
    node.indices(
      ranges.map((range) => range[name]),
      `${name}s`,
    );
  const stepped = ranges.some(({ step }) => step !== 1) ? [list('step')] : [];
  return [node.add('Slice', [node.input(0), list('start'), list('end'), list('axis'), ...stepped])];
};

const pad: Emit = (node) => {
  const value = node.number('value');
  const filled = value === 0 ? [] : [node.operand(node.type.dtype, [], [value], 'value')];
  const operands = [node.input(0), node.indices(node.numbers('pads'), 'pads'), ...filled];
  return [node.add('Pad', operands, { mode: string(node.text('mode')) })];
};

const expand: Emit = (node) => [node.add('Expand', [node.input(0), node.indices(node.type.shape, 'shape')])];

const gather: Emit = (node) => [
  node.add('Gather', [node.input(0), node.input(1)], { axis: int(node.number('axis')) }),
];

const depthToSpace: Emit = (node) => {
  const attributes = { blocksize: int(node.number('blockSize')), mode: string(node.text('mode')) };
  return [node.add('DepthToSpace', [node.input(0)], attributes)];
};

/** ONNX gathers blocks in the order DCR; the other is a transposition of six dimensions, here channels-first. */
const spaceToDepth: Emit = (node) => {
  const b = node.number('blockSize');
  if (node.text('mode') === 'DCR') return [node.add('SpaceToDepth', [node.input(0)], { blocksize: int(b) })];
  const [n, c, h, w] = node.typeOf(0).shape as [number, number, number, number];
  const blocks = node.reshape(node.input(0), [n, c, h / b, b, w / b, b], 'blocks');
  return [node.reshape(node.transpose(blocks, [0, 1, 3, 5, 2, 4], 'gathered'), node.type.shape, '')];
};

export const movement: Readonly<Record<string, Exporter>> = {
  concat: plainly(concat),
  split: plainly(split),
  slice: plainly(slice),
  pad: plainly(pad),
  reshape: plainly((node) => [node.reshape(node.input(0), node.type.shape, '')]),
  expand: plainly(expand),
  gather: plainly(gather),
  depthToSpace: onImages(depthToSpace),
  spaceToDepth: onImages(spaceToDepth),
};
