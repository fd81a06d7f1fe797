/**
 * `[connected]`: a dense layer over the image as a vector, channels first. The file has biases, the weights as
 * [outputs, inputs], then scale, mean and variance.
 */
import { activated, activationOf } from '../activation.ts';
import {
  checkedExtent,
  checkedParameter,
  flattened,
  type LayerKind,
  normalized,
  statistics,
} from '../layer.ts';

export const connected: LayerKind = {
  refuses: { dontload: ['0'], dontloadscales: ['0'] },
  resolve(section, { input }) {
    const outputs = section.int('output', 1, 1);
    const activation = activationOf(section, 'logistic');
    const normalizes = section.int('batch_normalize', 0) !== 0;
    const inputs = input.h * input.w * input.c;
    return {
      out: checkedExtent(section, 1, 1, outputs),
      parameters: [
        checkedParameter(section, 'bias', [outputs]),
        { ...checkedParameter(section, 'weight', [outputs, inputs]), mayBeTransposed: true },
        ...(normalizes ? statistics(section, outputs) : []),
      ],
      emit(emitter) {
        const x = flattened(emitter, emitter.input, input);
        const bias = normalizes ? null : emitter.parameter('bias');
        const product = emitter.node('matmul', [x, emitter.parameter('weight'), bias], { transB: true });
        const y = activated(emitter, normalizes ? normalized(emitter, product) : product, activation);
        return emitter.node('reshape', [y], { shape: [1, 1, 1, outputs] });
      },
    };
  },
};
