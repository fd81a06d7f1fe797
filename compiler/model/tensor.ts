/** A value of a network under definition: what layers take and return. */

import { MillraceError } from '../../runtime/error.ts';
import type { GraphBuilder } from '../ir/builder.ts';
import type { ValueId } from '../ir/graph.ts';
import type { DType, Shape, TensorType } from '../ir/types.ts';

/** Channels-last: images are [batch, height, width, channels], as they come in JavaScript. */
export class Tensor {
  /** The network it belongs to, and its value there; layers use them, users need not. */
  readonly builder: GraphBuilder;
  readonly id: ValueId;
  readonly type: TensorType;

  constructor(builder: GraphBuilder, id: ValueId) {
    this.builder = builder;
    this.id = id;
    this.type = builder.typeOf(id);
  }

  get dtype(): DType {
    return this.type.dtype;
  }

  get shape(): Shape {
    return this.type.shape;
  }

  get rank(): number {
    return this.type.shape.length;
  }

  /** Extent of an axis; negative axes count from the end. */
  dim(axis: number): number {
    const extent = this.type.shape.at(axis);
    if (extent === undefined)
      throw new MillraceError('MODEL_SHAPE', `axis ${axis} of a tensor of rank ${this.rank}`, {
        expected: `an axis from ${-this.rank} to ${this.rank - 1}`,
        got: String(axis),
      });
    return extent;
  }
}
