/**
 * Of overlapping boxes the best: for each image and class those with the highest scores that overlap none before them by
 * more than `overlap` of their union. Rows [image, class, box], and how many they are. Boxes are corners [y, x, y, x] in any
 * order, or with `centred` [x, y, width, height]. (ONNX NonMaxSuppression-11)
 */
import { zeros } from '../../ir/tensor.ts';
import { formatType } from '../../ir/types.ts';
import { trafficOf } from '../define/elementwise.ts';
import { defineOp, requireRank, shapeError } from '../define/op.ts';
import { present, realsOf } from '../reference/reals.ts';

/** Lower corner, upper corner, of every box. */
function cornersOf(boxes: ArrayLike<number>, centred: boolean): Float64Array {
  const corners = new Float64Array(boxes.length);
  for (let i = 0; i < boxes.length; i += 4)
    for (const k of [0, 1]) {
      const [a, b] = [boxes[i + k]!, boxes[i + k + 2]!];
      corners[i + k] = centred ? a - b / 2 : Math.min(a, b);
      corners[i + k + 2] = centred ? a + b / 2 : Math.max(a, b);
    }
  return corners;
}

/** Intersection over union of two boxes. */
function overlapOf(c: Float64Array, a: number, b: number): number {
  const height = Math.min(c[a + 2]!, c[b + 2]!) - Math.max(c[a]!, c[b]!);
  const width = Math.min(c[a + 3]!, c[b + 3]!) - Math.max(c[a + 1]!, c[b + 1]!);
  const area = (i: number): number => (c[i + 2]! - c[i]!) * (c[i + 3]! - c[i + 1]!);
  if (height <= 0 || width <= 0 || area(a) <= 0 || area(b) <= 0) return 0;
  return (height * width) / (area(a) + area(b) - height * width);
}

export const nonMaxSuppression = /* @__PURE__ */ defineOp({
  name: 'nonMaxSuppression',
  inputs: ['boxes', 'scores'],
  attrs: { most: 0, overlap: 0, least: Number.NEGATIVE_INFINITY, centred: false },
  required: ['most'],
  traits: {},
  infer(inputs, { most }) {
    const [boxes, scores] = [requireRank(inputs, 0, 'boxes', 3), requireRank(inputs, 1, 'scores', 3)];
    const [images, count, four] = boxes.shape as [number, number, number];
    if (four !== 4) throw shapeError('boxes', '[images, boxes, 4]', formatType(boxes));
    const classes = scores.shape[1]!;
    if (scores.shape[0] !== images || scores.shape[2] !== count)
      throw shapeError('scores', `[${images}, classes, ${count}]`, formatType(scores));
    if (!(Number.isInteger(most) && most >= 0)) throw shapeError('most', 'a number of boxes', `${most}`);
    const rows = images * classes * Math.min(most, count);
    return [
      { dtype: 'int64', shape: [rows, 3] },
      { dtype: 'int64', shape: [] },
    ];
  },
  evaluate(inputs, { most, overlap, least, centred }, [type, countType]) {
    const [boxes, scores] = [present(inputs, 0), present(inputs, 1)];
    const [corners, values] = [cornersOf(realsOf(boxes), centred), realsOf(scores)];
    const [images, classes, count] = scores.type.shape as [number, number, number];
    const y = zeros(type!);
    let rows = 0;
    for (let n = 0; n < images * classes; n++) {
      const image = Math.floor(n / classes);
      const candidates: number[] = [];
      for (let i = 0; i < count; i++) if (values[n * count + i]! > least) candidates.push(i);
      candidates.sort((a, b) => values[n * count + b]! - values[n * count + a]! || a - b);
      const kept: number[] = [];
      for (const i of candidates) {
        if (kept.length === most) break;
        const at = (image * count + i) * 4;
        if (kept.some((other) => overlapOf(corners, at, (image * count + other) * 4) > overlap)) continue;
        kept.push(i);
        for (const [k, value] of [image, n % classes, i].entries()) y.data[rows * 3 + k] = BigInt(value);
        rows++;
      }
    }
    return [y, { type: countType!, data: BigInt64Array.of(BigInt(rows)) }];
  },
  host: 'has a size that depends on data',
  cost: (inputs, outputs, { most }) => ({
    flops: 12 * most * (inputs[1]?.shape.reduce((product, n) => product * n, 1) ?? 0),
    bytes: trafficOf(inputs, outputs),
  }),
});
