/** Ops that read images at places of their own: grids, regions, moved taps, overlapping blocks. */
import { elementCount } from '../../ir/types.ts';
import type { AttrsOf } from '../../ops/index.ts';
import { float, int, ints, string } from '../export/graph.ts';
import { defineOnnx, type Export, type Import, onImages, withConstants } from './define.ts';
import { listOf, readWindow } from './window.ts';

/** Modes had names of images until opset 20. */
const modes: Readonly<Record<string, string>> = {
  bilinear: 'linear',
  bicubic: 'cubic',
  linear: 'linear',
  cubic: 'cubic',
  nearest: 'nearest',
};

const gridSample: Import = (node) => {
  const given = node.string('mode', 'linear');
  const mode = modes[given] ?? node.invalid('attribute "mode"', Object.keys(modes).join(', '), given);
  const padding = node.string('padding_mode', 'zeros');
  const alignCorners = node.int('align_corners', 0) !== 0;
  const inputs = [node.channelsLast(node.input(0)), node.input(1)];
  return [node.channelsFirst(node.emit('gridSample', inputs, { mode, padding, alignCorners }))];
};

/** Centres of `count` elements between −1 and 1, or with aligned corners those of the outermost at the ends. */
const centres = (count: number, aligned: boolean): number[] =>
  Array.from({ length: count }, (_, i) => {
    if (!aligned) return (2 * i + 1) / count - 1;
    return count === 1 ? 0 : (2 * i) / (count - 1) - 1;
  });

/** θ · [x, y, z, 1]ᵀ at every place of the grid: a product with a constant. */
const affineGrid: Import<'size'> = (node) => {
  const theta = node.input(0);
  const { dtype, shape } = node.type(theta);
  const size = node.constantNumbers('size') ?? node.invalid('has no size');
  const spatial = size.slice(2);
  const dimensions = spatial.length;
  const expected = [size[0]!, dimensions, dimensions + 1];
  if (size.length < 3 || String(shape) !== String(expected))
    node.invalid('theta', `[${expected}]`, `[${shape}]`);
  const aligned = node.int('align_corners', 0) !== 0;
  const count = elementCount(spatial);
  const places = new Array<number>((dimensions + 1) * count).fill(1);
  // The last dimension's coordinate first.
  for (const [axis, extent] of spatial.entries()) {
    const along = centres(extent, aligned);
    const inner = elementCount(spatial.slice(axis + 1));
    const row = (dimensions - 1 - axis) * count;
    for (let i = 0; i < count; i++) places[row + i] = along[Math.floor(i / inner) % extent]!;
  }
  const constant = node.constant({ dtype, shape: [dimensions + 1, count] }, places, 'places');
  const moved = node.emit('matmul', [theta, constant], {}, 'moved');
  const grid = node.emit('transpose', [moved], { perm: [0, 2, 1] }, 'grid');
  return [node.reshape(grid, [size[0]!, ...spatial, dimensions], '')];
};

const roiAlign: Import = (node) => {
  const attrs = {
    height: node.int('output_height', 1),
    width: node.int('output_width', 1),
    sampling: node.int('sampling_ratio', 0),
    scale: node.float('spatial_scale', 1),
    mode: node.string('mode', 'avg'),
    // Before opset 16 there was no choice.
    halfPixel:
      node.opset >= 16 && node.string('coordinate_transformation_mode', 'half_pixel') === 'half_pixel',
  };
  const inputs = [node.channelsLast(node.input(0)), node.input(1), node.input(2)];
  return [node.channelsFirst(node.emit('roiAlign', inputs, attrs))];
};

const deformConv: Import = (node) => {
  const [x, w] = [node.input(0), node.input(1)];
  if (node.shape(x).length !== 4) node.unsupported(`${node.shape(x).length - 2}-D windows (only 2-D)`);
  const { strides, dilations, pads } = readWindow(node, node.shape(x).slice(2), node.shape(w).slice(2));
  const attrs = {
    strides,
    dilations,
    pads,
    groups: node.int('group', 1),
    parts: node.int('offset_group', 1),
  };
  const inputs = [node.channelsLast(x), w, node.input(2), node.optional(3), node.optional(4)];
  return [node.channelsFirst(node.emit('deformConv', inputs, attrs))];
};

const col2Im: Import<'image_shape' | 'block_shape'> = (node) => {
  const image = node.constantNumbers('image_shape') ?? node.invalid('has no image_shape');
  const block = node.constantNumbers('block_shape') ?? node.invalid('has no block_shape');
  const rank = image.length;
  const attrs = {
    image,
    block,
    strides: listOf(node, 'strides', rank, 1, 1),
    dilations: listOf(node, 'dilations', rank, 1, 1),
    pads: listOf(node, 'pads', 2 * rank, 0, 0),
  };
  return [node.emit('columnsToImage', [node.input(0)], attrs)];
};

const writeGridSample: Export<AttrsOf<'gridSample'>> = (node) => {
  const { mode, padding, alignCorners } = node.attrs;
  node.need(node.typeOf(0).shape.length === 4 ? 16 : 20, 'GridSample');
  const name = node.opset >= 20 || mode === 'nearest' ? mode : `bi${mode}`;
  return [
    node.add('GridSample', [node.input(0), node.input(1)], {
      mode: string(name),
      padding_mode: string(padding),
      align_corners: int(alignCorners),
    }),
  ];
};

const writeRoiAlign: Export<AttrsOf<'roiAlign'>> = (node) => {
  const { height, width, sampling, scale, mode, halfPixel } = node.attrs;
  if (halfPixel) node.need(16, 'RoiAlign with half pixels');
  const coordinates = halfPixel ? 'half_pixel' : 'output_half_pixel';
  return [
    node.add('RoiAlign', node.all(), {
      output_height: int(height),
      output_width: int(width),
      sampling_ratio: int(sampling),
      spatial_scale: float(scale),
      mode: string(mode),
      ...(node.opset >= 16 ? { coordinate_transformation_mode: string(coordinates) } : {}),
    }),
  ];
};

const writeDeformConv: Export<AttrsOf<'deformConv'>> = (node) => {
  node.need(19, 'DeformConv');
  const { strides, dilations, pads, groups, parts } = node.attrs;
  return [
    node.add('DeformConv', node.all(), {
      kernel_shape: ints(node.typeOf(1).shape.slice(2)),
      strides: ints(strides),
      dilations: ints(dilations),
      pads: ints(pads),
      group: int(groups),
      offset_group: int(parts),
    }),
  ];
};

const writeColumnsToImage: Export<AttrsOf<'columnsToImage'>> = (node) => {
  node.need(18, 'Col2Im');
  const { image, block, strides, dilations, pads } = node.attrs;
  const inputs = [node.input(0), node.indices(image, 'image'), node.indices(block, 'block')];
  const attributes = { strides: ints(strides), dilations: ints(dilations), pads: ints(pads) };
  return [node.add('Col2Im', inputs, attributes)];
};

export const sampling = defineOnnx({
  imports: {
    GridSample: gridSample,
    AffineGrid: withConstants({ size: 1 }, affineGrid),
    RoiAlign: roiAlign,
    DeformConv: deformConv,
    Col2Im: withConstants({ image_shape: 1, block_shape: 2 }, col2Im),
  },
  exports: {
    gridSample: onImages(writeGridSample),
    roiAlign: onImages(writeRoiAlign),
    deformConv: onImages(writeDeformConv),
    columnsToImage: writeColumnsToImage,
  },
});
