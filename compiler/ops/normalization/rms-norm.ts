/**
 * Root mean square normalisation (Zhang and Sennrich 2019, arXiv 1910.07467), over the last axis:
 * y = x / √(mean(x²) + ε) · scale. (ONNX RMSNormalization-23 with axis −1)
 */
import { defineRowNorm } from './row-norm.ts';

export const rmsNorm = defineRowNorm({ name: 'rmsNorm', rms: true });
