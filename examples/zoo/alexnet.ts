/**
 * AlexNet in its one-column form (Krizhevsky 2014, arXiv 1404.5997): no groups, no local response normalisation. Three
 * quarters of its 233 MB are the two dense layers in the middle, which one run reads once.
 */
import { defineModel, expectShape, tensor } from 'millrace';
import { conv2d, dense, flatten, maxPool2d, relu } from 'millrace/layers';
import { classifier } from './blocks/classifier.ts';

const pool = { kernel: 3, stride: 2 } as const;

export const alexnet = () =>
  defineModel('alexnet', { image: tensor('float32', [1, 224, 224, 3]) }, ({ image }) => {
    const conv1 = relu(conv2d(image, { name: 'conv1', filters: 64, kernel: 11, stride: 4, padding: 2 }));
    const pool1 = expectShape(maxPool2d(conv1, pool), [1, 27, 27, 64]);
    const conv2 = relu(conv2d(pool1, { name: 'conv2', filters: 192, kernel: 5, padding: 2 }));
    const pool2 = expectShape(maxPool2d(conv2, pool), [1, 13, 13, 192]);
    const conv3 = relu(conv2d(pool2, { name: 'conv3', filters: 384, kernel: 3, padding: 1 }));
    const conv4 = relu(conv2d(conv3, { name: 'conv4', filters: 256, kernel: 3, padding: 1 }));
    const conv5 = relu(conv2d(conv4, { name: 'conv5', filters: 256, kernel: 3, padding: 1 }));
    const pool5 = expectShape(maxPool2d(conv5, pool), [1, 6, 6, 256]);
    const dense6 = relu(dense(flatten(pool5), { name: 'dense6', units: 4096 }));
    const dense7 = relu(dense(dense6, { name: 'dense7', units: 4096 }));
    return { probs: classifier(dense7) };
  });
