/** Kernels that move or convert elements of any type, from the words of the kernel table: see `kernel-model.ts`. */
import assert from 'node:assert/strict';
import { bytesOf, tensorFromBytes } from '../../compiler/ir/tensor.ts';
import { castTensor } from '../../compiler/ops/elementwise/cast.ts';
import type { Model } from './kernel-model.ts';

type Numbered<P extends string> = Readonly<Record<`${P}${0 | 1 | 2 | 3 | 4 | 5}`, number>>;

export const numbered = <P extends string>(p: Numbered<P>, prefix: P): number[] =>
  ([0, 1, 2, 3, 4, 5] as const).map((i) => p[`${prefix}${i}`]);

/** Calls visit with the index of each place of some dimensions. */
export function eachIndex(dims: readonly number[], visit: (index: readonly number[]) => void): void {
  const count = dims.reduce((a, b) => a * b, 1);
  const index = dims.map(() => 0);
  for (let at = 0; at < count; at++) {
    visit(index);
    for (let axis = dims.length - 1; axis >= 0 && ++index[axis]! === dims[axis]; axis--) index[axis] = 0;
  }
}

export const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, i) => sum + x * b[i]!, 0);

type Movement = 'copy' | 'fill' | 'gather' | 'cast';

export const movementModels: { readonly [K in Movement]: Model<K> } = {
  copy: (p, _, bytes) => {
    const size = p.elementBytes;
    const [to, from] = [bytes['y']!, bytes['x']!];
    const [xs, ys] = [numbered(p, 'x'), numbered(p, 'y')];
    eachIndex(numbered(p, 'd'), (index) => {
      const source = (p.xOffset + dot(index, xs)) * size;
      const target = (p.yOffset + dot(index, ys)) * size;
      assert.ok(source >= 0 && source + size <= from.length && target >= 0 && target + size <= to.length);
      to.set(from.slice(source, source + size), target);
    });
  },
  fill: (p, _, bytes) => {
    const word = new Uint8Array(Int32Array.of(p.low, p.high).buffer).subarray(0, p.elementBytes);
    for (let i = 0; i < p.count; i++) bytes['y']!.set(word, i * p.elementBytes);
  },
  gather: (p, _, bytes) => {
    const { buffer, byteOffset, byteLength } = bytes['indices']!;
    assert.equal(byteLength, p.count * p.indexBytes);
    const indices = new DataView(buffer, byteOffset, byteLength);
    eachIndex([p.outer, p.count], ([o, i]) => {
      const at = i! * p.indexBytes;
      const index = p.indexBytes === 8 ? Number(indices.getBigInt64(at, true)) : indices.getInt32(at, true);
      const row = o! * p.axis + (index < 0 ? index + p.axis : index);
      const source = bytes['x']!.slice(row * p.innerBytes, (row + 1) * p.innerBytes);
      bytes['y']!.set(source, (o! * p.count + i!) * p.innerBytes);
    });
  },
  cast: (p, _, bytes) => {
    const x = tensorFromBytes({ dtype: p.from, shape: [p.count] }, bytes['x']!);
    bytes['y']!.set(bytesOf(castTensor(x, p.to)));
  },
};
