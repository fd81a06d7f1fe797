/**
 * Predicted time over memory, one dot for each plan: the curve that a budget is chosen from. Memory is on a logarithmic
 * axis, since halving it is the question. Dots carry `data-point` for the page around the picture.
 */

import { formatSize } from '../../runtime/size.ts';
import type { SweepPoint } from '../memory/index.ts';
import { escapeXml, fixed, formatBytes, formatMs, niceUnit } from './svg.ts';

const WIDTH = 1200;
const HEIGHT = 420;
const PLOT = { left: 84, top: 24, right: WIDTH - 24, bottom: HEIGHT - 56 };

const STYLE = `
  .curve text { font: 12px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #444c56 }
  .curve .grid { stroke: #e4e7eb; stroke-width: 1 }
  .curve .axis { stroke: #8c959f; stroke-width: 1; fill: none }
  .curve .line { stroke: #4c78a8; stroke-width: 2; fill: none }
  .curve .computes { stroke: #3f9152; stroke-width: 1.2; stroke-dasharray: 5 4 }
  .curve .dot { fill: #4c78a8; stroke: #fff; stroke-width: 1.5; cursor: pointer }
  .curve .dot:hover { fill: #1f2328 } .curve .dot.chosen { fill: #cf222e }`;

export function curveSvg(points: readonly SweepPoint[]): string {
  const budgets = points.map(({ budgetBytes }) => budgetBytes);
  const low = Math.max(1, Math.min(...budgets));
  const high = Math.max(...budgets, low * 1.01);
  const slowest = Math.max(...points.map(({ plan }) => plan.predictedMs), Number.MIN_VALUE);
  const computes = points[0]?.plan.predictedResidentMs ?? 0;
  // Where waiting is a small part of the run, the axis does not begin at 0: the difference is what is chosen from.
  const span = slowest - computes;
  const bottom = span < computes / 2 ? Math.max(0, computes - Math.max(span, slowest / 1000) / 4) : 0;
  const top = slowest + (slowest - bottom) / 20;
  const x = (bytes: number): number =>
    PLOT.left + 12 + (Math.log(bytes / low) / Math.log(high / low)) * (PLOT.right - PLOT.left - 24);
  const y = (ms: number): number => PLOT.bottom - ((ms - bottom) / (top - bottom)) * (PLOT.bottom - PLOT.top);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" class="curve" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Predicted time over memory">`,
    `<style>${STYLE}\n</style>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
  ];
  const unit = niceUnit((top - bottom) / 7);
  for (let n = Math.ceil(bottom / unit); n * unit <= top; n++) {
    const at = fixed(y(n * unit));
    parts.push(
      `<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${at}" y2="${at}"/>`,
      `<text x="${PLOT.left - 8}" y="${fixed(y(n * unit) + 4)}" text-anchor="end">${Number((n * unit).toPrecision(6))} ms</text>`,
    );
  }
  for (const bytes of ticks(low, high)) {
    const at = fixed(x(bytes));
    parts.push(
      `<line class="grid" x1="${at}" x2="${at}" y1="${PLOT.top}" y2="${PLOT.bottom}"/>`,
      `<text x="${at}" y="${PLOT.bottom + 18}" text-anchor="middle">${formatBytes(bytes)}</text>`,
    );
  }
  parts.push(
    `<path class="axis" d="M${PLOT.left} ${PLOT.top}V${PLOT.bottom}H${PLOT.right}"/>`,
    `<text x="${(PLOT.left + PLOT.right) / 2}" y="${PLOT.bottom + 40}" text-anchor="middle">memory held (arena and engine)</text>`,
    `<line class="computes" x1="${PLOT.left}" x2="${PLOT.right}" y1="${fixed(y(computes))}" y2="${fixed(y(computes))}"/>`,
    `<text x="${PLOT.right - 6}" y="${fixed(y(computes) + 16)}" text-anchor="end">compute alone, ${formatMs(computes)}</text>`,
    `<path class="line" d="${stairs(points, x, y)}"/>`,
    ...points.map((point, n) => {
      const { budgetBytes, plan } = point;
      return (
        `<circle class="dot" data-point="${n}" cx="${fixed(x(budgetBytes))}" cy="${fixed(y(plan.predictedMs))}" r="6">` +
        `<title>${escapeXml(describe(point))}</title></circle>`
      );
    }),
    '</svg>',
  );
  return `${parts.join('\n')}\n`;
}

const describe = ({ budgetBytes, plan, delayMs, stallShare, bytesRead }: SweepPoint): string =>
  [
    formatSize(budgetBytes),
    `${formatMs(plan.predictedMs)}, ${formatMs(delayMs)} of it waiting (${(100 * stallShare).toFixed(1)} %)`,
    `${formatBytes(bytesRead)} read in each run, ${formatBytes(plan.residentBytes)} resident`,
  ].join('\n');

/** A plan serves every budget from its own to the next plan's. */
function stairs(
  points: readonly SweepPoint[],
  x: (bytes: number) => number,
  y: (ms: number) => number,
): string {
  return points
    .map(({ budgetBytes, plan }, n) => {
      const at = fixed(x(budgetBytes));
      return n === 0 ? `M${at} ${fixed(y(plan.predictedMs))}` : `H${at}V${fixed(y(plan.predictedMs))}`;
    })
    .join('');
}

/** Powers of two, and what lies between them where there are few. */
function ticks(low: number, high: number): number[] {
  const steps = Math.log2(high / low);
  const factors = steps > 4 ? [1] : steps > 1.5 ? [1, 1.5] : [1, 1.125, 1.25, 1.375, 1.5, 1.625, 1.75, 1.875];
  const found: number[] = [];
  for (let power = 2 ** Math.floor(Math.log2(low)); power <= high; power *= 2)
    for (const factor of factors)
      if (power * factor >= low && power * factor <= high) found.push(power * factor);
  return found;
}
