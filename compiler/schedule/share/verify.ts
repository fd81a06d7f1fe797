/**
 * Checks which slots share memory, by following every byte and with no code of those who decided it. It goes through the
 * steps and knows for each byte of shared memory which value was written there last. A step must read the value it means,
 * complete. It may write over an operand of its own only where its kernel allows that. A call that
 * walks rows must walk those of its operand. A schedule that fails here would compute garbage silently.
 */
import { FLOAT_BYTES } from '../../../runtime/kernels/layouts.ts';
import type { Params } from '../../../runtime/kernels/signature.ts';
import { numberOf, signatureOf } from '../../../runtime/kernels/table.ts';
import type { Slot, SlotId, Step } from '../schedule.ts';
import { broken, type Checked, NOTHING, type Pieces, SharedBytes, shownBy } from './verify-cells.ts';

export function verifySharing(schedule: Checked): void {
  const { slots, steps } = schedule;
  const bytes = new SharedBytes(schedule);
  const write = (id: SlotId, pieces: Pieces): void => {
    const memory = bytes.memoryOf(id)!;
    const value = shownBy(slots, id);
    for (const cell of memory.cellsOf(pieces)) memory.holds[cell] = value;
  };
  const read = (id: SlotId, who: string): void => {
    const memory = bytes.memoryOf(id);
    if (memory === undefined) return;
    const value = shownBy(slots, id);
    for (const cell of memory.cellsOf(bytes.piecesOf(id))) {
      const holds = memory.holds[cell]!;
      if (holds === value) continue;
      throw broken(
        who,
        `slot ${id} whole`,
        holds === NOTHING ? 'bytes nobody wrote' : `bytes of slot ${holds}`,
      );
    }
  };
  for (const { slot } of schedule.inputs) if (bytes.memoryOf(slot)) write(slot, bytes.piecesOf(slot));
  for (const [t, step] of steps.entries()) {
    const who = `step ${t}`;
    checkRows(slots, bytes, step, who);
    // A call that fills a part of its result from another part of it reads it before it is whole.
    for (const id of step.reads) if (!step.writes.includes(id)) read(id, who);
    for (const id of step.writes) {
      if (bytes.memoryOf(id) === undefined) continue;
      checkOverwritten(bytes, step, id, who);
      write(id, bytes.writtenBy(step, id));
    }
  }
  for (const { slot, name } of schedule.outputs) read(slot, `output "${name}"`);
}

/** Operands that the step's result overwrites must be ones its kernel has read by then. */
function checkOverwritten(bytes: SharedBytes, step: Step, written: SlotId, who: string): void {
  const { action } = step;
  const memory = bytes.memoryOf(written)!;
  const target = memory.cellsOf(bytes.writtenBy(step, written));
  const cells = new Set(target);
  const operands = action.kind === 'kernel' ? Object.entries(action.operands) : action.inputs.entries();
  for (const [name, id] of operands) {
    if (id === null || id === written || bytes.memoryOf(id) !== memory) continue;
    const source = memory.cellsOf(bytes.piecesOf(id));
    if (!source.some((cell) => cells.has(cell))) continue;
    const allowed = action.kind === 'kernel' && signatureOf(action.kernel).inPlace?.includes(`${name}`);
    const coincide = source.length === target.length && source.every((cell, i) => cell === target[i]);
    if (!allowed || !coincide)
      throw broken(who, 'a result beside its operands', `slot ${written} over slot ${id} (${name})`);
  }
}

/** Rows that lie apart are walked by the parameters that say so, and dense operands by dense ones. */
function checkRows(slots: readonly (Slot | null)[], bytes: SharedBytes, { action }: Step, who: string): void {
  if (action.kind === 'host') return;
  const { rows = {}, strides = {} } = signatureOf(action.kernel);
  for (const [name, id] of Object.entries(action.operands)) {
    if (slots[id]!.kind === 'weight') continue;
    const pieces = bytes.piecesOf(id);
    if (strides[name] !== undefined) {
      checkReach(action.params, strides[name], pieces, who);
      continue;
    }
    const walked = rows[name];
    if (walked === undefined) {
      if (pieces.length > 2) throw broken(who, `operand ${name} in one piece`, `slot ${id} in rows`);
      continue;
    }
    const [width, step] = [walked.width, walked.step].map(
      (name) => FLOAT_BYTES * numberOf(action.params, name),
    ) as [number, number];
    const fits = pieces.every((edge, i) =>
      pieces.length === 2
        ? width === step || slots[id]!.byteLength === width
        : edge === pieces[0]! + (i >> 1) * step + (i % 2) * width,
    );
    if (!fits)
      throw broken(who, `rows of operand ${name} as slot ${id} lies`, `${width} bytes every ${step}`);
  }
}

/** The first and last byte that strides reach are the operand's. */
function checkReach(params: Params, prefix: string, pieces: Pieces, who: string): void {
  // A dimension of 0 reaches nothing.
  for (let i = 0; i < 6; i++) if (params[`d${i}`] === 0) return;
  const start = Number(params[`${prefix}Offset`] ?? 0);
  let [low, high] = [start, start];
  for (let i = 0; i < 6; i++) {
    const reach = numberOf(params, `${prefix}${i}`) * (numberOf(params, `d${i}`) - 1);
    low += Math.min(0, reach);
    high += Math.max(0, reach);
  }
  const size = Number(params['elementBytes'] ?? FLOAT_BYTES);
  const bytes = pieces.at(-1)! - pieces[0]!;
  if (low < 0 || (high + 1) * size > bytes)
    throw broken(who, `elements within ${bytes} bytes`, `bytes ${low * size} to ${(high + 1) * size}`);
}
