/**
 * The two orders in which a convolution goes through its work, and what each moves past the second-level cache. Block of
 * pixels by block of pixels it reads the weights again for each block, unless they stay in the cache. A few panels at a
 * time it reads the image again for each few, unless that stays. Example: 512 × 512 × 3 × 3 over 14 × 14, cut in pieces
 * of 960 KiB: four blocks of pixels against seven shares of panels, over an image of 392 KiB that stays in the cache:
 * by panels each byte is read once.
 */
import type { ConvSweep } from '../../../runtime/kernels/functions.ts';
import { panelBytes as bytesOfPanel, panelCount } from '../../../runtime/kernels/layouts.ts';
import type { Attrs } from '../../ir/constant.ts';
import { byteLength, elementCount } from '../../ir/types.ts';
import type { LowerContext } from '../define/lowering.ts';
import type { PanelWeight } from './panels.ts';

/** Of the second-level cache, what weights or an image can have: half of the 1 MiB of the processors of 2020 to 2025. */
const CACHE_BYTES = 512 * 1024;
/** Output pixels of a claim, as `tile.h` has it. */
const BLOCK_PIXELS = 60;
/** Panels that share the pixels of a claim fit a first-level cache together, as `f32-conv.c` has it. */
const SHARED_PANELS_BYTES = 32 * 1024;

export interface Sweep {
  readonly sweep: ConvSweep;
  /** Activations once, and what is read again past the cache. */
  readonly bytes: number;
}

export function sweepsOf(
  { inputs, outputs, segmentBytes }: LowerContext<Attrs>,
  weight: PanelWeight,
): readonly Sweep[] {
  const [x] = inputs;
  const [y] = outputs;
  const imageBytes = byteLength(x!);
  const panelBytes = bytesOfPanel(weight.element, elementCount(weight.reduce));
  const panels = Math.min(
    panelCount(weight.groups, weight.channels),
    Math.max(1, Math.floor(segmentBytes / panelBytes)),
  );
  const weightBytes = panels * panelBytes;
  const together = Math.max(1, Math.floor(SHARED_PANELS_BYTES / panelBytes));
  const blocks = Math.ceil(elementCount(y!.shape.slice(0, -1)) / BLOCK_PIXELS);
  const shares = Math.ceil(panels / together);
  const once = imageBytes + byteLength(y!);
  const again = (bytes: number, times: number): number => (bytes <= CACHE_BYTES ? 0 : bytes * (times - 1));
  return [
    { sweep: 'pixels', bytes: once + again(weightBytes, blocks) },
    { sweep: 'panels', bytes: once + again(imageBytes, shares) },
  ];
}
