/**
 * Bytes of a Darknet network, from its `.cfg` alone: of the `.weights` file, and of what a runtime streams once batch
 * normalisation is folded into biases and weights. Anchors: the paper's table of Demand Layering (arXiv 2210.04024).
 */

import { readNetwork } from './import.ts';
import type { InputSize } from './network.ts';
import { HEADER_BYTES, parameterBytes } from './weights.ts';

/** One layer of a Darknet network. Sizes are bytes. */
export interface DarknetLayerSize {
  readonly index: number;
  readonly name: string;
  /** Its bytes of the `.weights` file. */
  readonly fileBytes: number;
  /** Its bytes when normalisation is folded. */
  readonly foldedBytes: number;
}

/** What the layers of a Darknet network weigh. Sizes are bytes. */
export interface DarknetSizes {
  readonly layers: readonly DarknetLayerSize[];
  /** Layers that have weights. */
  readonly layersWithParameters: number;
  /** The whole `.weights` file. */
  readonly fileBytes: number;
  readonly foldedBytes: number;
  /** Folded bytes of the largest layer. */
  readonly largestLayerBytes: number;
}

/**
 * What each layer of a Darknet network weighs, in bytes, from its `.cfg` alone.
 * @throws MillraceError MODEL_READ, MODEL_INVALID, MODEL_UNSUPPORTED, as `importDarknet`.
 * @example darknetSizes('yolov4.cfg').weightsBytes / 2 ** 20;
 */
export function darknetSizes(cfgPath: string, size: InputSize = {}): DarknetSizes {
  const { layers } = readNetwork(cfgPath, size);
  const sizes = layers.map(({ name, parameters }, index): DarknetLayerSize => {
    const bytes = (roles: readonly string[]): number =>
      parameters
        .filter(({ role }) => roles.includes(role))
        .reduce((sum, parameter) => sum + parameterBytes(parameter), 0);
    const weight = bytes(['weight']);
    // A normalisation that stands alone stays one, as scale and shift.
    const foldedBytes = bytes(['bias']) + (weight > 0 ? weight : bytes(['scale']));
    return { index, name, fileBytes: bytes(['bias', 'weight', 'scale', 'mean', 'variance']), foldedBytes };
  });
  const total = (of: (layer: DarknetLayerSize) => number): number =>
    sizes.reduce((sum, layer) => sum + of(layer), 0);
  return {
    layers: sizes,
    layersWithParameters: sizes.filter(({ fileBytes }) => fileBytes > 0).length,
    fileBytes: HEADER_BYTES + total(({ fileBytes }) => fileBytes),
    foldedBytes: total(({ foldedBytes }) => foldedBytes),
    largestLayerBytes: Math.max(...sizes.map(({ foldedBytes }) => foldedBytes)),
  };
}
