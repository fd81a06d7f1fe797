/** What a family of ops says of how its ops are written. */
import type { Attrs } from '../../../ir/constant.ts';
import type { TensorType } from '../../../ir/types.ts';
import type { NodeExport } from '../context.ts';
import { channelsFirst, type Order } from '../orders.ts';

/** Adds ONNX nodes; returns the tensor of each output. */
export type Emit = (node: NodeExport) => readonly string[];

export interface Exporter {
  readonly emit: Emit;
  /** Inputs that ONNX wants in another order of axes than ours, which all outputs then have; null for no other. */
  readonly images?: {
    readonly inputs: readonly number[];
    order(attrs: Attrs, x: TensorType): Order | null;
  };
  /** How it can be said in any order of axes, where the images would have to be transposed for it and the inputs it
   * `needs` are constants. */
  readonly elsewhere?: { readonly needs: readonly number[]; readonly emit: Emit };
}

/** An op over images, channels second in ONNX. */
export const onImages = (emit: Emit, inputs: readonly number[] = [0]): Exporter => ({
  emit,
  images: { inputs, order: (_attrs, x) => channelsFirst(x.shape.length) },
});

export const plainly = (emit: Emit): Exporter => ({ emit });
