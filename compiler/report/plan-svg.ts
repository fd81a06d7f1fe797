/**
 * A picture of a memory plan: steps from left to right, addresses from bottom to top, a rectangle for everything that
 * has a place and a time. One self-contained SVG: it opens in a browser, and hovering names what lies where. A streamed
 * segment is pale from the moment its read may start to its first use, so reading ahead shows as pale area.
 */
import { RESIDENT } from '../../runtime/format/format.ts';
import { shortSize } from '../../runtime/size.ts';
import type { PlannedMemory, PlanProblem } from '../memory/index.ts';
import { escapeXml, fixed, formatBytes, niceUnit } from './svg.ts';

export interface PlanLabels {
  readonly title?: string;
  /** By value id. */
  readonly values?: ReadonlyMap<number, string>;
  /** By segment index. */
  readonly segments?: readonly string[];
  /** By step index; names of the problem's steps otherwise. */
  readonly steps?: readonly string[];
}

const WIDTH = 1200;
const HEIGHT = 680;
const PLOT = { left: 84, top: 76, right: WIDTH - 24, bottom: HEIGHT - 92 };

const STYLE = `
  text { font: 12px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #444c56 }
  .title { font-size: 18px; font-weight: 600; fill: #1f2328 }
  .grid { stroke: #e4e7eb; stroke-width: 1 }
  .axis { stroke: #8c959f; stroke-width: 1; fill: none }
  .live { stroke: #1f2328; stroke-width: 1.2; fill: none; opacity: .55; pointer-events: none }
  .bound { stroke: #cf222e; stroke-width: 1; stroke-dasharray: 5 4 }
  .block rect { stroke: #fff; stroke-width: .5; vector-effect: non-scaling-stroke }
  .block:hover rect { stroke: #1f2328; stroke-width: 1.5 }
  .activation { fill: #4c78a8 } .scratch { fill: #f2a541 } .streamed { fill: #3f9152 }
  .ahead { fill: #b5dcb9 } .resident { fill: #a08cc8 }`;

const KINDS = [
  ['activation', 'activations'],
  ['scratch', 'scratch'],
  ['ahead', 'weights, reading ahead'],
  ['streamed', 'weights, in use'],
  ['resident', 'weights, resident'],
] as const;

type Kind = (typeof KINDS)[number][0];

/** Something that has a place, and the times at which it is held: a segment's reading ahead and use are two. */
interface Block {
  readonly title: string;
  readonly offset: number;
  readonly byteLength: number;
  readonly held: readonly { readonly kind: Kind; readonly from: number; readonly until: number }[];
}

export function planSvg(problem: PlanProblem, plan: PlannedMemory, labels: PlanLabels = {}): string {
  const steps = problem.steps.length;
  const blocks = blocksOf(problem, plan, labels);
  const peak = Math.max(1, plan.peakBytes);
  // Inputs are written at time −1 and outputs are held at time T, so the axis spans both.
  const x = (time: number): number => PLOT.left + ((time + 1) / (steps + 2)) * (PLOT.right - PLOT.left);
  const y = (bytes: number): number => PLOT.bottom - (bytes / (peak * 1.04)) * (PLOT.bottom - PLOT.top);

  const title = labels.title ?? `Memory plan “${plan.name}”`;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeXml(title)}">`,
    `<style>${STYLE}\n</style>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text class="title" x="${PLOT.left}" y="32">${escapeXml(title)}</text>`,
    `<text x="${PLOT.left}" y="54">${escapeXml(headline(problem, plan))}</text>`,
    ...addressAxis(peak, y),
    ...stepAxis(steps, x),
    ...blocks.map(({ title: hover, offset, byteLength, held }) => {
      const top = fixed(y(offset + byteLength));
      const height = fixed(y(offset) - y(offset + byteLength));
      const rects = held.map(
        ({ kind, from, until }) =>
          `<rect class="${kind}" x="${fixed(x(from))}" y="${top}" width="${fixed(x(until) - x(from))}" height="${height}"/>`,
      );
      return `<g class="block"><title>${escapeXml(hover)}</title>${rects.join('')}</g>`;
    }),
    `<path class="live" d="${livePath(blocks, steps, x, y)}"/>`,
    `<line class="bound" x1="${PLOT.left}" x2="${PLOT.right}" y1="${fixed(y(plan.peakBytes))}" y2="${fixed(y(plan.peakBytes))}"/>`,
    `<text x="${PLOT.right}" y="${fixed(y(plan.peakBytes) - 5)}" text-anchor="end">arena ${formatBytes(plan.peakBytes)}, its lower bound ${formatBytes(plan.lowerBoundBytes)}</text>`,
    ...legend(blocks),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

function blocksOf(problem: PlanProblem, plan: PlannedMemory, labels: PlanLabels): Block[] {
  const steps = problem.steps.length;
  const stepName = (t: number): string => {
    if (t < 0) return 'before the run';
    if (t >= steps) return 'after the run';
    const name = labels.steps?.[t] ?? problem.steps[t]!.name;
    return name === undefined ? `step ${t}` : `step ${t}, ${name}`;
  };
  const describe = (name: string, byteLength: number, offset: number, lifetime: string): string =>
    `${name}\n${formatBytes(byteLength)} at ${formatBytes(offset)} (${offset})\n${lifetime}`;
  const blocks = problem.values
    .filter(({ byteLength }) => byteLength > 0)
    .map(({ id, kind, byteLength, start, end }): Block => {
      const offset = plan.valueOffsets.get(id) ?? 0;
      const lifetime = `from ${stepName(start)}\nto ${stepName(end - 1)}`;
      const title = describe(labels.values?.get(id) ?? `${kind} ${id}`, byteLength, offset, lifetime);
      return { title, offset, byteLength, held: [{ kind, from: start, until: end }] };
    });
  problem.segments.forEach(({ byteLength, firstUse, lastUse }, s) => {
    const issue = plan.issue[s]!;
    const offset = plan.segmentOffsets[s]!;
    const uses =
      firstUse === lastUse
        ? `used by ${stepName(firstUse)}`
        : `used from ${stepName(firstUse)}\nto ${stepName(lastUse)}`;
    const since = issue === RESIDENT ? 'resident' : `read after ${stepName(issue)}`;
    const name = labels.segments?.[s] ?? `segment ${s}`;
    const held: Block['held'] =
      issue === RESIDENT
        ? [{ kind: 'resident', from: -1, until: steps + 1 }]
        : [
            ...(issue + 1 < firstUse ? [{ kind: 'ahead' as const, from: issue + 1, until: firstUse }] : []),
            { kind: 'streamed', from: firstUse, until: lastUse + 1 },
          ];
    blocks.push({
      title: describe(name, byteLength, offset, `${since}\n${uses}`),
      offset,
      byteLength,
      held,
    });
  });
  return blocks;
}

function headline(problem: PlanProblem, plan: PlannedMemory): string {
  const weights = problem.segments.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const delay = plan.predictedMs - plan.predictedResidentMs;
  return (
    `${shortSize(plan.peakBytes + problem.fixedBytes)} held for ${formatBytes(weights)} of weights · ` +
    `predicted ${plan.predictedMs.toFixed(1)} ms, ${delay.toFixed(1)} ms of it waiting · ` +
    `${formatBytes(plan.residentBytes)} resident · up to ${plan.depth} segments in the stream · ${plan.planner}`
  );
}

function addressAxis(peak: number, y: (bytes: number) => number): string[] {
  const unit = 2 ** Math.ceil(Math.log2(peak / 8));
  const parts: string[] = [];
  for (let bytes = 0; bytes <= peak; bytes += unit) {
    const at = fixed(y(bytes));
    parts.push(
      `<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${at}" y2="${at}"/>`,
      `<text x="${PLOT.left - 8}" y="${fixed(y(bytes) + 4)}" text-anchor="end">${formatBytes(bytes)}</text>`,
    );
  }
  const middle = (PLOT.top + PLOT.bottom) / 2;
  parts.push(
    `<text transform="translate(16 ${middle}) rotate(-90)" text-anchor="middle">address</text>`,
    `<path class="axis" d="M${PLOT.left} ${PLOT.top}V${PLOT.bottom}H${PLOT.right}"/>`,
  );
  return parts;
}

function stepAxis(steps: number, x: (time: number) => number): string[] {
  const unit = niceUnit(steps / 12, 1);
  const parts: string[] = [];
  for (let t = 0; t <= steps; t += unit) {
    const at = fixed(x(t));
    parts.push(
      `<line class="axis" x1="${at}" x2="${at}" y1="${PLOT.bottom}" y2="${PLOT.bottom + 5}"/>`,
      `<text x="${at}" y="${PLOT.bottom + 19}" text-anchor="middle">${t}</text>`,
    );
  }
  const middle = (PLOT.left + PLOT.right) / 2;
  parts.push(`<text x="${middle}" y="${PLOT.bottom + 38}" text-anchor="middle">step</text>`);
  return parts;
}

/** Bytes held at each step, as a line over the addresses: what lies between it and the peak is fragmentation or slack. */
function livePath(
  blocks: readonly Block[],
  steps: number,
  x: (time: number) => number,
  y: (bytes: number) => number,
): string {
  const change = new Float64Array(steps + 3);
  for (const { byteLength, held } of blocks)
    for (const { from, until } of held) {
      change[from + 1]! += byteLength;
      change[until + 1]! -= byteLength;
    }
  let live = 0;
  let path = '';
  for (let time = -1; time <= steps; time++) {
    live += change[time + 1]!;
    path += `${path ? 'L' : 'M'}${fixed(x(time))} ${fixed(y(live))}H${fixed(x(time + 1))}`;
  }
  return path;
}

function legend(blocks: readonly Block[]): string[] {
  const top = HEIGHT - 28;
  let left = PLOT.left;
  const parts: string[] = [];
  for (const [kind, words] of KINDS) {
    if (!blocks.some(({ held }) => held.some((one) => one.kind === kind))) continue;
    parts.push(
      `<rect class="${kind}" x="${left}" y="${top - 11}" width="14" height="14" rx="2"/>`,
      `<text x="${left + 20}" y="${top}">${words}</text>`,
    );
    left += 44 + 6.6 * words.length;
  }
  parts.push(
    `<line class="live" x1="${left}" x2="${left + 18}" y1="${top - 4}" y2="${top - 4}"/>`,
    `<text x="${left + 24}" y="${top}">bytes held</text>`,
  );
  return parts;
}
