/** Deterministic text of a schedule, for fixtures and for reading. */
import { formatType } from '../ir/types.ts';
import type { Schedule, SlotId, Within } from './schedule.ts';

export function printSchedule(schedule: Schedule): string {
  const lines = [`schedule "${schedule.name}"`];
  const nameOf = (id: SlotId | null): string => {
    if (id === null || id === 0) return '_';
    const slot = schedule.slots[id]!;
    return `${slot.kind === 'weight' ? 'w' : slot.kind === 'scratch' ? 's' : 'v'}${id}`;
  };
  for (const port of schedule.inputs)
    lines.push(`input "${port.name}" ${nameOf(port.slot)} ${formatType(port.type)}`);
  for (const layer of schedule.layers) {
    lines.push(`layer "${layer.name}" ${layer.op} → ${formatType(layer.type)}`);
    for (let t = layer.firstStep; t < layer.firstStep + layer.steps; t++) {
      const { action } = schedule.steps[t]!;
      if (action.kind === 'host') {
        const inputs = action.inputs.map(nameOf).join(', ');
        lines.push(`  ${t}: ${action.outputs.map(nameOf).join(', ')} = host ${action.op}(${inputs})`);
        continue;
      }
      const operands = Object.entries(action.operands).map(([name, id]) => `${name}=${nameOf(id)}`);
      const params = Object.entries(action.params).map(([name, value]) => `${name}:${value}`);
      lines.push(`  ${t}: ${action.kernel}(${operands.join(', ')}) {${params.join(', ')}}`);
    }
  }
  lines.push(
    ...placesOf(schedule).map(([id, within]) => {
      const { slot, offset, rows, as } = within;
      const apart = rows ? `, ${rows.bytes} of every ${rows.stride} bytes` : '';
      return `${nameOf(id)} ${as === 'part' ? 'is part of' : 'takes over'} ${nameOf(slot)} at ${offset}${apart}`;
    }),
  );
  for (const [s, segment] of schedule.segments.entries()) {
    const slots = segment.slots.map(({ slot, offset }) => `${nameOf(slot)}@${offset}`);
    lines.push(
      `segment ${s}: ${segment.byteLength} bytes, steps ${segment.firstUse}–${segment.lastUse}: ${slots.join(' ')}`,
    );
  }
  for (const port of schedule.outputs)
    lines.push(`output "${port.name}" ${nameOf(port.slot)} ${formatType(port.type)}`);
  return `${lines.join('\n')}\n`;
}

/** Slots that lie in others. */
const placesOf = ({ slots }: Schedule): [SlotId, Within][] =>
  slots.flatMap((slot) => (slot && slot.kind !== 'weight' && slot.within ? [[slot.id, slot.within]] : []));
