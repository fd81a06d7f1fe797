/**
 * The order of a lowering's layers as a problem of `order.ts`, and back. A buffer is a value with its views and the
 * parts that are written in place, as `share.ts` decided for the given order. Results that may take over an operand's
 * memory do so in whatever order. The caller finds out what the new order really costs.
 */
import { signatureOf } from '../../../runtime/kernels/table.ts';
import type { Lowering } from '../lower/lower.ts';
import type { Layer, Slot, SlotId, Step } from '../schedule.ts';
import { searchOrder } from './order.ts';
import type { OrderNode, OrderProblem } from './order-model.ts';

/** The lowering in an order with a lower peak, or null. `slots` says what shares memory. */
export function reorder(
  lowering: Lowering,
  slots: readonly (Slot | null)[],
  weightBytes: (slot: SlotId) => number,
): Lowering | null {
  const order = searchOrder(problemOf(lowering, slots, weightBytes));
  return order && inOrder(lowering, order);
}

function problemOf(
  lowering: Lowering,
  slots: readonly (Slot | null)[],
  weightBytes: (slot: SlotId) => number,
): OrderProblem {
  const buffers = new Map<SlotId, number>();
  const bytes: number[] = [];
  const bufferOf = (id: SlotId): number => {
    const value = shownBy(slots, id);
    const known = buffers.get(value);
    if (known !== undefined) return known;
    buffers.set(value, bytes.length);
    bytes.push(slots[value]!.byteLength);
    return bytes.length - 1;
  };
  // Layers by the values they write, as if nothing but views shared memory.
  const writers = new Map<SlotId, Set<number>>();
  const nodes = lowering.layers.map((layer, i): OrderNode => {
    const steps = lowering.steps.slice(layer.firstStep, layer.firstStep + layer.steps);
    const used = new Set<number>();
    const after = new Set<number>();
    const takesOver: [number, number][] = [];
    let extraBytes = 0;
    for (const step of steps) {
      let weights = 0;
      for (const id of [...step.reads, ...step.writes]) {
        if (lowering.slots[id]!.kind === 'weight') weights += weightBytes(id);
        else {
          used.add(bufferOf(id));
          for (const writer of writers.get(shownBy(lowering.slots, id)) ?? [])
            if (writer !== i) after.add(writer);
        }
      }
      for (const id of step.writes) {
        const value = shownBy(lowering.slots, id);
        writers.set(value, (writers.get(value) ?? new Set()).add(i));
      }
      takesOver.push(...pairsOf(step).map(([x, y]): [number, number] => [bufferOf(x), bufferOf(y)]));
      extraBytes = Math.max(extraBytes, weights);
    }
    return {
      buffers: [...used],
      extraBytes,
      takesOver: takesOver.filter(([x, y]) => x !== y),
      after: [...after],
    };
  });
  const ports = (list: Lowering['inputs']): number[] => [...new Set(list.map((port) => bufferOf(port.slot)))];
  return { nodes, bytes, before: ports(lowering.inputs), until: ports(lowering.outputs) };
}

/** Operands that a step's result may take over, with the result. */
function pairsOf({ action, reads }: Step): [SlotId, SlotId][] {
  if (action.kind === 'host') return [];
  const { inPlace = [] } = signatureOf(action.kernel);
  return inPlace.flatMap((name) => {
    const x = action.operands[name];
    return x !== undefined && reads.includes(x) ? [[x, action.operands['y']!] as [SlotId, SlotId]] : [];
  });
}

function shownBy(slots: readonly (Slot | null)[], id: SlotId): SlotId {
  const slot = slots[id]!;
  return slot.kind !== 'weight' && slot.within?.as === 'part' ? shownBy(slots, slot.within.slot) : id;
}

function inOrder(lowering: Lowering, order: readonly number[]): Lowering {
  const steps: Step[] = [];
  const layers = order.map((from, to): Layer => {
    const layer = lowering.layers[from]!;
    const firstStep = steps.length;
    for (const step of lowering.steps.slice(layer.firstStep, layer.firstStep + layer.steps))
      steps.push({ ...step, layer: to });
    return { ...layer, firstStep };
  });
  return { ...lowering, steps, layers };
}
