/**
 * Smaller lifetimes before packing: concatenations written in place by their producers, slices that are views, results
 * that take over an operand's memory. A concatenation in place is held in whole from its first part on. Whether that
 * needs less memory than copies depends on what else is live, so the peak decides about each one. Invariant: the peak
 * is never above that of copying everything, nor is more moved; of equal peaks the one that moves less is taken.
 */
import { alignUp } from '../../../runtime/format/alignment.ts';
import { VALUE_ALIGNMENT } from '../../../runtime/format/format.ts';
import type { Lowering } from '../lower/lower.ts';
import type { Layer, SlotId, Step } from '../schedule.ts';
import { takeOver } from './in-place.ts';
import { type Sharable, Sharing, sharableOf } from './sharing.ts';

/** Largest sum of bytes live at a step, with the weights it reads, and bytes of activations moved by all steps. */
interface MemoryCost {
  readonly peak: number;
  readonly traffic: number;
}

const isLess = (a: MemoryCost, b: MemoryCost): boolean =>
  a.peak < b.peak || (a.peak === b.peak && a.traffic < b.traffic);

/** `weightBytes` of one slot: what of it must be there for a step (less than all where layers are cut). */
export function shareMemory(lowering: Lowering, weightBytes: (slot: SlotId) => number): Lowering {
  const fixed = sharableOf(lowering);
  const units = unitsOf(fixed);
  const chosen = units.map(() => false);
  const evaluate = (): { sharing: Sharing; cost: MemoryCost } => {
    const sharing = new Sharing(fixed);
    for (const [i, unit] of units.entries()) if (chosen[i]) unit(sharing);
    takeOver(sharing);
    return { sharing, cost: costOf(sharing, weightBytes) };
  };
  let best = evaluate();
  const idle = units.map(() => false);
  // Twice, since what is no gain on its own may be one beside others.
  for (let round = 0; round < 2; round++)
    for (let i = 0; i < units.length; i++) {
      if (idle[i]) continue;
      chosen[i] = !chosen[i];
      const tried = evaluate();
      idle[i] = tried.sharing.removed.size === best.sharing.removed.size;
      if (isLess(tried.cost, best.cost)) best = tried;
      else chosen[i] = !chosen[i];
    }
  return withoutCopies(best.sharing);
}

/** Results that take over an operand's memory alone, every copy as it is. */
export function copyingAll(lowering: Lowering): Lowering {
  const sharing = new Sharing(sharableOf(lowering));
  takeOver(sharing);
  return withoutCopies(sharing);
}

type Unit = (sharing: Sharing) => void;

/** What can be decided one by one, in the order of the steps: a concatenation, or the slices of one layer. */
function unitsOf({ lowering, movements }: Sharable): Unit[] {
  const units: Unit[] = [];
  for (const { firstStep, steps } of lowering.layers) {
    const copies = [...new Array(steps).keys()].map((i) => firstStep + i).filter((t) => movements[t]);
    if (copies.length === 0) continue;
    for (const y of new Set(copies.map((t) => movements[t]!.y)))
      units.push((sharing) => sharing.concatenate(y));
    units.push((sharing) => {
      for (const t of copies) sharing.slice(t);
    });
  }
  return units;
}

function costOf(sharing: Sharing, weightBytes: (slot: SlotId) => number): MemoryCost {
  const { lowering, inputs, outputs } = sharing.fixed;
  const { steps } = lowering;
  const start = new Int32Array(sharing.slots.length).fill(steps.length + 1);
  const end = new Int32Array(sharing.slots.length).fill(-1);
  const touch = (slot: SlotId, t: number): void => {
    const { root } = sharing.placeOf(slot);
    if (t < start[root]!) start[root] = t;
    if (t > end[root]!) end[root] = t;
  };
  // At index t + 1: bytes live from step t on, less those that were live until then.
  const change = new Float64Array(steps.length + 3);
  let traffic = 0;
  const use = (id: SlotId, t: number): void => {
    if (sharing.slots[id]!.kind !== 'weight') touch(id, t);
    else {
      change[t + 1]! += weightBytes(id);
      change[t + 2]! -= weightBytes(id);
    }
  };
  for (const [t, step] of steps.entries()) {
    if (sharing.removed.has(t)) continue;
    traffic += step.bytes;
    for (const id of step.reads) use(id, t);
    for (const id of step.writes) use(id, t);
  }
  for (const slot of inputs) touch(slot, -1);
  for (const slot of outputs) touch(slot, steps.length);
  for (let root = 0; root < sharing.slots.length; root++) {
    if (start[root]! > end[root]!) continue;
    const bytes = alignUp(sharing.slots[root]!.byteLength, VALUE_ALIGNMENT);
    change[start[root]! + 1]! += bytes;
    change[end[root]! + 2]! -= bytes;
  }
  let live = 0;
  let peak = 0;
  for (const bytes of change) {
    live += bytes;
    if (live > peak) peak = live;
  }
  return { peak, traffic };
}

/** The lowering as decided: without the copies, its calls reaching their operands where these lie. */
function withoutCopies(sharing: Sharing): Lowering {
  const { lowering } = sharing.fixed;
  const steps: Step[] = [];
  const layers: Layer[] = [];
  for (const layer of lowering.layers) {
    const firstStep = steps.length;
    for (let t = layer.firstStep; t < layer.firstStep + layer.steps; t++) {
      if (sharing.removed.has(t)) continue;
      const step = lowering.steps[t]!;
      const { action } = step;
      const moved = action.kind === 'kernel' ? { ...action, params: sharing.paramsOf(t)! } : action;
      steps.push({ ...step, layer: layers.length, action: moved });
    }
    if (steps.length > firstStep) layers.push({ ...layer, firstStep, steps: steps.length - firstStep });
  }
  return { ...lowering, slots: sharing.slots, steps, layers };
}
