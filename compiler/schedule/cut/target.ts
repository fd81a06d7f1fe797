/** How large a segment should be. Lowering asks too: how a kernel best walks its weights depends on how they are cut. */
import { alignUp } from '../../../runtime/format/alignment.ts';

const KIB = 1024;
/**
 * Requests of about 1 MiB are where the reference disk reaches full bandwidth. A little less, because one of 1 MiB into
 * scattered pages is 256 pieces, and a virtio disk takes 254 at a time: it would become two.
 */
const LARGEST = 960 * KIB;
/** Below this the latency of a request outweighs its transfer. */
const SMALLEST = 128 * KIB;
/** A small network is still cut into about this many segments, so that its smallest budget is small. */
const SEGMENTS_WANTED = 64;
/** Plans and program grow with their number: from 1.9 GiB on segments grow instead, 2.5 MiB at 5 GiB. */
const MOST_SEGMENTS = 2048;

/** Bytes to aim at for one segment of a network with this many bytes of packed weights. */
export function segmentTarget(weightBytes: number): number {
  const share = (count: number): number => alignUp(weightBytes / count, 4 * KIB);
  return Math.max(Math.min(LARGEST, Math.max(SMALLEST, share(SEGMENTS_WANTED))), share(MOST_SEGMENTS));
}
