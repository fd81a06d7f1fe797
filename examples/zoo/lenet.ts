/**
 * LeNet-5 (LeCun et al. 1998, "Gradient-based learning applied to document recognition", §II.B): digits. The second
 * convolution sees all maps of the first, and plain means and tanh stand for their scaled forms, as in most versions since.
 */
import { defineModel, expectShape, tensor } from 'millrace';
import { averagePool2d, conv2d, dense, flatten, softmax, tanh } from 'millrace/layers';

export const lenet = () =>
  defineModel('lenet', { image: tensor('float32', [1, 32, 32, 1]) }, ({ image }) => {
    const c1 = tanh(conv2d(image, { name: 'c1', filters: 6, kernel: 5 }));
    const s2 = averagePool2d(c1, { kernel: 2 });
    const c3 = tanh(conv2d(s2, { name: 'c3', filters: 16, kernel: 5 }));
    const s4 = expectShape(averagePool2d(c3, { kernel: 2 }), [1, 5, 5, 16]);
    const c5 = tanh(conv2d(s4, { name: 'c5', filters: 120, kernel: 5 }));
    const f6 = tanh(dense(flatten(c5), { name: 'f6', units: 84 }));
    return { probs: softmax(dense(f6, { name: 'output', units: 10 })) };
  });
