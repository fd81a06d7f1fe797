/**
 * `millrace plan <model | bundle>`: the joint plan of a network's activations and weights, for some budgets or for all;
 * or, with a planner's name, its activations alone. Nothing is packed or written but what is asked for.
 */

import { planningOf } from '../compiler/compile.ts';
import {
  busiestTime,
  createSolver,
  type PlanProblem,
  type SweepPoint,
  sweep,
  sweepPoint,
} from '../compiler/memory/index.ts';
import { bundleLabels, scheduleLabels } from '../compiler/report/plan-labels.ts';
import type { PlanLabels } from '../compiler/report/plan-svg.ts';
import { predictedEvents } from '../compiler/report/predicted.ts';
import { sweepPage } from '../compiler/report/sweep-page.ts';
import { referenceDevice } from '../compiler/schedule/device/cost.ts';
import { deviceOf } from '../compiler/schedule/device/profile.ts';
import { bundleProblem } from '../compiler/schedule/problem.ts';
import { alignUp } from '../runtime/format/alignment.ts';
import { VALUE_ALIGNMENT, withFixed } from '../runtime/format/format.ts';
import { formatSize, mib, parseSize } from '../runtime/size.ts';
import { bindingHelp, bindingOptions, bindingsOf } from './bindings.ts';
import { type Arguments, UsageError } from './command.ts';
import { manifestOf } from './load.ts';
import { loadModelFile } from './model-file.ts';
import { writeText } from './output.ts';
import { answersOf, plannerOf, plannerTable } from './plan-lifetimes.ts';
import { type PlanReport, planReport } from './plan-report.ts';
import { readProfile } from './profile-file.ts';
import { progress } from './progress.ts';
import { milliseconds, percent, tableLines, words } from './table.ts';
import { nameText, print, printJson } from './terminal.ts';
import { writeTrace } from './trace.ts';
import { variantHelp, variantOptions, variantsOf } from './variants.ts';

export const modelOptions = {
  ...bindingOptions,
  ...variantOptions,
  budget: { type: 'string', multiple: true },
  sweep: { type: 'boolean' },
  profile: { type: 'string' },
  html: { type: 'string' },
  trace: { type: 'string' },
} as const;

export const modelHelp = `for a model or a bundle
  --budget SIZE         the fastest plan in this much memory; may be repeated. Without it: the smallest
                        plan, the knee, zero delay, and all weights resident
  --sweep               the whole trade: from the smallest budget to all weights resident
  --profile FILE        predict for the device of this profile (millrace calibrate)
  --planner NAME        place activations and scratch alone, with this planner, or with all
  --html FILE           write a page: the curve, and each plan's memory map and predicted run
  --trace FILE          write the predicted run of the first plan, for ui.perfetto.dev
${variantHelp}
${bindingHelp}
`;

interface Subject {
  readonly name: string;
  readonly problem: PlanProblem;
  readonly labels: PlanLabels;
}

export async function planModel(
  path: string,
  isBundle: boolean,
  given: Arguments,
  help: string,
): Promise<number> {
  const profilePath = given.text('profile');
  const profile = profilePath === undefined ? null : await readProfile(profilePath);
  const device = profile === null ? referenceDevice : deviceOf(profile);
  const budgets = given.list('budget').map((size) => parseSize(size, '--budget'));
  if (given.flag('sweep') && budgets.length > 0)
    throw new UsageError('--sweep goes through all budgets; leave out --budget', help);
  const subject = isBundle ? await ofBundle(path) : await ofModel(path);
  if (given.text('planner') !== undefined) return planActivations(subject, given, help);
  const { name, problem, labels } = subject;

  const solver = createSolver(problem);
  const bar = progress();
  const points = given.flag('sweep')
    ? sweep(problem, solver, (share) => bar.update('planning', share))
    : (budgets.length > 0 ? budgets.map((bytes) => solver.solve(bytes)) : solver.storedPlans()).map((plan) =>
        sweepPoint(problem, plan),
      );
  bar.done();

  const page = given.text('html');
  const deviceName =
    profile === null
      ? 'the reference device'
      : `${profile.machine}, ${profile.engine} (${profile.isa}), ${profile.threads} thread(s), source ${profile.source}`;
  if (page !== undefined)
    await writeText(page, sweepPage({ name, device: deviceName, problem, points, labels }));
  const trace = given.text('trace');
  if (trace !== undefined) await writeTrace(trace, predictedEvents(problem, points[0]!.plan));
  const pointReports = points.map((point) => pointReport(point, problem.fixedBytes));
  const report: Report = {
    model: name,
    device: deviceName,
    naiveBytes: naiveBytes(problem),
    fixedBytes: problem.fixedBytes,
    [given.flag('sweep') ? 'points' : 'plans']: pointReports,
  };
  if (given.flag('json')) printJson(report, 2);
  else print(describe(report, pointReports));
  return 0;

  async function ofBundle(folder: string): Promise<Subject> {
    const manifest = await manifestOf(folder);
    return {
      name: manifest.model.name,
      problem: bundleProblem(manifest, device),
      labels: bundleLabels(manifest),
    };
  }

  async function ofModel(file: string): Promise<Subject> {
    const graph = await loadModelFile(file, bindingsOf(given, help));
    const { schedule, problem } = planningOf(graph, { device, variants: variantsOf(given, help) });
    return { name: schedule.name, problem, labels: scheduleLabels(schedule) };
  }
}

type PointReport = Omit<PlanReport, 'valueOffsets'> & {
  readonly budgetBytes: number;
  readonly delayMs: number;
  readonly stallShare: number;
  readonly bytesRead: number;
};

interface Report {
  readonly model: string;
  readonly device: string;
  /** Held, were everything given memory of its own. */
  readonly naiveBytes: number;
  readonly fixedBytes: number;
  readonly plans?: readonly PointReport[];
  readonly points?: readonly PointReport[];
}

function pointReport({ plan, ...figures }: SweepPoint, fixedBytes: number): PointReport {
  return { ...planReport(withFixed({ ...plan, valueOffsets: [] }, fixedBytes)), ...figures };
}

const naiveBytes = ({ values, segments, fixedBytes }: PlanProblem): number =>
  [...values, ...segments].reduce((sum, { byteLength }) => sum + byteLength, fixedBytes);

function describe(report: Report, points: readonly PointReport[]): string {
  const columns = [
    words('plan'),
    'memory',
    'resident',
    'depth',
    'predicted',
    'delay',
    'waiting',
    'read per run',
  ];
  const rows = points.map(({ delayMs, stallShare, bytesRead, ...plan }) => [
    plan.name,
    mib(plan.peakBytes),
    mib(plan.residentBytes),
    String(plan.depth),
    milliseconds(plan.predictedMs),
    milliseconds(delayMs),
    percent(stallShare),
    mib(bytesRead),
  ]);
  const summaries = points.map(
    (plan) =>
      `${mib(report.naiveBytes)} → ${mib(plan.peakBytes)} (lower bound ${mib(plan.lowerBoundBytes)}, planner ${plan.planner})`,
  );
  const found = report.points === undefined ? summaries : [summaries[0]!, summaries.at(-1)!];
  return [
    `${nameText(report.model)}, times predicted for ${report.device}`,
    '',
    ...tableLines(columns, rows),
    '',
    ...found,
    `of each memory, ${formatSize(report.fixedBytes)} are for the engine`,
    '',
  ].join('\n');
}

/** The planners alone, on what a run computes. */
function planActivations({ name, problem }: Subject, given: Arguments, help: string): number {
  const other = ['sweep', 'html', 'trace', 'budget'].find(
    (option) => given.flag(option) || given.text(option) !== undefined || given.list(option).length > 0,
  );
  if (other !== undefined)
    throw new UsageError(
      `--${other} does not go with --planner, which places activations alone; leave out one of them`,
      help,
    );
  const wish = plannerOf(given, help);
  const intervals = problem.values.map(({ id, byteLength, start, end }) => ({
    id,
    byteLength: alignUp(byteLength, VALUE_ALIGNMENT),
    start,
    end,
  }));
  const bound = busiestTime(intervals).bytes;
  const answers = answersOf(intervals, { ...wish, capacity: undefined });
  const best = answers.reduce((a, b) => (b.peakBytes < a.peakBytes ? b : a));
  const lowerBoundBytes = answers.reduce((most, one) => Math.max(most, one.lowerBoundBytes), bound);
  const rows = answers.map(({ planner, peakBytes, milliseconds }) => ({ planner, peakBytes, milliseconds }));
  const report = {
    model: name,
    naiveBytes: intervals.reduce((sum, { byteLength }) => sum + byteLength, 0),
    peakBytes: best.peakBytes,
    lowerBoundBytes,
    planner: best.planner,
    optimal: best.peakBytes === lowerBoundBytes,
    planners: rows,
  };
  const text = [
    ...(rows.length > 1 ? [...plannerTable(rows, lowerBoundBytes), ''] : []),
    `${nameText(name)}: activations and scratch, ${mib(report.naiveBytes)} → ${mib(report.peakBytes)} (lower bound ${mib(lowerBoundBytes)}, planner ${report.planner})`,
    '',
  ].join('\n');
  if (given.flag('json')) printJson(report);
  else print(text);
  return 0;
}
