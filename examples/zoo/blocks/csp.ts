/**
 * Stages of cross-stage partial networks (Wang et al. 2019, arXiv 1911.11929) as YOLOv4 has them: half of the channels
 * go through the blocks, the other half around them.
 */
import { expectShapeOf, scope, type Tensor } from 'millrace';
import { add, concat, type Image } from 'millrace/layers';
import { mished } from './darknet.ts';

/** Half the image, then residual blocks of `inner` channels, on `part` of the `filters` channels. */
export const cspStage = <S extends Image, const F extends number, const P extends number>(
  x: Tensor<'float32', S>,
  [name, blocks]: readonly [string, number],
  { filters, part, inner }: { readonly filters: F; readonly part: P; readonly inner: number },
) =>
  scope(name, () => {
    const begin = mished(x, ['down', filters, 3, 2]);
    const around = mished(begin, ['around', part, 1]);
    let y = mished(begin, ['through', part, 1]);
    for (let n = 1; n <= blocks; n++) {
      const narrow = mished(y, [`block${n}.narrow`, inner, 1]);
      const wide = expectShapeOf(mished(narrow, [`block${n}.wide`, part, 3], 0.2), y);
      y = expectShapeOf(add(y, wide), y);
    }
    return mished(concat([mished(y, ['end', part, 1]), around]), ['join', filters, 1]);
  });
