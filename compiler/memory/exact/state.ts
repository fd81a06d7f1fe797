/**
 * What is decided so far in an exact search, with everything that follows from it, and how to take it back. Items are
 * placed (at `base`, on what lies below) or lifted (`low` says how high at least); floors of sections follow. A change
 * that can't lead to a placement within the capacity is refused. The lowest floor of a section plus all that is left to
 * place in it must fit. A lifted item must not have room to fall back. Every write goes through the trail.
 */
import { alignUp } from '../../../runtime/format/alignment.ts';
import type { Component } from './component.ts';

/** Kinds of trail entries. */
const LOW = 0;
const BASE = 1;
const FLOOR = 2;
const PLACED = 3;

export class State {
  readonly offset: Float64Array;
  readonly placed: Uint8Array;
  /** Top of what it would rest on now; and a lower bound of where it can end up. */
  readonly base: Float64Array;
  readonly low: Float64Array;
  /** How often each section could not hold what was left: where placing gets into trouble. */
  readonly pressure: Float64Array;
  /** Visits of items, neighbours and members so far: the measure of work, the same on every machine. */
  work = 0;
  private readonly component: Component;
  private readonly capacity: number;
  private readonly aligned: boolean;
  /** Lowest `low` and sum of sizes of a section's items that are not placed. */
  private readonly floor: Float64Array;
  private readonly rest: Float64Array;
  private readonly dirty: Int32Array;
  private readonly isDirty: Uint8Array;
  private dirtyCount = 0;
  private trailCode = new Int32Array(1024);
  private trailValue = new Float64Array(1024);
  private trailLength = 0;

  constructor(component: Component, capacity: number) {
    const { count, sections, size, memberFrom, member } = component;
    this.component = component;
    this.capacity = capacity;
    this.aligned = component.alignment.some((alignment) => alignment > 1);
    this.offset = new Float64Array(count);
    this.placed = new Uint8Array(count);
    this.base = new Float64Array(count);
    this.low = new Float64Array(count);
    this.pressure = new Float64Array(sections);
    this.floor = new Float64Array(sections);
    this.rest = new Float64Array(sections);
    for (let s = 0; s < sections; s++) {
      for (let m = memberFrom[s]!; m < memberFrom[s + 1]!; m++) this.rest[s]! += size[member[m]!]!;
    }
    this.dirty = new Int32Array(sections);
    this.isDirty = new Uint8Array(sections);
  }

  /** What `undo` goes back to. */
  get mark(): number {
    return this.trailLength;
  }

  /** Raises an item that won't be placed where it could be now; false if it can't lie higher. */
  lift(i: number): boolean {
    const { low, base, placed } = this;
    const { size, neighbourFrom, neighbour } = this.component;
    let least = Number.POSITIVE_INFINITY;
    let lowest = Number.POSITIVE_INFINITY;
    const end = neighbourFrom[i + 1]!;
    this.work += end - neighbourFrom[i]!;
    for (let m = neighbourFrom[i]!; m < end; m++) {
      const other = neighbour[m]!;
      if (placed[other] === 1) continue;
      if (low[other]! < lowest) lowest = low[other]!;
      const top = low[other]! + size[other]!;
      if (top < least) least = top;
    }
    // Everything to come would leave room for it where it could have been.
    if (lowest >= base[i]! + size[i]!) return this.settle(false);
    return this.settle(this.raise(i, least));
  }

  /** Places an item where it rests now; false if something else has no room then. */
  place(item: number): boolean {
    const { base, low, rest, placed } = this;
    const { size, neighbourFrom, neighbour, firstSection, lastSection } = this.component;
    const offset = low[item]!;
    const top = offset + size[item]!;
    this.offset[item] = offset;
    this.record(PLACED, item, 0);
    placed[item] = 1;
    const last = lastSection[item]!;
    for (let s = firstSection[item]!; s <= last; s++) {
      rest[s]! -= size[item]!;
      if (this.floor[s] === offset) this.touch(s);
    }
    const end = neighbourFrom[item + 1]!;
    this.work += end - neighbourFrom[item]! + last - firstSection[item]!;
    for (let m = neighbourFrom[item]!; m < end; m++) {
      const other = neighbour[m]!;
      if (placed[other] === 1 || base[other]! >= top) continue;
      this.record(BASE, other, base[other]!);
      base[other] = this.align(other, top);
      if (low[other]! < base[other]! && !this.raise(other, top)) return this.settle(false);
    }
    return this.settle(true);
  }

  private align(item: number, offset: number): number {
    if (!this.aligned) return offset;
    const alignment = this.component.alignment[item]!;
    return alignUp(offset, alignment);
  }

  private raise(item: number, offset: number): boolean {
    const { size, firstSection, lastSection } = this.component;
    const old = this.low[item]!;
    const low = this.align(item, offset);
    if (low <= old) return true;
    if (low + size[item]! > this.capacity) {
      const share = 1 / (lastSection[item]! - firstSection[item]! + 1);
      for (let s = firstSection[item]!; s <= lastSection[item]!; s++) this.pressure[s]! += share;
      return false;
    }
    this.record(LOW, item, old);
    this.low[item] = low;
    const last = lastSection[item]!;
    for (let s = firstSection[item]!; s <= last; s++) if (this.floor[s] === old) this.touch(s);
    return true;
  }

  private touch(section: number): void {
    if (this.isDirty[section] === 1) return;
    this.isDirty[section] = 1;
    this.dirty[this.dirtyCount++] = section;
  }

  /** Brings the floors of touched sections up to date; false if a section overflows. */
  private settle(sound: boolean): boolean {
    const { floor, low, placed } = this;
    const { memberFrom, member } = this.component;
    let fits = sound;
    for (let n = 0; n < this.dirtyCount; n++) {
      const s = this.dirty[n]!;
      this.isDirty[s] = 0;
      if (!fits) continue;
      let least = Number.POSITIVE_INFINITY;
      const end = memberFrom[s + 1]!;
      this.work += end - memberFrom[s]!;
      for (let m = memberFrom[s]!; m < end; m++) {
        const i = member[m]!;
        if (placed[i] === 0 && low[i]! < least) least = low[i]!;
      }
      if (least === floor[s] || least === Number.POSITIVE_INFINITY) continue;
      this.record(FLOOR, s, floor[s]!);
      floor[s] = least;
      if (least + this.rest[s]! > this.capacity) {
        fits = false;
        this.pressure[s]!++;
      }
    }
    this.dirtyCount = 0;
    return fits;
  }

  private record(kind: number, index: number, value: number): void {
    if (this.trailLength === this.trailCode.length) {
      const codes = new Int32Array(2 * this.trailLength);
      codes.set(this.trailCode);
      this.trailCode = codes;
      const values = new Float64Array(2 * this.trailLength);
      values.set(this.trailValue);
      this.trailValue = values;
    }
    this.trailCode[this.trailLength] = 4 * index + kind;
    this.trailValue[this.trailLength++] = value;
  }

  undo(mark: number): void {
    const { trailCode, trailValue } = this;
    const { size, firstSection, lastSection } = this.component;
    while (this.trailLength > mark) {
      const n = --this.trailLength;
      const index = trailCode[n]! >> 2;
      switch (trailCode[n]! & 3) {
        case LOW:
          this.low[index] = trailValue[n]!;
          break;
        case BASE:
          this.base[index] = trailValue[n]!;
          break;
        case FLOOR:
          this.floor[index] = trailValue[n]!;
          break;
        default: {
          this.placed[index] = 0;
          const last = lastSection[index]!;
          for (let s = firstSection[index]!; s <= last; s++) this.rest[s]! += size[index]!;
        }
      }
    }
  }
}
