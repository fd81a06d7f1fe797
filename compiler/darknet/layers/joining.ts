/** Layers that read earlier ones: `[route]`, `[shortcut]`, `[sam]` and `[scale_channels]`. */
import { MillraceError } from '../../../runtime/error.ts';
import type { ValueId } from '../../ir/graph.ts';
import { activated, activationOf } from '../activation.ts';
import type { Section } from '../cfg.ts';
import { checkedExtent, type Emitter, type Extent, type LayerKind } from '../layer.ts';

/** Channels [start, start + count). */
function channels(emitter: Emitter, x: ValueId, start: number, count: number): ValueId {
  const { shape } = emitter.typeOf(x);
  return emitter.node('slice', [x], {
    starts: [0, 0, 0, start],
    steps: [1, 1, 1, 1],
    sizes: shape.with(3, count),
  });
}

function requireSameImage(section: Section, a: Extent, b: Extent): void {
  if (a.h !== b.h || a.w !== b.w)
    throw new MillraceError('MODEL_SHAPE', 'joins images of different extents', {
      at: section.at,
      expected: `${a.h}×${a.w}`,
      got: `${b.h}×${b.w}`,
    });
}

/** Channels of several layers one after the other; with groups, part `group_id` of each layer's channels. */
export const route: LayerKind = {
  resolve(section, around) {
    const layers = around.layers('layers');
    const groups = section.int('groups', 1, 1);
    const group = section.int('group_id', 0);
    const extents = layers.map((layer) => around.extentOf(layer));
    for (const extent of extents) {
      requireSameImage(section, extents[0]!, extent);
      if (extent.c % groups !== 0 || group >= groups)
        throw section.invalid('groups', {
          expected: `a group below ${groups}, and channels that are a multiple of it`,
          got: `group ${group} of ${extent.c} channels`,
        });
    }
    const { h, w } = extents[0]!;
    const counts = extents.map(({ c }) => c / groups);
    return {
      out: checkedExtent(
        section,
        h,
        w,
        counts.reduce((sum, count) => sum + count, 0),
      ),
      parameters: [],
      emit(emitter) {
        const parts = layers.map((layer, i) => {
          const x = emitter.outputOf(layer);
          return groups === 1 ? x : channels(emitter, x, group * counts[i]!, counts[i]!);
        });
        return parts.length === 1 ? parts[0]! : emitter.node('concat', parts, { axis: 3 });
      },
    };
  },
};

/**
 * The layer before plus others. Of a larger image every stride-th pixel is taken, and of layers with other channels
 * those that both have: how ResNets of Darknet halve their images, without a projection.
 * Source: `shortcut_cpu` in `blas.c` of Darknet.
 */
export const shortcut: LayerKind = {
  refuses: { weights_type: ['none'] },
  resolve(section, around) {
    const from = around.layers('from');
    const activation = activationOf(section, 'linear');
    const { input } = around;
    const strides = from.map((layer) => strideOf(section, around.extentOf(layer), input));
    return {
      out: input,
      parameters: [],
      emit(emitter) {
        let sum = emitter.input;
        for (const [i, layer] of from.entries()) {
          const taken = fitted(emitter, emitter.outputOf(layer), strides[i]!, input);
          sum = emitter.node('add', [sum, taken]);
        }
        return activated(emitter, sum, activation);
      },
    };
  },
};

function strideOf(section: Section, from: Extent, to: Extent): number {
  const stride = Math.floor(from.w / to.w);
  if (stride < 1 || stride !== Math.floor(from.h / to.h))
    throw new MillraceError('MODEL_SHAPE', 'adds an image that does not fit', {
      at: section.at,
      expected: `a multiple of ${to.h}×${to.w}`,
      got: `${from.h}×${from.w}`,
    });
  return stride;
}

/** Every stride-th pixel, and as many channels as `to` has: those that are missing are zero. */
function fitted(emitter: Emitter, x: ValueId, stride: number, to: Extent): ValueId {
  const [, h, w, c] = emitter.typeOf(x).shape as [number, number, number, number];
  const common = Math.min(c, to.c);
  const fits = h === to.h && w === to.w && c === common;
  const part = fits
    ? x
    : emitter.node('slice', [x], {
        starts: [0, 0, 0, 0],
        steps: [1, stride, stride, 1],
        sizes: [1, to.h, to.w, common],
      });
  if (common === to.c) return part;
  return emitter.node('pad', [part], { pads: [0, 0, 0, 0, 0, 0, 0, to.c - common] });
}

/** The layer before times another of the same extents (spatial attention). */
export const sam: LayerKind = {
  resolve(section, around) {
    const [from] = around.layers('from');
    const activation = activationOf(section, 'linear');
    const other = around.extentOf(from!);
    requireSameImage(section, around.input, other);
    if (other.c !== around.input.c)
      throw new MillraceError('MODEL_SHAPE', 'multiplies images of different channels', {
        at: section.at,
        expected: `${around.input.c}`,
        got: `${other.c}`,
      });
    return {
      out: other,
      parameters: [],
      emit: (emitter) =>
        activated(emitter, emitter.node('mul', [emitter.input, emitter.outputOf(from!)]), activation),
    };
  },
};

/** Another layer, each channel times the number that the layer before has for it (squeeze and excitation). */
export const scaleChannels: LayerKind = {
  refuses: { scale_wh: ['0'] },
  resolve(section, around) {
    const [from] = around.layers('from');
    const activation = activationOf(section, 'linear');
    const other = around.extentOf(from!);
    const { h, w, c } = around.input;
    if (h * w !== 1 || c !== other.c)
      throw new MillraceError('MODEL_SHAPE', 'needs one number for each channel', {
        at: section.at,
        expected: `1×1×${other.c}`,
        got: `${h}×${w}×${c}`,
      });
    return {
      out: other,
      parameters: [],
      emit: (emitter) =>
        activated(emitter, emitter.node('mul', [emitter.outputOf(from!), emitter.input]), activation),
    };
  },
};
