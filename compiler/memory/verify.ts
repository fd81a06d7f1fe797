/**
 * Checks a plan against its problem, from the definitions (`docs/planning.md`) and with no code of the planners:
 *
 * - What is live at the same time is disjoint in address. Everything is aligned and inside the arena.
 * - Reads are in order and ahead of their use.
 * - The budget holds, and the figures are what the plan really does.
 *
 * A plan that fails here would corrupt a run silently, so every plan is checked before it is written.
 */

import { MillraceError } from '../../runtime/error.ts';
import { RESIDENT, SEGMENT_ALIGNMENT, VALUE_ALIGNMENT } from '../../runtime/format/format.ts';
import type { PlannedMemory, PlanProblem } from './problem.ts';

interface Block {
  readonly name: string;
  readonly from: number;
  /** First time it is no longer held. */
  readonly until: number;
  readonly bottom: number;
  readonly top: number;
}

export function verifyPlan(problem: PlanProblem, plan: PlannedMemory, budgetBytes?: number): void {
  const lastTime = problem.steps.length;
  const blocks: Block[] = [];
  for (const value of problem.values) {
    const name = `${value.kind} ${value.id}`;
    const bottom = plan.valueOffsets.get(value.id);
    if (bottom === undefined) throw broken(name, 'an offset', 'none');
    requireOffset(name, bottom, VALUE_ALIGNMENT);
    const padded =
      value.byteLength + ((VALUE_ALIGNMENT - (value.byteLength % VALUE_ALIGNMENT)) % VALUE_ALIGNMENT);
    blocks.push({ name, from: value.start, until: value.end, bottom, top: bottom + padded });
  }
  requireCount('issue', plan.issue.length, problem.segments.length);
  requireCount('segmentOffsets', plan.segmentOffsets.length, problem.segments.length);
  requireCount('valueOffsets', plan.valueOffsets.size, problem.values.length);

  let previous: { readonly name: string; readonly issue: number } | null = null;
  let previousUse = 0;
  problem.segments.forEach((segment, s) => {
    const name = `segment ${s}`;
    const bottom = plan.segmentOffsets[s]!;
    const issue = plan.issue[s]!;
    requireOffset(name, bottom, SEGMENT_ALIGNMENT);
    if (segment.byteLength % SEGMENT_ALIGNMENT !== 0) {
      throw broken(name, `a multiple of ${SEGMENT_ALIGNMENT} bytes`, `${segment.byteLength}`);
    }
    if (segment.firstUse < previousUse)
      throw broken(name, 'segments in order of first use', `${segment.firstUse}`);
    previousUse = segment.firstUse;
    const top = bottom + segment.byteLength;
    if (issue === RESIDENT) {
      blocks.push({ name, from: -1, until: lastTime + 1, bottom, top });
      return;
    }
    if (!Number.isInteger(issue) || issue < -1 || issue >= segment.firstUse) {
      throw broken(name, `issued at −1 … ${segment.firstUse - 1}, before its first use`, `${issue}`);
    }
    if (previous && issue < previous.issue) {
      throw broken(
        `${previous.name} and ${name}`,
        'reads in order',
        `issued at ${previous.issue} and ${issue}`,
      );
    }
    previous = { name, issue };
    blocks.push({ name, from: issue + 1, until: segment.lastUse + 1, bottom, top });
  });

  for (const block of blocks) {
    if (block.top > plan.peakBytes) throw broken(block.name, `ends by ${plan.peakBytes}`, `${block.top}`);
  }
  // Nothing lies in what is empty.
  requireDisjoint(blocks.filter(({ bottom, top }) => bottom < top));
  if (budgetBytes !== undefined && plan.peakBytes + problem.fixedBytes > budgetBytes) {
    throw broken('peak', `at most ${budgetBytes} bytes`, `${plan.peakBytes} + ${problem.fixedBytes} fixed`);
  }
  verifyFigures(problem, plan, blocks);
}

/** Each pair is looked at once: blocks in order of start, against those still held. */
function requireDisjoint(blocks: readonly Block[]): void {
  let held: Block[] = [];
  for (const block of [...blocks].sort((a, b) => a.from - b.from)) {
    const still: Block[] = [];
    for (const other of held) {
      if (other.until <= block.from) continue;
      still.push(other);
      if (block.bottom < other.top && other.bottom < block.top) {
        throw broken(
          `${other.name} and ${block.name}`,
          'disjoint while both are held',
          `[${other.bottom}, ${other.top}) during [${other.from}, ${other.until}) and ` +
            `[${block.bottom}, ${block.top}) during [${block.from}, ${block.until})`,
        );
      }
    }
    still.push(block);
    held = still;
  }
}

function verifyFigures(problem: PlanProblem, plan: PlannedMemory, blocks: readonly Block[]): void {
  const times = problem.steps.length + 2;
  const sums = {
    activation: new Float64Array(times + 1),
    scratch: new Float64Array(times + 1),
    weight: new Float64Array(times + 1),
    streamed: new Float64Array(times + 1),
  };
  const hold = (sum: Float64Array, { from, until }: Block, amount: number): void => {
    sum[from + 1]! += amount;
    sum[Math.min(until + 1, times)]! -= amount;
  };
  const values = problem.values.length;
  blocks.forEach((block, n) => {
    hold(sums[n < values ? problem.values[n]!.kind : 'weight'], block, block.top - block.bottom);
    if (n >= values && plan.issue[n - values] !== RESIDENT) hold(sums.streamed, block, 1);
  });
  const now = { activation: 0, scratch: 0, weight: 0, streamed: 0 };
  let [bound, activations, scratch, weights, depth] = [0, 0, 0, 0, 0];
  for (let time = 0; time < times; time++) {
    now.activation += sums.activation[time]!;
    now.scratch += sums.scratch[time]!;
    now.weight += sums.weight[time]!;
    now.streamed += sums.streamed[time]!;
    bound = Math.max(bound, now.activation + now.scratch + now.weight);
    activations = Math.max(activations, now.activation);
    scratch = Math.max(scratch, now.scratch);
    weights = Math.max(weights, now.weight);
    depth = Math.max(depth, now.streamed);
  }
  let resident = 0;
  problem.segments.forEach(({ byteLength }, s) => {
    if (plan.issue[s] === RESIDENT) resident += byteLength;
  });
  const figures: readonly [string, number, number][] = [
    ['lowerBoundBytes', plan.lowerBoundBytes, bound],
    ['activationBytes', plan.activationBytes, activations],
    ['scratchBytes', plan.scratchBytes, scratch],
    ['weightBytes', plan.weightBytes, weights],
    ['residentBytes', plan.residentBytes, resident],
    ['depth', plan.depth, depth],
  ];
  for (const [name, got, expected] of figures)
    if (got !== expected) throw broken(name, `${expected}`, `${got}`);
  if (plan.peakBytes < bound) throw broken('peakBytes', `at least ${bound}`, `${plan.peakBytes}`);
  if (!(plan.predictedMs >= plan.predictedResidentMs * (1 - 1e-9))) {
    throw broken('predictedMs', `at least ${plan.predictedResidentMs}`, `${plan.predictedMs}`);
  }
}

function requireOffset(name: string, offset: number, alignment: number): void {
  if (!Number.isSafeInteger(offset) || offset < 0 || offset % alignment !== 0) {
    throw broken(name, `an offset that is a multiple of ${alignment}`, `${offset}`);
  }
}

function requireCount(name: string, got: number, expected: number): void {
  if (got !== expected) throw broken(name, `${expected} entries`, `${got}`);
}

const broken = (at: string, expected: string, got: string): MillraceError =>
  new MillraceError('INTERNAL', 'the memory plan is wrong', { at, expected, got });
