/** `[maxpool]`, `[local_avgpool]`, `[avgpool]` (over the whole image) and `[upsample]`. */
import type { Section } from '../cfg.ts';
import { checkedExtent, type Extent, type Layer, type LayerKind } from '../layer.ts';

/**
 * Windows of `size` at multiples of the stride, from padding/2 (rounded down) before the image on; what is outside does
 * not count. Unless said otherwise the padding is size − 1: with stride 1 the image keeps its extents.
 */
function pooled(op: 'maxPool' | 'averagePool', section: Section, input: Extent): Layer {
  const stride = section.int('stride', 1, 1);
  const strides = [section.int('stride_y', stride, 1), section.int('stride_x', stride, 1)] as const;
  const size = section.int('size', stride, 1);
  const padding = section.int('padding', size - 1);
  const before = Math.floor(padding / 2);
  const after = padding - before;
  // A window without any element of the image has no largest one.
  if (after >= size)
    throw section.invalid('padding', { expected: `at most ${2 * size - 1}`, got: `${padding}` });
  const outOf = (extent: number, step: number): number => Math.floor((extent + padding - size) / step) + 1;
  return {
    out: checkedExtent(section, outOf(input.h, strides[0]), outOf(input.w, strides[1]), input.c),
    parameters: [],
    emit: (emitter) =>
      emitter.node(op, [emitter.input], {
        kernel: [size, size],
        strides,
        dilations: [1, 1],
        pads: [before, before, after, after],
      }),
  };
}

export const maxpool: LayerKind = {
  refuses: { antialiasing: ['0'], maxpool_depth: ['0'], maxpool_zero_nonmax: ['0'] },
  resolve: (section, { input }) => pooled('maxPool', section, input),
};

export const localAvgpool: LayerKind = {
  resolve: (section, { input }) => pooled('averagePool', section, input),
};

export const avgpool: LayerKind = {
  resolve: (section, { input }) => ({
    out: checkedExtent(section, 1, 1, input.c),
    parameters: [],
    emit: (emitter) => emitter.node('reduceMean', [emitter.input], { axes: [1, 2], keepDims: true }),
  }),
};

export const upsample: LayerKind = {
  resolve(section, { input }) {
    const stride = section.int('stride', 2, 1);
    const scale = section.real('scale', 1);
    const out = checkedExtent(section, input.h * stride, input.w * stride, input.c);
    return {
      out,
      parameters: [],
      emit(emitter) {
        const y = emitter.node('resize', [emitter.input], {
          shape: [1, out.h, out.w, out.c],
          scales: [1, stride, stride, 1],
          mode: 'nearest',
          coordinates: 'asymmetric',
          nearest: 'floor',
        });
        return scale === 1 ? y : emitter.node('mul', [y, emitter.scalar(scale)]);
      },
    };
  },
};
