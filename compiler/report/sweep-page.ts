/**
 * The trade between memory and delay as a page. It shows the curve, and the memory map and the predicted run of one point,
 * which is chosen by slider, dot or row of the table. One HTML file: nothing is loaded, and without scripts one point is shown.
 *
 * The pictures of the others lie in the page deflated, in base64, until they are asked for: every one names the same
 * layers again and again. 28 plans of VGG-19 with 1,600 rectangles each are 9.5 MB as text and 1.2 MB so, and the
 * browser lays out one of them.
 */
import { deflateSync } from 'node:zlib';
import { shortSize } from '../../runtime/size.ts';
import type { PlanProblem, SweepPoint } from '../memory/index.ts';
import { curveSvg } from './curve-svg.ts';
import { pipelineSvg } from './pipeline-svg.ts';
import { type PlanLabels, planSvg } from './plan-svg.ts';
import { predictedEvents } from './predicted.ts';
import { escapeXml, formatBytes, formatMs } from './svg.ts';

export interface SweepPageParts {
  readonly name: string;
  /** The device that times are predicted for. */
  readonly device: string;
  readonly problem: PlanProblem;
  readonly points: readonly SweepPoint[];
  readonly labels: PlanLabels;
}

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 1240px; color: #1f2328; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 1.2rem 0 0.4rem; } p { margin: 0.2rem 0 1rem; color: #444c56; }
svg { display: block; width: 100%; height: auto; border: 1px solid #d0d7de; border-radius: 6px; margin-bottom: 1rem; }
label { display: flex; gap: 1rem; align-items: center; margin-bottom: 1rem; } input { flex: 1; } output { min-width: 26rem; font-variant-numeric: tabular-nums; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 0.15rem 0.7rem; border-bottom: 1px solid #e4e7eb; } th:first-child, td:first-child { text-align: left; }
tbody tr { cursor: pointer; } tbody tr:hover { background: #f6f8fa; } tbody tr.chosen { background: #ffebe9; }`;

const SCRIPT = `
const slider = document.querySelector('input');
const said = document.querySelector('output');
const section = document.querySelector('section');
const all = (selector) => [...document.querySelectorAll(selector)];
const pictures = new Map([[slider.value, section.innerHTML]]);
async function pictureOf(n) {
  if (!pictures.has(n)) {
    const text = document.querySelector('script[data-of="' + n + '"]').textContent;
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
    pictures.set(n, await new Response(inflated).text());
  }
  return pictures.get(n);
}
let chosen = slider.value;
async function choose(n) {
  slider.value = chosen = n;
  for (const one of all('[data-point]')) one.classList.toggle('chosen', one.dataset.point === n);
  said.value = document.querySelector('tr[data-point="' + n + '"]').dataset.says;
  const picture = await pictureOf(n);
  if (chosen === n && section.dataset.of !== n) {
    section.innerHTML = picture;
    section.dataset.of = n;
  }
}
slider.addEventListener('input', () => choose(slider.value));
for (const one of all('[data-point]')) one.addEventListener('click', () => choose(one.dataset.point));
choose(chosen);`;

export function sweepPage({ name, device, problem, points, labels }: SweepPageParts): string {
  const chosen = kneeOf(points);
  const weights = problem.segments.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const summary = `${formatBytes(weights)} of weights in ${problem.segments.length} segments · ${problem.steps.length} steps · times predicted for ${device}`;
  const pictures = points.map((point) => {
    const title = `Memory: ${shortSize(point.budgetBytes)} held, engine included`;
    return `<h2>The run, as predicted</h2>
${pipelineSvg(predictedEvents(problem, point.plan))}<h2>Where everything lies, and when</h2>
${planSvg(problem, point.plan, { ...labels, title })}`;
  });
  const others = pictures.map((picture, n) =>
    n === chosen ? '' : `<script type="text/plain" data-of="${n}">${deflated(picture)}</script>\n`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${escapeXml(name)}: memory and delay</title>
<style>${STYLE}
</style>
</head>
<body>
<h1>${escapeXml(name)}: memory and delay</h1>
<p>${escapeXml(summary)}</p>
${curveSvg(points)}<label>plan <input type="range" min="0" max="${points.length - 1}" value="${chosen}"> <output></output></label>
<section data-of="${chosen}">
${pictures[chosen]}</section>
<h2>All plans</h2>
${table(points)}
${others.join('')}<script>${SCRIPT}
</script>
</body>
</html>
`;
}

const deflated = (text: string): string => deflateSync(text, { level: 9 }).toString('base64');

/** The point shown first: the least memory at which the run waits for a twentieth of its time or less. */
const kneeOf = (points: readonly SweepPoint[]): number =>
  Math.max(
    0,
    points.findIndex(({ stallShare }) => stallShare <= 0.05),
  );

function table(points: readonly SweepPoint[]): string {
  const head = ['memory', 'resident', 'depth', 'predicted', 'delay', 'waiting', 'read per run', 'planner'];
  const rows = points.map(({ budgetBytes, plan, delayMs, stallShare, bytesRead }, n) => {
    const says = `${shortSize(budgetBytes)} held · ${formatMs(plan.predictedMs)}, ${formatMs(delayMs)} of it waiting`;
    const cells = [
      shortSize(budgetBytes),
      formatBytes(plan.residentBytes),
      `${plan.depth}`,
      formatMs(plan.predictedMs),
      formatMs(delayMs),
      `${(100 * stallShare).toFixed(1)} %`,
      formatBytes(bytesRead),
      plan.planner,
    ];
    return `<tr data-point="${n}" data-says="${escapeXml(says)}">${cells.map((cell) => `<td>${escapeXml(cell)}</td>`).join('')}</tr>`;
  });
  return `<table>
<thead><tr>${head.map((title) => `<th>${title}</th>`).join('')}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>`;
}
