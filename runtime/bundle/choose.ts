/**
 * Which stored plan a load takes. Without a name: the largest plan that fits the budget, among those that suit the
 * mode. `auto` without a budget is therefore the largest plan there is, usually the resident one; `stream` and
 * `sequential` prefer plans that stream something, `resident` needs one that streams nothing.
 */
import { MillraceError } from '../error.ts';
import { formatSize } from '../size.ts';
import { type Manifest, type Plan, RESIDENT } from './format.ts';

export type Mode = 'resident' | 'sequential' | 'stream';
export const modes: readonly ('auto' | Mode)[] = ['auto', 'resident', 'sequential', 'stream'];

export interface PlanChoice {
  readonly plan: Plan;
  readonly mode: Mode;
  /** As in the plan; in sequential mode each streamed segment is read just before its first use. */
  readonly issue: readonly number[];
}

export interface PlanWish {
  readonly mode: 'auto' | Mode;
  readonly budget?: number | undefined;
  readonly plan?: string | undefined;
}

const isResident = (plan: Plan): boolean => plan.issue.every((step) => step === RESIDENT);

/** Everything the model holds under a plan. */
export const heldBytes = (manifest: Manifest, plan: Plan): number => plan.peakBytes + manifest.fixedBytes;

export function choosePlan(manifest: Manifest, wish: PlanWish): PlanChoice {
  const suiting = suitable(named(manifest, wish.plan), wish);
  const fitting = suiting.filter((plan) => heldBytes(manifest, plan) <= (wish.budget ?? Infinity));
  const plan = fitting.at(-1);
  if (plan === undefined) throw overBudget(manifest, suiting, wish);
  const mode = wish.mode === 'auto' ? (isResident(plan) ? 'resident' : 'stream') : wish.mode;
  const issue =
    mode === 'sequential'
      ? plan.issue.map((step, s) => (step === RESIDENT ? RESIDENT : manifest.segments[s]!.firstUse - 1))
      : plan.issue;
  return { plan, mode, issue };
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
      hint: 'Compile it without --budget, or load it with mode stream or sequential.',
    });
  }
  return resident.length === plans.length ? plans : plans.filter((plan) => !isResident(plan));
}

function overBudget(manifest: Manifest, plans: readonly Plan[], wish: PlanWish): MillraceError {
  const least = Math.min(...plans.map((plan) => heldBytes(manifest, plan)));
  return new MillraceError('BUDGET', 'no stored plan fits the budget', {
    at: 'budget',
    expected: `at least ${formatSize(least)}${wish.mode === 'auto' ? '' : ` in mode ${wish.mode}`}`,
    got: formatSize(wish.budget ?? 0),
    hint: 'Raise the budget, or compile the model again with this one.',
  });
}
