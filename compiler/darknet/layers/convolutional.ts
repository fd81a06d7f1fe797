/**
 * `[convolutional]`: convolution, normalisation, activation. The file has biases, then scale, mean and variance, then the
 * weights as [filters, c/groups, size, size].
 */
import { MillraceError } from '../../../runtime/error.ts';
import { activated, activationOf } from '../activation.ts';
import { checkedExtent, checkedParameter, type LayerKind, normalized, statistics } from '../layer.ts';

export const convolutional: LayerKind = {
  refuses: {
    antialiasing: ['0'],
    assisted_excitation: ['0'],
    binary: ['0'],
    bin_output: ['0'],
    cbn: ['0'],
    coordconv: ['0'],
    dontload: ['0'],
    dontloadscales: ['0'],
    flipped: ['0'],
    reverse: ['0'],
    rotate: ['0'],
    share_index: [],
    stretch: ['0'],
    stretch_sway: ['0'],
    sway: ['0'],
    xnor: ['0'],
  },
  resolve(section, { input }) {
    const filters = section.int('filters', 1, 1);
    const groups = section.int('groups', 1, 1);
    const size = section.int('size', 1, 1);
    const stride = section.int('stride', 1, 1);
    const strides = [section.int('stride_y', stride, 1), section.int('stride_x', stride, 1)] as const;
    const dilation = size === 1 ? 1 : section.int('dilation', 1, 1);
    const padding = section.int('pad', 0) ? Math.floor(size / 2) : section.int('padding', 0);
    const activation = activationOf(section, 'logistic');
    const normalizes = section.int('batch_normalize', 0) !== 0;
    if (input.c % groups !== 0 || filters % groups !== 0)
      throw section.invalid('channels do not divide into groups', {
        expected: `multiples of ${groups}`,
        got: `${input.c} channels, ${filters} filters`,
      });
    const window = (size - 1) * dilation + 1;
    const pad = padding * dilation;
    const outOf = (extent: number, step: number): number =>
      Math.floor((extent + 2 * padding - size) / step) + 1;
    const out = checkedExtent(section, outOf(input.h, strides[0]), outOf(input.w, strides[1]), filters);
    // Darknet computes its extents without the dilation; where that makes a difference, it reads outside.
    const dilated = (extent: number, step: number): number =>
      Math.floor((extent + 2 * pad - window) / step) + 1;
    if (dilated(input.h, strides[0]) !== out.h || dilated(input.w, strides[1]) !== out.w)
      throw new MillraceError('MODEL_UNSUPPORTED', 'dilation that changes the extents', { at: section.at });
    const parameters = [
      checkedParameter(section, 'bias', [filters]),
      ...(normalizes ? statistics(section, filters) : []),
      checkedParameter(section, 'weight', [filters, input.c / groups, size, size]),
    ];
    return {
      out,
      parameters,
      emit(emitter) {
        const bias = normalizes ? null : emitter.parameter('bias');
        const attrs = { strides, dilations: [dilation, dilation], pads: [pad, pad, pad, pad], groups };
        const x = emitter.node('conv', [emitter.input, emitter.parameter('weight'), bias], attrs);
        return activated(emitter, normalizes ? normalized(emitter, x) : x, activation);
      },
    };
  },
};
