/**
 * Which stored plan a load takes. Without a name: the largest plan that fits the budget, among those that suit the
 * mode. `auto` without a budget is therefore the largest plan there is, usually the resident one; `resident` needs a
 * plan that streams nothing, the other modes prefer one that streams something. Invariant: what fits is decided by what
 * is held; with mapped weights that is more than the arena of the stored plan (`mapped.ts`).
 */
import { MillraceError } from '../error.ts';
import { formatSize } from '../size.ts';
import { type Manifest, type Plan, RESIDENT } from './format.ts';
import { mappedPlans } from './mapped.ts';
import { NOT_PRIMED, primeSteps } from './prime.ts';

export const modes = ['resident', 'sequential', 'synchronous', 'stream', 'mmap'] as const;

/** How weights come into memory. */
export type Mode = (typeof modes)[number];

export interface PlanChoice {
  /** The plan in force: as stored, or what it becomes with mapped weights. */
  readonly plan: Plan;
  readonly mode: Mode;
  /** As in the plan, or later: see issueIn. */
  readonly issue: readonly number[];
  /** Per segment: the step after which the next run's read may start, or NOT_PRIMED; see prime.ts. */
  readonly prime: readonly number[];
}

export interface PlanWish {
  readonly mode: 'auto' | Mode;
  /** mmap: weights are mapped, in every mode. */
  readonly source?: string | undefined;
  readonly budget?: number | undefined;
  readonly plan?: string | undefined;
  readonly prime?: boolean | undefined;
}

const isResident = (plan: Plan): boolean => plan.issue.every((step) => step === RESIDENT);

const isMapped = ({ mode, source }: PlanWish): boolean => mode === 'mmap' || source === 'mmap';

export function choosePlan(manifest: Manifest, wish: PlanWish): PlanChoice {
  const choices = choicesOf(manifest, suitable(named(manifest, wish.plan), wish), wish);
  const fitting = choices.filter(({ plan }) => plan.peakBytes <= (wish.budget ?? Infinity));
  const choice = fitting.at(-1);
  if (choice !== undefined) return { ...choice, prime: primeIn(choice, manifest, wish) };
  throw overBudget(
    choices.map(({ plan }) => plan),
    wish,
  );
}

function choicesOf(manifest: Manifest, plans: readonly Plan[], wish: PlanWish): Omit<PlanChoice, 'prime'>[] {
  const choices = plans.map((plan) => {
    const mode = wish.mode === 'auto' ? (isResident(plan) ? 'resident' : 'stream') : wish.mode;
    return { plan, mode, issue: issueIn(mode, manifest, plan) } as const;
  });
  if (!isMapped(wish)) return choices;
  const mapped = mappedPlans(
    manifest,
    plans,
    choices.map(({ issue }) => issue),
  );
  return choices.map((choice, i) => ({ ...choice, plan: mapped[i]! }));
}

/**
 * When reads may start. A read may always start later than planned: its place is free from the planned step on.
 *
 *   sequential    with the step before the first use: nothing overlaps
 *   synchronous   one segment ahead, in lock-step: while the steps of segment s − 1 run, s is read, and the next steps
 *                 wait for both (the double buffering of the demand-layering paper); no earlier than planned
 *   stream, mmap  as planned
 */
function issueIn(mode: Mode, { segments }: Manifest, { issue }: Plan): readonly number[] {
  if (mode !== 'sequential' && mode !== 'synchronous') return issue;
  let before = 0;
  return issue.map((step, s) => {
    if (step === RESIDENT) return RESIDENT;
    const last = segments[s]!.firstUse - 1;
    const start = mode === 'sequential' ? last : Math.max(step, Math.min(last, before - 1));
    before = segments[s]!.firstUse;
    return start;
  });
}

/** Only stream and mmap prime. The names of the other modes already promise when each segment is read. */
const primeIn = (choice: Omit<PlanChoice, 'prime'>, manifest: Manifest, wish: PlanWish): readonly number[] =>
  wish.prime && (choice.mode === 'stream' || choice.mode === 'mmap')
    ? primeSteps(manifest, choice, isMapped(wish))
    : manifest.segments.map(() => NOT_PRIMED);

/** Per value: its offset in the arena, weights included; −1 where it has no memory. */
export function heldValueOffsets(manifest: Manifest, plan: Plan): Float64Array {
  const offsets = Float64Array.from(plan.valueOffsets);
  for (const { value, segment, offset } of manifest.weights)
    offsets[value] = plan.segmentOffsets[segment]! + offset;
  return offsets;
}

function named(manifest: Manifest, name: string | undefined): readonly Plan[] {
  if (name === undefined) return manifest.plans;
  const plans = manifest.plans.filter((plan) => plan.name === name);
  if (plans.length > 0) return plans;
  throw new MillraceError('OPTION', 'no such plan in the bundle', {
    at: 'plan',
    expected: manifest.plans.map((plan) => plan.name).join(', '),
    got: name,
  });
}

function suitable(plans: readonly Plan[], wish: PlanWish): readonly Plan[] {
  if (wish.mode === 'auto') return plans;
  const resident = plans.filter(isResident);
  if (wish.mode === 'resident') {
    if (resident.length > 0) return resident;
    throw new MillraceError('OPTION', 'the bundle holds no resident plan', {
      at: 'mode',
      got: 'resident',
      hint: 'Compile it without --budget, or load it with another mode.',
    });
  }
  return resident.length === plans.length ? plans : plans.filter((plan) => !isResident(plan));
}

function overBudget(plans: readonly Plan[], wish: PlanWish): MillraceError {
  const least = Math.min(...plans.map((plan) => plan.peakBytes));
  return new MillraceError('BUDGET', 'no stored plan fits the budget', {
    at: 'budget',
    expected: `at least ${formatSize(least)}${wish.mode === 'auto' ? '' : ` in mode ${wish.mode}`}${wish.source === 'mmap' ? ' with mapped weights' : ''}`,
    got: formatSize(wish.budget ?? 0),
    hint: 'Raise the budget, or compile the model again with this one.',
  });
}
