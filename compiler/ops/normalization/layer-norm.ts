/**
 * Layer normalisation (Ba et al. 2016, arXiv 1607.06450), over the last axis: y = (x − μ) / √(σ² + ε) · scale + bias,
 * with mean and (biased) variance of each row. ONNX LayerNormalization-17 with axis −1; over several axes the importer
 * makes one of them.
 */
import { defineRowNorm } from './row-norm.ts';

export const layerNorm = defineRowNorm({ name: 'layerNorm', rms: false });
