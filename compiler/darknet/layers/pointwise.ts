/** Layers that keep the extents, or cut them: softmax, batchnorm, activation, dropout, cost, crop. */
import { activated, activationOf } from '../activation.ts';
import {
  checkedExtent,
  checkedParameter,
  flattened,
  type LayerKind,
  normalized,
  statistics,
} from '../layer.ts';

/** Over the image as a vector, or over each of `groups` equal parts of it. */
export const softmax: LayerKind = {
  refuses: { spatial: ['0'], tree: [] },
  resolve(section, { input }) {
    const groups = section.int('groups', 1, 1);
    const temperature = section.real('temperature', 1);
    const count = input.h * input.w * input.c;
    if (count % groups !== 0 || temperature <= 0)
      throw section.invalid('groups or temperature', {
        expected: `${count} elements in equal groups, a temperature above 0`,
        got: `${groups} groups, temperature ${temperature}`,
      });
    return {
      out: checkedExtent(section, 1, 1, count),
      parameters: [],
      emit(emitter) {
        const flat = flattened(emitter, emitter.input, input);
        const cool = temperature === 1 ? flat : emitter.node('div', [flat, emitter.scalar(temperature)]);
        const parts = emitter.node('reshape', [cool], { shape: [1, groups, count / groups] });
        const y = emitter.node('softmax', [parts], { axis: 2 });
        return emitter.node('reshape', [y], { shape: [1, 1, 1, count] });
      },
    };
  },
};

export const batchnorm: LayerKind = {
  resolve: (section, { input }) => ({
    out: input,
    parameters: [checkedParameter(section, 'bias', [input.c]), ...statistics(section, input.c)],
    emit: (emitter) => normalized(emitter, emitter.input),
  }),
};

export const activation: LayerKind = {
  resolve(section, { input }) {
    const name = activationOf(section, 'linear');
    return { out: input, parameters: [], emit: (emitter) => activated(emitter, emitter.input, name) };
  },
};

/** Dropout and cost are of training. */
export const passive: LayerKind = {
  resolve: (_section, { input }) => ({
    out: input,
    parameters: [],
    passive: true,
    emit: (emitter) => emitter.input,
  }),
};

/** The middle of the image, from [0, 1] to [−1, 1] unless `noadjust`. */
export const crop: LayerKind = {
  resolve(section, { input }) {
    const h = section.int('crop_height', 1, 1);
    const w = section.int('crop_width', 1, 1);
    const adjusts = section.int('noadjust', 0) === 0;
    if (h > input.h || w > input.w)
      throw section.invalid('cuts out more than there is', {
        expected: `at most ${input.h}×${input.w}`,
        got: `${h}×${w}`,
      });
    return {
      out: checkedExtent(section, h, w, input.c),
      parameters: [],
      emit(emitter) {
        const middle = emitter.node('slice', [emitter.input], {
          starts: [0, Math.floor((input.h - h) / 2), Math.floor((input.w - w) / 2), 0],
          steps: [1, 1, 1, 1],
          sizes: [1, h, w, input.c],
        });
        if (!adjusts) return middle;
        return emitter.node('sub', [emitter.node('mul', [middle, emitter.scalar(2)]), emitter.scalar(1)]);
      },
    };
  },
};
