/** A plan as commands report it: its figures. Where each value lies is in the bundle, and in `inspect --json`. */
import type { Plan } from '../runtime/format/format.ts';

export type PlanReport = Omit<Plan, 'issue' | 'segmentOffsets' | 'valueOffsets'>;

export function planReport(plan: Plan): PlanReport {
  const { issue, segmentOffsets, valueOffsets, ...figures } = plan;
  return figures;
}
