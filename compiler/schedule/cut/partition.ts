/**
 * Cuts layers and merges neighbours, so that every read is about one request of the size at which a disk reaches its
 * bandwidth. A layer whose weights exceed it becomes several steps over runs of panels; small weights that are used
 * one after the other share a segment. Segments are numbered, stored and read in the order of first use.
 *
 * Example, target 960 KiB: fc6 of VGG (392 MiB, panels of 1.53 MiB) becomes 256 steps of one panel; the weights of its
 * first three convolutions, 440 KiB, share a segment.
 */

import { alignUp } from '../../../runtime/format/alignment.ts';
import { SEGMENT_ALIGNMENT, VALUE_ALIGNMENT } from '../../../runtime/format/format.ts';
import { type KernelName, signatureOf, workOf } from '../../../runtime/kernels/table.ts';
import type { Lowering } from '../lower/lower.ts';
import { panelBytes } from '../lower/packed.ts';
import type { Layer, Schedule, Segment, Slot, SlotId, Step } from '../schedule.ts';
import { segmentTarget } from './target.ts';

export function targetOf(lowering: Lowering): number {
  let weightBytes = 0;
  for (const slot of lowering.slots) if (slot?.kind === 'weight') weightBytes += slot.byteLength;
  return segmentTarget(weightBytes);
}

export function partition(lowering: Lowering, target?: number): Schedule {
  const bytes = target ?? targetOf(lowering);
  const cut = cutSteps(lowering, bytes);
  const segments = mergeWeights(cut.slots, cut.steps, bytes);
  return { ...lowering, ...cut, segments };
}

interface Cut {
  readonly slots: readonly (Slot | null)[];
  readonly steps: readonly Step[];
  readonly layers: readonly Layer[];
}

/** Replaces each step whose weight exceeds `target` by one step for each run of panels. */
function cutSteps(lowering: Lowering, target: number): Cut {
  const slots: (Slot | null)[] = [...lowering.slots];
  const pieces = new Map<SlotId, readonly SlotId[]>();
  const steps: Step[] = [];
  const layers: Layer[] = [];
  for (const layer of lowering.layers) {
    const firstStep = steps.length;
    for (const step of lowering.steps.slice(layer.firstStep, layer.firstStep + layer.steps))
      steps.push(...cutStep({ ...step, layer: layers.length }, slots, pieces, target));
    layers.push({ ...layer, firstStep, steps: steps.length - firstStep });
  }
  return { slots, steps, layers };
}

function cutStep(
  step: Step,
  slots: (Slot | null)[],
  pieces: Map<SlotId, readonly SlotId[]>,
  target: number,
): readonly Step[] {
  const { action } = step;
  if (action.kind === 'host') return [step];
  const operand = cuttableOperand(action.kernel);
  const whole = operand === undefined ? undefined : action.operands[operand];
  if (operand === undefined || whole === undefined) return [step];
  const parts = piecesOf(whole, slots, pieces, target);
  if (parts.length === 1) return [step];
  return parts.map((part): Step => {
    const slot = slots[part]!;
    if (slot.kind !== 'weight') throw new Error('a piece of a weight is a weight');
    const { panel0, panels } = slot.weight;
    const params = { ...action.params, panel0, panels };
    const total = workOf(action.kernel, action.params);
    // Nothing is shared where there is nothing to do: a dimension of 0.
    const share = total === 0 ? 0 : workOf(action.kernel, params) / total;
    return {
      ...step,
      reads: step.reads.map((read) => (read === whole ? part : read)),
      flops: step.flops * share,
      bytes: step.bytes * share,
      action: {
        ...action,
        operands: { ...action.operands, [operand]: part },
        params,
      },
    };
  });
}

/** Name of the operand that a kernel can take in runs of panels, if it can. */
function cuttableOperand(kernel: KernelName): string | undefined {
  const signature = signatureOf(kernel);
  if (signature.split !== 'panels') return undefined;
  return Object.keys(signature.operands).find((name) => signature.operands[name]!.role === 'weight');
}

/** The slots of a weight's runs of panels, all but the last of equal length; made once for each weight. */
function piecesOf(
  whole: SlotId,
  slots: (Slot | null)[],
  pieces: Map<SlotId, readonly SlotId[]>,
  target: number,
): readonly SlotId[] {
  const known = pieces.get(whole);
  if (known !== undefined) return known;
  const slot = slots[whole];
  if (slot?.kind !== 'weight' || slot.weight.packed.layout !== 'panels') return [whole];
  const { packed, panels: total } = slot.weight;
  const bytes = panelBytes(packed);
  // As few pieces as keep to the target (one panel may exceed it), then as equal as panels allow.
  const longest = Math.max(1, Math.floor(target / bytes));
  const count = Math.ceil(total / longest);
  if (count === 1) return [whole];
  const length = Math.ceil(total / count);
  const parts: SlotId[] = [];
  for (let panel0 = 0; panel0 < total; panel0 += length) {
    const panels = Math.min(length, total - panel0);
    const id = slots.length;
    slots.push({
      kind: 'weight',
      id,
      name: `${slot.name}[${panel0}:${panel0 + panels}]`,
      byteLength: panels * bytes,
      weight: { packed, panel0, panels },
    });
    parts.push(id);
  }
  slots[whole] = null;
  pieces.set(whole, parts);
  return parts;
}

interface Use {
  readonly slot: SlotId;
  readonly first: number;
  last: number;
}

/**
 * Groups weights, in the order of their first use, into segments of at most `target` bytes (or one weight). Weights
 * that several layers read have segments of their own. A scalar that is read at both ends of a network would otherwise
 * keep its whole segment in memory all the way.
 */
function mergeWeights(slots: readonly (Slot | null)[], steps: readonly Step[], target: number): Segment[] {
  const uses = new Map<SlotId, Use>();
  for (const [t, step] of steps.entries())
    for (const id of step.reads) {
      if (slots[id]?.kind !== 'weight') continue;
      const use = uses.get(id);
      if (use) use.last = t;
      else uses.set(id, { slot: id, first: t, last: t });
    }
  const isShared = ({ first, last }: Use): boolean => steps[first]!.layer !== steps[last]!.layer;
  const all = [...uses.values()];
  const segments = [all.filter((use) => !isShared(use)), all.filter(isShared)].flatMap((some) =>
    merge(slots, some, target),
  );
  return segments.sort((a, b) => a.firstUse - b.firstUse);
}

function merge(slots: readonly (Slot | null)[], uses: readonly Use[], target: number): Segment[] {
  const segments: Segment[] = [];
  let open: { slots: { slot: SlotId; offset: number }[]; bytes: number; first: number; last: number } | null =
    null;
  const close = () => {
    if (open === null) return;
    // Weights without elements have a segment too: it is there to be waited for.
    const byteLength = Math.max(SEGMENT_ALIGNMENT, alignUp(open.bytes, SEGMENT_ALIGNMENT));
    segments.push({ slots: open.slots, byteLength, firstUse: open.first, lastUse: open.last });
    open = null;
  };
  for (const { slot, first, last } of uses) {
    const { byteLength } = slots[slot]!;
    if (open !== null && alignUp(open.bytes, VALUE_ALIGNMENT) + byteLength > target) close();
    open ??= { slots: [], bytes: 0, first, last };
    const offset = alignUp(open.bytes, VALUE_ALIGNMENT);
    open.slots.push({ slot, offset });
    open.bytes = offset + byteLength;
    open.last = Math.max(open.last, last);
  }
  close();
  return segments;
}
