/**
 * Vision Transformer (Dosovitskiy et al. 2020, arXiv 2010.11929), as torchvision has it: the image is cut into patches,
 * which are a sequence of words behind one that stands for the class.
 */
import { defineModel, init, parameter, tensor } from 'millrace';
import { add, concat, conv2d, narrow, reshape, squeeze } from 'millrace/layers';
import { classifier } from './blocks/classifier.ts';
import { transformer } from './blocks/transformer.ts';

export interface VitSizes<I extends number> {
  readonly image: I;
  readonly patch: number;
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
}

export const vit = <const I extends number>(name: string, sizes: VitSizes<I>) =>
  defineModel(name, { image: tensor('float32', [1, sizes.image, sizes.image, 3]) }, ({ image }) => {
    const { patch, layers, width, heads } = sizes;
    const count = Math.floor(sizes.image / patch) ** 2;
    const patches = conv2d(image, { name: 'patches', filters: width, kernel: patch, stride: patch });
    const token = parameter('embedding.class', [1, 1, width], init.normal(0, 0.02));
    const positions = parameter('embedding.position', [1, count + 1, width], init.normal(0, 0.02));
    const words = add(concat([token, reshape(patches, [1, count, width])], 1), positions);
    const seen = transformer(words, layers, { heads, epsilon: 1e-6 });
    return { probs: classifier(squeeze(narrow(seen, 1, 0, 1), 1)) };
  });

export const vitB16 = () => vit('vit_b_16', { image: 224, patch: 16, layers: 12, width: 768, heads: 12 });
