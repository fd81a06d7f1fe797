/**
 * Which slots share memory, while it is being decided. A copy becomes a shared place. Either what it reads is
 * made a part of what it writes: a concatenation written in place by its producers. Or the other way round: a slice that
 * costs nothing. Invariant: every step reaches all its operands where they lie, and parts of one slot that overlap hold the
 * same value. Which bytes may be written when is `in-place.ts`'s and `verify.ts`'s matter.
 */
import { VALUE_ALIGNMENT } from '../../../runtime/format/format.ts';
import type { Params } from '../../../runtime/kernels/signature.ts';
import type { Lowering } from '../lower/lower.ts';
import { compose, overlap, placeOf, type Region, region, sameRegion, whole } from '../region.ts';
import type { Slot, SlotId, Within } from '../schedule.ts';
import { type Movement, movementOf } from './movement.ts';
import { stridedParams } from './strided.ts';

/** What stays the same whatever is decided: made once for each lowering. */
export interface Sharable {
  readonly lowering: Lowering;
  /** By step; null where it is not a movement. */
  readonly movements: readonly (Movement | null)[];
  /** Steps that have the slot as an operand, by slot. */
  readonly users: ReadonlyMap<SlotId, readonly number[]>;
  readonly writers: ReadonlyMap<SlotId, readonly number[]>;
  readonly inputs: ReadonlySet<SlotId>;
  readonly outputs: ReadonlySet<SlotId>;
  /** By step: parameters found for operands in rows, by the rows. */
  readonly params: readonly Map<string, Params | null>[];
}

const NONE: Params = {};

export function sharableOf(lowering: Lowering): Sharable {
  const users = new Map<SlotId, number[]>();
  const writers = new Map<SlotId, number[]>();
  const add = (map: Map<SlotId, number[]>, id: SlotId, t: number): void => {
    const list = map.get(id);
    if (list === undefined) map.set(id, [t]);
    else if (list.at(-1) !== t) list.push(t);
  };
  for (const [t, step] of lowering.steps.entries()) {
    for (const id of [...step.reads, ...step.writes]) add(users, id, t);
    for (const id of step.writes) add(writers, id, t);
  }
  return {
    lowering,
    movements: lowering.steps.map(movementOf),
    users,
    writers,
    inputs: new Set(lowering.inputs.map((port) => port.slot)),
    outputs: new Set(lowering.outputs.map((port) => port.slot)),
    params: lowering.steps.map(() => new Map()),
  };
}

export class Sharing {
  readonly fixed: Sharable;
  readonly slots: (Slot | null)[];
  /** Copies that need not happen. */
  readonly removed = new Set<number>();
  /** Where slots lie, as far as it has been asked. */
  readonly #places = new Map<SlotId, ReturnType<typeof placeOf>>();
  /** Slots that lie directly in each. */
  readonly #inside = new Map<SlotId, SlotId[]>();

  constructor(fixed: Sharable) {
    this.fixed = fixed;
    this.slots = [...fixed.lowering.slots];
    for (const slot of this.slots)
      if (slot && slot.kind !== 'weight' && slot.within) this.#insideOf(slot.within.slot).push(slot.id);
  }

  /** Makes the sources of all copies into `y` parts of it, where they can be; `y` must be written by copies alone. */
  concatenate(y: SlotId): void {
    const { movements, writers } = this.fixed;
    if (withinOf(this.slots, y) !== undefined) return;
    const steps = writers.get(y) ?? [];
    const parts: Movement[] = [];
    for (const t of steps) {
      const movement = movements[t];
      if (!movement || this.#contentOf(movement.x).top === y) return;
      if (parts.some((part) => overlap(part.target, movement.target))) return;
      parts.push(movement);
    }
    for (const [i, t] of steps.entries()) if (this.#becomePart(parts[i]!, parts)) this.removed.add(t);
  }

  /** Makes what is copied from a part of another slot a part of it. */
  slice(t: number): void {
    const movement = this.fixed.movements[t];
    if (!movement || this.removed.has(t)) return;
    const { x, y, source, target } = movement;
    const covers = sameRegion(target, whole(this.slots[y]!.byteLength));
    if (!covers || this.slots[x]!.kind === 'weight' || withinOf(this.slots, y) !== undefined) return;
    if (this.fixed.writers.get(y)!.length > 1 || this.#contentOf(x).top === y) return;
    if (this.#place(y, x, source)) this.removed.add(t);
  }

  /** Lets `y` take over the memory of `x`, whose place is one piece. */
  succeed(y: SlotId, x: SlotId): boolean {
    return this.#setWithin(y, { slot: x, offset: 0, as: 'successor' });
  }

  /** As `placeOf`. */
  placeOf(id: SlotId): ReturnType<typeof placeOf> {
    const known = this.#places.get(id);
    if (known !== undefined) return known;
    const place = placeOf(this.slots, id);
    this.#places.set(id, place);
    return place;
  }

  /** Slots that lie in `id`, directly or not, and itself. */
  membersOf(id: SlotId): SlotId[] {
    const members = [id];
    for (let i = 0; i < members.length; i++) members.push(...(this.#inside.get(members[i]!) ?? []));
    return members;
  }

  /** One source of a concatenation. */
  #becomePart(movement: Movement, all: readonly Movement[]): boolean {
    const { x, y, source, target } = movement;
    if (this.slots[x]!.kind === 'weight') return false;
    if (!sameRegion(source, whole(this.slots[x]!.byteLength))) return false;
    const { top, place } = this.#contentOf(x);
    if (place === null) return false;
    if (top === y) return sameRegion(place, target);
    if (withinOf(this.slots, top) !== undefined) return false;
    if (sameRegion(place, whole(this.slots[top]!.byteLength))) return this.#place(top, y, target);
    // x is itself part of something (an earlier, shorter concatenation): all of that must reappear in y.
    const outer = surrounding(place, target, this.slots[top]!.byteLength);
    if (outer === null || outer.offset < 0) return false;
    let bytes = 0;
    for (const other of all) {
      if (!overlap(other.target, outer)) continue;
      const content = this.#contentOf(other.x);
      if (content.top !== top || content.place === null || this.slots[other.x]!.kind === 'weight')
        return false;
      const lands = compose(content.place, outer);
      if (lands === null || !sameRegion(lands, other.target)) return false;
      bytes += this.slots[other.x]!.byteLength;
    }
    return bytes === this.slots[top]!.byteLength && this.#place(top, y, outer);
  }

  #place(slot: SlotId, within: SlotId, at: Region): boolean {
    const rows = at.rows === 1 ? {} : { rows: { bytes: at.bytes, stride: at.stride } };
    return this.#setWithin(slot, { slot: within, offset: at.offset, ...rows, as: 'part' });
  }

  /** Puts a slot into another if every step still reaches what it needs. */
  #setWithin(id: SlotId, within: Within): boolean {
    const slot = this.slots[id]!;
    if (slot.kind === 'weight') return false;
    const put = (changed: Slot): void => {
      this.slots[id] = changed;
      for (const member of this.membersOf(id)) this.#places.delete(member);
    };
    put({ ...slot, within });
    if (this.#reachable(id)) {
      this.#insideOf(within.slot).push(id);
      return true;
    }
    put(slot);
    return false;
  }

  #reachable(id: SlotId): boolean {
    const { users, inputs, outputs } = this.fixed;
    const members = this.membersOf(id);
    const port = (slot: SlotId): boolean => inputs.has(slot) || outputs.has(slot);
    for (const member of members) {
      const { region: place } = this.placeOf(member);
      if (place === null || place.offset % VALUE_ALIGNMENT !== 0) return false;
      if (place.rows > 1 && port(member)) return false;
    }
    // What an output shows must have been written by a step.
    const { top } = this.#contentOf(id);
    const shows = (slot: SlotId): boolean => this.#contentOf(slot).top === top;
    if ([...inputs].some(shows) && [...outputs].some(shows)) return false;
    return members.every((member) => (users.get(member) ?? []).every((t) => this.paramsOf(t) !== null));
  }

  /** Parameters of a step's call with its operands where they lie now; null if its kernel cannot reach them. */
  paramsOf(t: number): Params | null {
    const { action, reads, writes } = this.fixed.lowering.steps[t]!;
    if (this.removed.has(t)) return NONE;
    if (action.kind === 'host') {
      const dense = [...reads, ...writes].every((slot) => this.placeOf(slot).region?.rows === 1);
      return dense ? NONE : null;
    }
    const regionOf = (slot: SlotId): Region => this.placeOf(slot).region ?? whole(0);
    // The same rows are asked for again and again; where they begin makes no difference.
    let key = '';
    for (const name in action.operands) {
      const { rows, bytes, stride } = regionOf(action.operands[name]!);
      if (rows > 1) key += `${name} ${bytes}/${stride} `;
    }
    if (key === '') return action.params;
    const known = this.fixed.params[t]!.get(key);
    if (known !== undefined) return known;
    const params = stridedParams(action, regionOf);
    this.fixed.params[t]!.set(key, params);
    return params;
  }

  /** The slot whose value this one is a part of, and which part. */
  #contentOf(id: SlotId): { readonly top: SlotId; readonly place: Region | null } {
    let top = id;
    const { byteLength } = this.slots[id]!;
    let place: Region | null = whole(byteLength);
    for (let within = withinOf(this.slots, top); within?.as === 'part'; within = withinOf(this.slots, top)) {
      const { offset, rows } = within;
      const size = this.slots[top]!.byteLength;
      const outer = rows ? region(offset, size / rows.bytes, rows.bytes, rows.stride) : whole(size, offset);
      place = place && compose(place, outer);
      top = within.slot;
    }
    return { top, place };
  }

  #insideOf(id: SlotId): SlotId[] {
    const list = this.#inside.get(id);
    if (list !== undefined) return list;
    const made: SlotId[] = [];
    this.#inside.set(id, made);
    return made;
  }
}

export const withinOf = (slots: readonly (Slot | null)[], id: SlotId): Within | undefined => {
  const slot = slots[id];
  return slot && slot.kind !== 'weight' ? slot.within : undefined;
};

/** Where the slot of `bytes` bytes lies whose part at `part` lies at `target`. */
function surrounding(part: Region, target: Region, bytes: number): Region | null {
  if (part.rows === 1 && target.rows === 1) return whole(bytes, target.offset - part.offset);
  if (part.rows !== target.rows || part.bytes !== target.bytes || part.offset >= part.stride) return null;
  const offset = target.offset - part.offset;
  const inRow = (((offset % target.stride) + target.stride) % target.stride) + part.stride <= target.stride;
  return inRow && bytes === part.rows * part.stride
    ? region(offset, part.rows, part.stride, target.stride)
    : null;
}
