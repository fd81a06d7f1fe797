import assert from 'node:assert/strict';
import { complex, transformOf } from '../../compiler/ops/reference/fourier.ts';
import { assertClose, inferred, randomTensor, refuses, tensor, values } from './run-op.ts';

/** By the definition: X[k] = Σ x[n]·e^(∓2πi·nk/N). */
function plain(re: readonly number[], im: readonly number[], sign: number): { re: number[]; im: number[] } {
  const length = re.length;
  const sums = re.map((_, k) => {
    let [a, b] = [0, 0];
    for (let n = 0; n < length; n++) {
      const angle = (sign * 2 * Math.PI * ((n * k) % length)) / length;
      a += re[n]! * Math.cos(angle) - im[n]! * Math.sin(angle);
      b += re[n]! * Math.sin(angle) + im[n]! * Math.cos(angle);
    }
    return [a, b] as const;
  });
  return { re: sums.map(([a]) => a), im: sums.map(([, b]) => b) };
}

describe('Fourier transforms', () => {
  it('are those of the definition, at any length', () => {
    for (const length of [1, 2, 3, 4, 5, 7, 8, 12, 16, 17, 30, 64, 101])
      for (const inverse of [false, true]) {
        const x = complex(length);
        const numbers = randomTensor([2 * length], length).data as Float32Array;
        x.re.set(numbers.subarray(0, length));
        x.im.set(numbers.subarray(length));
        const expected = plain([...x.re], [...x.im], inverse ? 1 : -1);
        transformOf(length)(x, inverse);
        assertClose([...x.re], expected.re, 1e-9, `${length}`);
        assertClose([...x.im], expected.im, 1e-9, `${length}`);
      }
  });

  it('dft of real and complex numbers, padded, cut, in halves, and back', () => {
    const x = tensor([1, 4, 1], [1, 2, 3, 4]);
    const whole = [10, 0, -2, 2, -2, 0, -2, -2];
    assertClose(values('dft', [x], { length: 4, axis: 1 }), whole);
    assertClose(values('dft', [x], { length: 4, axis: 1, onesided: true }), whole.slice(0, 6));
    const back = { length: 4, axis: 1, inverse: true };
    assertClose(values('dft', [tensor([1, 4, 2], whole)], back), [1, 0, 2, 0, 3, 0, 4, 0]);
    const half = tensor([1, 3, 2], whole.slice(0, 6));
    assertClose(values('dft', [half], { ...back, onesided: true }), [1, 2, 3, 4]);
    assertClose(values('dft', [x], { length: 2, axis: 1 }), [3, 0, -1, 0]);
    assertClose(values('dft', [tensor([1, 1, 1], [5])], { length: 3, axis: 1 }), [5, 0, 5, 0, 5, 0]);
    const rows = tensor([2, 2, 1], [1, 2, 3, 4]);
    assertClose(values('dft', [rows], { length: 2, axis: 0 }), [4, 0, 6, 0, -2, 0, -2, 0]);
    assert.equal(inferred('dft', '[2,5,3,1]', { length: 5, axis: 1, onesided: true }), 'float32[2,3,3,2]');
    refuses('dft', '[2,5,3]', { length: 5, axis: 1 }, /real numbers/);
    refuses('dft', '[2,5,1]', { length: 5, axis: 2 }, /axis.*0 to 1/s);
    refuses('dft', '[2,5,1]', { length: 0, axis: 1 }, /length/);
  });

  it('det eliminates with pivots', () => {
    assertClose(values('det', [tensor([2, 2], [0, 2, 3, 1])]), [-6]);
    assertClose(values('det', [tensor([3, 3], [2, -1, 0, 1, 3, 2, 0, 5, -4])]), [-48]);
    assertClose(values('det', [tensor([2, 2, 2], [1, 2, 3, 4, 1, 2, 2, 4])]), [-2, 0]);
    assert.deepEqual(values('det', [tensor([0, 0], [])]), [1]);
    assert.equal(inferred('det', '[5,3,3]'), 'float32[5]');
    refuses('det', '[2,3]', {}, /n, n/);
  });
});
