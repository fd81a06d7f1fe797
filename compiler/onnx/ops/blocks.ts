/** Ops that move blocks of pixels into channels, and back. */
import type { AttrsOf } from '../../ops/index.ts';
import { int, string } from '../export/graph.ts';
import type { ImportNode } from '../import/node.ts';
import { defineOnnx, type Export, type Import, onImages } from './define.ts';

function blockSize(node: ImportNode): number {
  const size = node.int('blocksize', 0);
  if (size < 1) node.invalid('attribute "blocksize"', 'at least 1', `${size}`);
  if (node.shape(node.input(0)).length !== 4)
    node.invalid('input', 'rank 4', `rank ${node.shape(node.input(0)).length}`);
  return size;
}

const depthToSpace: Import = (node) => {
  const attrs = { blockSize: blockSize(node), mode: node.string('mode', 'DCR') };
  return [node.channelsFirst(node.emit('depthToSpace', [node.channelsLast(node.input(0))], attrs))];
};

const spaceToDepth: Import = (node) => {
  const attrs = { blockSize: blockSize(node) };
  return [node.channelsFirst(node.emit('spaceToDepth', [node.channelsLast(node.input(0))], attrs))];
};

const writeDepthToSpace: Export<AttrsOf<'depthToSpace'>> = (node) => {
  const attributes = { blocksize: int(node.attrs.blockSize), mode: string(node.attrs.mode) };
  return [node.add('DepthToSpace', [node.input(0)], attributes)];
};

/** ONNX gathers blocks in the order DCR; the other is a transposition of six dimensions, here channels-first. */
const writeSpaceToDepth: Export<AttrsOf<'spaceToDepth'>> = (node) => {
  const b = node.attrs.blockSize;
  if (node.attrs.mode === 'DCR') return [node.add('SpaceToDepth', [node.input(0)], { blocksize: int(b) })];
  const [n, c, h, w] = node.typeOf(0).shape as [number, number, number, number];
  const blocks = node.reshape(node.input(0), [n, c, h / b, b, w / b, b], 'blocks');
  return [node.reshape(node.transpose(blocks, [0, 1, 3, 5, 2, 4], 'gathered'), node.type.shape, '')];
};

export const blocks = defineOnnx({
  imports: { DepthToSpace: depthToSpace, SpaceToDepth: spaceToDepth },
  exports: { depthToSpace: onImages(writeDepthToSpace), spaceToDepth: onImages(writeSpaceToDepth) },
});
