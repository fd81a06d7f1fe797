/** Sizes of packed weights: known before any element is read, so that a plan can precede packing. */
import { PANEL } from '../../../runtime/kernels/table.ts';
import { byteLength, elementCount } from '../../ir/types.ts';
import type { PackedWeight } from '../../ops/define/op.ts';

type Panels = Extract<PackedWeight, { layout: 'panels' }>;

/** Panels of one group. */
export const groupPanels = (packed: Panels): number => Math.ceil(packed.channels / PANEL);

/** Panels of all groups; 0 for raw weights, which cannot be cut. */
export const totalPanels = (packed: PackedWeight): number =>
  packed.layout === 'panels' ? packed.groups * groupPanels(packed) : 0;

/** Bytes of one panel: a row of biases, then a row per reduction index. */
export const panelBytes = (packed: Panels): number => (1 + elementCount(packed.reduce)) * PANEL * 4;

export const packedBytes = (packed: PackedWeight): number =>
  packed.layout === 'panels'
    ? totalPanels(packed) * panelBytes(packed)
    : packed.parts.reduce((sum, part) => sum + byteLength(part.type), 0);
