/**
 * The bytes of slots that share memory, as `verify.ts` follows them. It has no code in common with `region.ts`: every
 * byte is mapped from the slot outwards, so that a mistake there is noticed here.
 */

import { MillraceError } from '../../../runtime/error.ts';
import { numberOf, signatureOf } from '../../../runtime/kernels/table.ts';
import type { Schedule, Slot, SlotId, Step, Within } from '../schedule.ts';

export type Checked = Pick<Schedule, 'slots' | 'steps' | 'inputs' | 'outputs'>;

/** Pieces of a root slot's memory: from, to, from, to, … in the order of the slot's own bytes. */
export type Pieces = readonly number[];

/** Nobody has written a cell. */
export const NOTHING = 0;

/** A copy of more pieces than this is taken to write all of its result. */
const MOST_PIECES = 1 << 16;

export const broken = (at: string, expected: string, got: string): MillraceError =>
  new MillraceError('INTERNAL', 'memory is shared where it must not be', { at, expected, got });

/** The memory of one root slot, in cells: nothing that is read or written begins or ends within one. */
export class Memory {
  /** The value each cell holds: the slot that shows it. */
  readonly holds: Int32Array;
  readonly #edges: Float64Array;

  constructor(pieces: Iterable<Pieces>) {
    const edges = new Set<number>();
    for (const list of pieces) for (const edge of list) edges.add(edge);
    this.#edges = Float64Array.from(edges).sort();
    this.holds = new Int32Array(this.#edges.length);
  }

  cellsOf(pieces: Pieces): Int32Array {
    const cells: number[] = [];
    for (let i = 0; i < pieces.length; i += 2)
      for (let cell = this.#indexOf(pieces[i]!); this.#edges[cell]! < pieces[i + 1]!; cell++)
        cells.push(cell);
    return Int32Array.from(cells);
  }

  #indexOf(edge: number): number {
    let [low, high] = [0, this.#edges.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#edges[middle]! < edge) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** What several slots share; slots that have their memory to themselves cannot go wrong and are left out. */
export class SharedBytes {
  readonly #checked: Checked;
  readonly #memories: ReadonlyMap<SlotId, Memory>;
  readonly #pieces = new Map<SlotId, Pieces>();
  readonly #written = new Map<Step, ReadonlyMap<SlotId, Pieces>>();

  constructor(checked: Checked) {
    this.#checked = checked;
    const { slots, steps } = checked;
    const pieces = new Map<SlotId, Pieces[]>();
    for (const [root, ids] of sharers(checked))
      if (ids.size > 1 || !ids.has(root))
        pieces.set(
          root,
          [...ids].map((id) => this.#inside(id, root)),
        );
    for (const step of steps) {
      const written = new Map<SlotId, Pieces>();
      for (const id of step.writes) {
        const lists = pieces.get(rootOf(slots, id));
        if (lists === undefined) continue;
        written.set(id, writtenPieces(step, this.piecesOf(id)));
        lists.push(written.get(id)!);
      }
      this.#written.set(step, written);
    }
    this.#memories = new Map([...pieces].map(([root, lists]) => [root, new Memory(lists)]));
  }

  memoryOf(id: SlotId): Memory | undefined {
    return this.#memories.get(rootOf(this.#checked.slots, id));
  }

  piecesOf(id: SlotId): Pieces {
    const known = this.#pieces.get(id);
    if (known !== undefined) return known;
    const pieces = piecesOf(this.#checked.slots, id);
    this.#pieces.set(id, pieces);
    return pieces;
  }

  /** What of a slot that shares memory a step writes. */
  writtenBy(step: Step, id: SlotId): Pieces {
    return this.#written.get(step)!.get(id)!;
  }

  #inside(id: SlotId, root: SlotId): Pieces {
    const pieces = this.piecesOf(id);
    const { byteLength } = this.#checked.slots[root]!;
    for (const edge of pieces)
      if (edge < 0 || edge > byteLength)
        throw broken(`slot ${id}`, `inside the ${byteLength} bytes of slot ${root}`, `byte ${edge}`);
    return pieces;
  }
}

/** Slots that a step or a port touches, by the root they lie in. */
function sharers({ slots, steps, inputs, outputs }: Checked): Map<SlotId, Set<SlotId>> {
  const shared = new Map<SlotId, Set<SlotId>>();
  const touch = (id: SlotId): void => {
    if (slots[id]!.kind === 'weight') return;
    const root = rootOf(slots, id);
    const known = shared.get(root);
    if (known) known.add(id);
    else shared.set(root, new Set([id]));
  };
  for (const { slot } of [...inputs, ...outputs]) touch(slot);
  for (const step of steps) for (const id of [...step.reads, ...step.writes]) touch(id);
  return shared;
}

const withinOf = (slots: readonly (Slot | null)[], id: SlotId): Within | undefined => {
  const slot = slots[id]!;
  return slot.kind === 'weight' ? undefined : slot.within;
};

export function rootOf(slots: readonly (Slot | null)[], id: SlotId): SlotId {
  const within = withinOf(slots, id);
  return within === undefined ? id : rootOf(slots, within.slot);
}

/** The slot whose value this one shows: parts are of the same value. */
export function shownBy(slots: readonly (Slot | null)[], id: SlotId): SlotId {
  const within = withinOf(slots, id);
  return within?.as === 'part' ? shownBy(slots, within.slot) : id;
}

/** Every byte of the slot, mapped outwards one slot at a time. */
function piecesOf(slots: readonly (Slot | null)[], id: SlotId): Pieces {
  let pieces: number[] = [0, slots[id]!.byteLength];
  for (let at = id; ; ) {
    const within = withinOf(slots, at);
    if (within === undefined) return pieces;
    const { offset, rows } = within;
    const outer: number[] = [];
    for (let i = 0; i < pieces.length; i += 2) {
      const end = pieces[i + 1]!;
      for (let from = pieces[i]!; from < end; ) {
        const row = rows ? Math.floor(from / rows.bytes) : 0;
        const to = rows ? Math.min(end, (row + 1) * rows.bytes) : end;
        const moved = offset + (rows ? row * (rows.stride - rows.bytes) : 0);
        append(outer, from + moved, to + moved);
        from = to;
      }
    }
    pieces = outer;
    at = within.slot;
  }
}

/** What of its result a step writes: all, but for a kernel that results are put together with by several calls. */
function writtenPieces({ action }: Step, all: Pieces): Pieces {
  if (action.kind === 'host') return all;
  const prefix = signatureOf(action.kernel).strides?.['y'];
  if (prefix === undefined) return all;
  const { params } = action;
  const size = numberOf(params, 'elementBytes');
  const counts = [0, 1, 2, 3, 4, 5].map((i) => numberOf(params, `d${i}`));
  const strides = counts.map((_, i) => numberOf(params, `${prefix}${i}`) * size);
  // The innermost dimension is one piece where it is dense.
  const run = strides[5] === size ? counts[5]! * size : size;
  if (run > size || counts[5] === 1) counts[5] = 1;
  if (counts.reduce((product, count) => product * count, 1) > MOST_PIECES) return all;
  const starts: number[] = [];
  const walk = (axis: number, at: number): void => {
    if (axis === 6) starts.push(at);
    else for (let i = 0; i < counts[axis]!; i++) walk(axis + 1, at + i * strides[axis]!);
  };
  walk(0, all[0]! + numberOf(params, `${prefix}Offset`) * size);
  const pieces: number[] = [];
  for (const start of starts.sort((a, b) => a - b)) append(pieces, start, start + run);
  return pieces;
}

/** Adds a piece; one that adjoins the last makes that longer. */
function append(pieces: number[], from: number, to: number): void {
  if (pieces.length > 0 && pieces.at(-1) === from) pieces[pieces.length - 1] = to;
  else pieces.push(from, to);
}
