/** Sizes of packed weights: known before any element is read, so that a plan can precede packing. */
import { panelBytes as bytesOfPanel, panelCount } from '../../../runtime/kernels/layouts.ts';
import { byteLength, elementCount } from '../../ir/types.ts';
import type { PackedWeight } from '../../ops/define/lowering.ts';

type Panels = Extract<PackedWeight, { layout: 'panels' }>;

/** Panels of one group. */
export const groupPanels = ({ channels }: Panels): number => panelCount(1, channels);

/** Panels of all groups; 0 for raw weights, which cannot be cut. */
export const totalPanels = (packed: PackedWeight): number =>
  packed.layout === 'panels' ? panelCount(packed.groups, packed.channels) : 0;

export const panelBytes = ({ element, reduce }: Panels): number =>
  bytesOfPanel(element, elementCount(reduce));

export const packedBytes = (packed: PackedWeight): number =>
  packed.layout === 'panels'
    ? totalPanels(packed) * panelBytes(packed)
    : packed.parts.reduce((sum, part) => sum + byteLength(part.type), 0);
