/** A capture against the plan, and as text. */
import type { Manifest, Plan } from '../../runtime/format/format.ts';
import type { Allocation } from './allocation.ts';

/**
 * What of a capture the static plan does not cover exactly, in words. The list is empty where every captured allocation
 * lies in its planned place and time with the planned size, and everything planned was captured.
 */
export function compareWithPlan(
  allocations: readonly Allocation[],
  manifest: Manifest,
  plan: Plan,
): string[] {
  const problems: string[] = [];
  const seen = new Set<number>();
  for (const one of allocations) {
    const who = `${one.id} (${one.chain.join(' > ')})`;
    const captured = `${one.byteLength} bytes at ${one.offset} in steps ${one.start} to ${one.end - 1}`;
    if (one.kind === 'weights') {
      const { byteLength, lastUse } = manifest.segments[one.segment]!;
      const offset = plan.segmentOffsets[one.segment]!;
      const resident = one.start < 0;
      const start = resident ? -1 : plan.issue[one.segment]! + 1;
      const end = resident ? manifest.steps + 1 : lastUse + 1;
      if (one.offset !== offset || one.byteLength !== byteLength || one.start < start || one.end > end)
        problems.push(
          `${who}: ${captured}, planned ${byteLength} bytes at ${offset} in steps ${start} to ${end - 1}`,
        );
      continue;
    }
    const planned = manifest.lifetimes.filter(
      ({ value, byteLength, start, end }) =>
        plan.valueOffsets[value] === one.offset &&
        byteLength === one.byteLength &&
        start <= one.start &&
        one.end <= end,
    );
    if (planned.length === 1) seen.add(planned[0]!.value);
    else problems.push(`${who}: ${captured}, ${planned.length} planned lifetimes cover it exactly`);
  }
  for (const { value, name, byteLength, start, end } of manifest.lifetimes)
    if (!seen.has(value) && byteLength > 0)
      problems.push(
        `${name} (value ${value}): ${byteLength} bytes planned in steps ${start} to ${end - 1}, never used`,
      );
  return problems;
}

/** In MiniMalloc's columns, with the operator and the chain of calls. */
export function captureCsv(allocations: readonly Allocation[]): string {
  const cell = (text: string): string => text.replace(/[,\r\n]+/g, ';');
  const rows = allocations.map(
    ({ id, start, end, byteLength, op, chain }) =>
      `${id},${start},${end},${byteLength},${cell(op)},${cell(chain.join(' > '))}`,
  );
  return `id,lower,upper,size,op,chain\n${rows.join('\n')}\n`;
}
