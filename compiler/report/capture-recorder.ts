/**
 * Records which allocation holds which bytes of the arena. It looks at the operands of each step and nothing else. Two
 * values are one allocation where one is read from the bytes that the other was written to. They are one allocation too
 * where a step writes one over the other, which it reads.
 */

import { extentOf } from '../../runtime/engine/extent.ts';
import type { Operand } from '../../runtime/engine/operands.ts';
import { MillraceError } from '../../runtime/error.ts';
import type { Manifest } from '../../runtime/format/format.ts';
import { isWritten } from '../../runtime/kernels/signature.ts';
import { overlap, type Region, span } from '../schedule/region.ts';
import { type Allocation, operatorAt } from './allocation.ts';

/** Something that holds bytes now: a value and where in the arena. */
interface Tenant {
  readonly value: number;
  readonly place: Region;
  touched: number;
}

/** What has no bytes has no place in memory, and nobody has to write it. */
const isEmpty = (regions: readonly Region[]): boolean => regions.every((one) => span(one) <= 0);

export class AllocationRecorder {
  readonly #manifest: Manifest;
  readonly #offsetOf: (value: number) => number;
  readonly #weights: ReadonlySet<number>;
  readonly #parent = new Map<number, number>();
  readonly #uses = new Map<number, { start: number; end: number; low: number; high: number }>();
  readonly #origins = new Map<number, Pick<Allocation, 'op' | 'chain' | 'kind'>>();
  #tenants: Tenant[] = [];

  constructor(manifest: Manifest, offsetOf: (value: number) => number) {
    this.#manifest = manifest;
    this.#offsetOf = offsetOf;
    this.#weights = new Set(manifest.weights.map(({ value }) => value));
  }

  /** The operands of one step, reads first; the ranges it wrote. */
  step(step: number, operands: readonly Operand[]): [number, number][] {
    const written: [number, number][] = [];
    const own = operands.filter(({ value }) => !this.#weights.has(value));
    const layer = operatorAt(this.#manifest, step);
    for (const operand of own)
      if (!isWritten(operand.role)) this.read(step, operand.value, extents(operand), layer.name);
    for (const operand of own) {
      if (!isWritten(operand.role)) continue;
      const { value, kernel, name, host } = operand;
      const chain = [layer.name, `step ${step}`, kernel ?? `host ${host!.name}`, name];
      // A first result is what the layer is for; a kernel's further ones are its scratch.
      const kind = name === 'y' || kernel === null ? 'activation' : 'scratch';
      const regions = extents(operand);
      this.write(step, value, regions, layer.op, chain, kind);
      const base = this.#offsetOf(value);
      for (const one of regions) written.push([base + one.offset, base + one.offset + span(one)]);
    }
    return written;
  }

  read(step: number, value: number, regions: readonly Region[], who: string): void {
    if (isEmpty(regions)) return;
    let found = false;
    for (const place of this.#placed(value, regions))
      for (const tenant of this.#tenants)
        if (overlap(tenant.place, place)) {
          this.#unite(value, tenant.value);
          tenant.touched = step;
          found = true;
        }
    if (!found)
      throw new MillraceError('INTERNAL', 'reads what nobody wrote', {
        at: `${who}, step ${step}, value ${value}`,
      });
    this.#use(step, value, regions);
  }

  write(
    step: number,
    value: number,
    regions: readonly Region[],
    op: string,
    chain: readonly string[],
    kind: 'activation' | 'scratch',
  ): void {
    if (isEmpty(regions)) return;
    for (const place of this.#placed(value, regions)) {
      this.#tenants = this.#tenants.filter((tenant) => {
        if (!overlap(tenant.place, place)) return true;
        if (tenant.touched === step) this.#unite(value, tenant.value);
        // Of one allocation: a piece of a layer written over its operand leaves the rest of that to the next pieces.
        return this.#rootOf(tenant.value) === this.#rootOf(value);
      });
      this.#tenants.push({ value, place, touched: step });
    }
    if (!this.#origins.has(value)) this.#origins.set(value, { op, chain, kind });
    this.#use(step, value, regions);
  }

  *allocations(): Generator<Allocation> {
    const classes = new Map<number, number[]>();
    for (const value of this.#uses.keys()) {
      const root = this.#rootOf(value);
      const members = classes.get(root);
      if (members) members.push(value);
      else classes.set(root, [value]);
    }
    for (const members of classes.values()) {
      const uses = members.map((value) => this.#uses.get(value)!);
      const low = Math.min(...uses.map((use) => use.low));
      const start = Math.min(...uses.map((use) => use.start));
      const value = members.find((one) => this.#origins.has(one) && this.#uses.get(one)!.start === start)!;
      yield {
        id: `v${value}`,
        value,
        segment: -1,
        offset: low,
        byteLength: Math.max(...uses.map((use) => use.high)) - low,
        start,
        end: Math.max(...uses.map((use) => use.end)),
        ...this.#origins.get(value)!,
      };
    }
  }

  #placed(value: number, regions: readonly Region[]): Region[] {
    const base = this.#offsetOf(value);
    return regions.map((one) => ({ ...one, offset: base + one.offset }));
  }

  #use(step: number, value: number, regions: readonly Region[]): void {
    const places = this.#placed(value, regions);
    const low = Math.min(...places.map(({ offset }) => offset));
    const high = Math.max(...places.map((place) => place.offset + span(place)));
    const known = this.#uses.get(value);
    if (known === undefined) this.#uses.set(value, { start: step, end: step + 1, low, high });
    else {
      known.end = Math.max(known.end, step + 1);
      known.low = Math.min(known.low, low);
      known.high = Math.max(known.high, high);
    }
  }

  #rootOf(value: number): number {
    let root = value;
    for (let up = this.#parent.get(root); up !== undefined; up = this.#parent.get(root)) root = up;
    return root;
  }

  #unite(a: number, b: number): void {
    const [one, other] = [this.#rootOf(a), this.#rootOf(b)];
    if (one !== other) this.#parent.set(one, other);
  }
}

function extents(operand: Operand): readonly Region[] {
  return extentOf(operand).filter((one) => span(one) > 0);
}
