/** Random cases of ops whose results have sizes that depend on data. */
import type { Attrs } from '../../compiler/ir/constant.ts';
import { fromNumbers, type Tensor } from '../../compiler/ir/tensor.ts';
import type { Draw, OpCase } from './op-cases.ts';

const of = (inputs: readonly (Tensor | null)[], attrs: Attrs = {}): OpCase => ({
  inputs,
  attrs,
  constants: [],
});

const dtypes = ['float32', 'float16', 'int64', 'uint8'] as const;

export const selectionMakers: Readonly<Record<string, (draw: Draw) => OpCase>> = {
  nonZero: (d) => of([d.tensor(d.shape(d.integer(1, 3), 5), 0, 2, d.pick([...dtypes, 'bool'] as const))]),
  compress: (d) => {
    const shape = d.shape(d.integer(1, 3), 5);
    const axis = d.integer(0, shape.length - 1);
    const condition = d.tensor([d.integer(1, shape[axis]!)], 0, 2, 'bool');
    return of([d.tensor(shape, 0, 9, d.pick(dtypes)), condition], { axis });
  },
  unique: (d) => {
    const shape = d.shape(d.integer(1, 3), 5);
    const x = d.tensor(shape, 0, 2, d.pick(['int64', 'uint8', 'bool'] as const));
    return of([x], { axis: d.integer(0, shape.length - 1), sorted: d.chance(0.5) });
  },
  nonMaxSuppression: (d) => {
    const [images, classes, count] = [d.integer(1, 2), d.integer(1, 3), d.integer(1, 8)];
    return of([d.tensor([images, count, 4], 0, 2), d.tensor([images, classes, count])], {
      most: d.integer(0, 9),
      overlap: d.next(),
      least: d.pick([-1, 0, 0.5]),
      centred: d.chance(0.5),
    });
  },
  trim: (d) => {
    const shape = d.shape(d.integer(1, 4), 5);
    const axis = d.integer(0, shape.length - 1);
    const count = fromNumbers({ dtype: 'int64', shape: [] }, [d.integer(0, shape[axis]!)]);
    return of([d.tensor(shape, 0, 9, d.pick(dtypes)), count], { axis });
  },
};
