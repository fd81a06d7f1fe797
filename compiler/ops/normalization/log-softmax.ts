/** The logarithm of softmax, computed without taking the logarithm of a small number. */
import { defineSoftmax } from './softmax.ts';

export const logSoftmax = defineSoftmax('logSoftmax', true);
