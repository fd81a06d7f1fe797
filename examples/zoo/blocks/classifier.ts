/** The end of most networks for ImageNet (Lin et al. 2013, arXiv 1312.4400): mean over the image, one dense layer. */
import { init, type Tensor } from 'millrace';
import { dense, globalAveragePool, type Image, softmax } from 'millrace/layers';

/** [N, H, W, C] → probabilities [N, 1000]. */
export const pooledClassifier = <S extends Image>(x: Tensor<'float32', S>) =>
  classifier(globalAveragePool(x));

/** [N, C] → probabilities [N, 1000]. */
export const classifier = <S extends [number, number]>(features: Tensor<'float32', S>) =>
  softmax(dense(features, { name: 'classifier', units: 1000, initializer: init.normal(0, 0.01) }));
