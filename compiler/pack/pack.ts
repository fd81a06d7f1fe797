/**
 * Segments to bytes, one at a time: the only stage that evaluates constants, and never more of them than one segment
 * (and its window) needs.
 */
import { MillraceError } from '../../runtime/error.ts';
import { bytesOf } from '../ir/tensor.ts';
import { byteLength, elementCount, elementSize } from '../ir/types.ts';
import { ConstantReader } from '../ops/constants/materialize.ts';
import type { Schedule, Segment, WeightPiece } from '../schedule/schedule.ts';
import { PanelPacker } from './panels.ts';

export class Packer {
  readonly #schedule: Schedule;
  readonly #reader = new ConstantReader();
  readonly #panels = new PanelPacker(this.#reader);

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
  }

  /** The segment's bytes, padded with zeros to its length; in `memory`, if there is one, whatever it held. */
  pack(segment: Segment, memory?: Uint8Array): Uint8Array {
    const bytes = memory?.subarray(0, segment.byteLength) ?? new Uint8Array(segment.byteLength);
    if (memory !== undefined) bytes.fill(0);
    for (const { slot: id, offset } of segment.slots) {
      const slot = this.#schedule.slots[id];
      if (slot?.kind !== 'weight')
        throw new MillraceError('INTERNAL', `slot ${id} of a segment is no weight`);
      this.#write(slot.weight, bytes.subarray(offset, offset + slot.byteLength));
    }
    return bytes;
  }

  close(): void {
    this.#reader.close();
  }

  #write({ packed, panel0, panels }: WeightPiece, target: Uint8Array): void {
    if (packed.layout === 'panels') {
      this.#panels.pack(packed, panel0, panels, target);
      return;
    }
    let at = 0;
    for (const part of packed.parts) {
      const bytes = byteLength(part.type);
      const here = target.subarray(at, at + bytes);
      // Parts of several dtypes may leave an element where no typed array can begin.
      if (here.byteOffset % elementSize(part.type.dtype) === 0) this.#reader.readBytesInto(part, here);
      else here.set(bytesOf(this.#reader.readRange(part, 0, elementCount(part.type.shape))));
      at += bytes;
    }
  }
}
