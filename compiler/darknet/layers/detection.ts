/**
 * `[yolo]`, `[region]` and `[detection]`: what a detector is read from. Darknet's forward pass turns some of the
 * numbers into probabilities, and so does the graph; boxes are made of them by code that comes after a network.
 * An output is [1, h, w, anchors, coordinates + 1 + classes]: x, y, w, h, objectness, classes.
 *
 *   yolo    x, y, objectness and classes are logistic (with new_coords the convolution before did that), then
 *           x and y are scaled about their middle: scale_x_y · x − (scale_x_y − 1) / 2
 *   region  x, y and objectness are logistic; classes are a softmax, or logistic
 *
 * Source: `forward_yolo_layer` of Darknet (AlexeyAB), `forward_region_layer` of Darknet (pjreddie; AlexeyAB's leaves
 * the logistic of x and y to the decoding of boxes).
 */
import { MillraceError } from '../../../runtime/error.ts';
import type { ValueId } from '../../ir/graph.ts';
import type { Section } from '../cfg.ts';
import type { Emitter, Extent, LayerKind } from '../layer.ts';

function requireChannels(section: Section, { c }: Extent, anchors: number, each: number): void {
  if (anchors * each !== c)
    throw new MillraceError('MODEL_SHAPE', 'its channels do not fit classes and anchors', {
      at: section.at,
      expected: `${anchors} anchors of ${each} numbers: filters=${anchors * each}`,
      got: `${c} channels`,
    });
}

/** The numbers of each anchor apart, cut into parts, each transformed, and together again. */
function byParts(
  emitter: Emitter,
  { h, w }: Extent,
  anchors: number,
  parts: readonly { readonly size: number; readonly as: (x: ValueId) => ValueId }[],
): ValueId {
  const each = parts.reduce((sum, { size }) => sum + size, 0);
  const x = emitter.node('reshape', [emitter.input], { shape: [1, h, w, anchors, each] });
  const cut = emitter.nodes('split', [x], { axis: 4, sizes: parts.map(({ size }) => size) });
  return emitter.node(
    'concat',
    parts.map((part, i) => part.as(cut[i]!)),
    { axis: 4 },
  );
}

const asIs = (x: ValueId): ValueId => x;

export const yolo: LayerKind = {
  resolve(section, { input }) {
    const classes = section.int('classes', 20, 1);
    const total = section.int('num', 1, 1);
    const mask = section.text('mask') === undefined ? null : section.ints('mask');
    if (mask?.some((anchor) => anchor < 0 || anchor >= total) === true)
      throw section.invalid('mask', { expected: `anchors from 0 to ${total - 1}`, got: mask.join(', ') });
    const anchors = mask?.length ?? total;
    const scale = section.real('scale_x_y', 1);
    const ready = section.int('new_coords', 0) !== 0;
    requireChannels(section, input, anchors, 5 + classes);
    return {
      out: input,
      parameters: [],
      detection: true,
      emit(emitter) {
        const logistic = (x: ValueId): ValueId => (ready ? x : emitter.node('sigmoid', [x]));
        const centred = (x: ValueId): ValueId => {
          if (scale === 1) return x;
          const scaled = emitter.node('mul', [x, emitter.scalar(scale)]);
          return emitter.node('sub', [scaled, emitter.scalar((scale - 1) / 2)]);
        };
        return byParts(emitter, input, anchors, [
          { size: 2, as: (x) => centred(logistic(x)) },
          { size: 2, as: asIs },
          { size: 1 + classes, as: logistic },
        ]);
      },
    };
  },
};

export const region: LayerKind = {
  refuses: { background: ['0'], tree: [] },
  resolve(section, { input }) {
    const coords = section.int('coords', 4, 2);
    const classes = section.int('classes', 20, 1);
    const anchors = section.int('num', 1, 1);
    const softmax = section.int('softmax', 0) !== 0;
    requireChannels(section, input, anchors, coords + 1 + classes);
    return {
      out: input,
      parameters: [],
      detection: true,
      emit(emitter) {
        const logistic = (x: ValueId): ValueId => emitter.node('sigmoid', [x]);
        const rest = coords - 2;
        return byParts(emitter, input, anchors, [
          { size: 2, as: logistic },
          ...(rest > 0 ? [{ size: rest, as: asIs }] : []),
          { size: 1, as: logistic },
          {
            size: classes,
            as: softmax ? (x: ValueId) => emitter.node('softmax', [x], { axis: 4 }) : logistic,
          },
        ]);
      },
    };
  },
};

/** YOLOv1: the numbers as they come. */
export const detection: LayerKind = {
  refuses: { softmax: ['0'] },
  resolve: (_section, { input }) => ({
    out: input,
    parameters: [],
    detection: true,
    emit: (emitter) => emitter.input,
  }),
};
