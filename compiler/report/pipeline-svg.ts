/**
 * The predicted run as lanes over time: what computes, where it waits, and what is read meanwhile. Consecutive steps of
 * one layer are one rectangle. One self-contained SVG.
 */
import type { TraceEvent } from '../../runtime/pipeline/trace.ts';
import { escapeXml, fixed, formatMs, niceUnit } from './svg.ts';

const WIDTH = 1200;
const LEFT = 84;
const RIGHT = WIDTH - 24;
const TOP = 20;
const LANE = 26;
const GAP = 6;
/** Rectangles narrower than this are drawn this wide. */
const THIN = 0.4;

const STYLE = `
  .lanes text { font: 12px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #444c56 }
  .lanes .grid { stroke: #e4e7eb; stroke-width: 1 }
  .lanes .step0 { fill: #4c78a8 } .lanes .step1 { fill: #7ba3cc } .lanes .wait { fill: #cf222e }
  .lanes .read { fill: #3f9152 } .lanes .read1 { fill: #7dbb8a }
  .lanes rect.event:hover { stroke: #1f2328; stroke-width: 1.5 }`;

interface Bar {
  readonly style: string;
  readonly title: string;
  readonly lane: number;
  readonly from: number;
  readonly until: number;
}

export function pipelineSvg(events: readonly TraceEvent[]): string {
  const totalMs = events.reduce((last, { endMs }) => Math.max(last, endMs), 0);
  const readers =
    1 + events.reduce((most, { what, thread }) => (what === 'read' ? Math.max(most, thread) : most), -1);
  const lanes = ['compute', ...Array.from({ length: readers }, (_, n) => `read ${n + 1}`)];
  const x = (ms: number): number => LEFT + (ms / Math.max(totalMs, Number.MIN_VALUE)) * (RIGHT - LEFT);
  const y = (lane: number): number => TOP + lane * (LANE + GAP);
  const bottom = y(lanes.length);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" class="lanes" viewBox="0 0 ${WIDTH} ${bottom + 56}" role="img" aria-label="Predicted run">`,
    `<style>${STYLE}\n</style>`,
    `<rect width="${WIDTH}" height="${bottom + 56}" fill="#fff"/>`,
  ];
  const unit = niceUnit(totalMs / 12);
  for (let n = 0; totalMs > 0 && n * unit <= totalMs; n++) {
    const at = fixed(x(n * unit));
    parts.push(
      `<line class="grid" x1="${at}" x2="${at}" y1="${TOP}" y2="${bottom}"/>`,
      `<text x="${at}" y="${bottom + 14}" text-anchor="middle">${Number((n * unit).toPrecision(6))} ms</text>`,
    );
  }
  lanes.forEach((name, lane) => {
    parts.push(`<text x="${LEFT - 8}" y="${y(lane) + 17}" text-anchor="end">${name}</text>`);
  });
  for (const { style, title, lane, from, until } of [...computeBars(events), ...readBars(events)])
    parts.push(
      `<rect class="event ${style}" x="${fixed(x(from))}" y="${y(lane)}" width="${fixed(Math.max(THIN, x(until) - x(from)))}" height="${LANE}">` +
        `<title>${escapeXml(title)}</title></rect>`,
    );
  const legend = [
    ['step0', 'computes'],
    ['wait', 'waits for weights'],
    ['read', 'reads'],
  ] as const;
  legend.forEach(([style, words], n) => {
    parts.push(
      `<rect class="${style}" x="${LEFT + n * 150}" y="${bottom + 30}" width="14" height="14" rx="2"/>`,
      `<text x="${LEFT + n * 150 + 20}" y="${bottom + 41}">${words}</text>`,
    );
  });
  parts.push('</svg>');
  return `${parts.join('\n')}\n`;
}

interface Stretch {
  readonly waits: boolean;
  readonly layer: string;
  readonly first: number;
  last: number;
  readonly from: number;
  until: number;
}

function computeBars(events: readonly TraceEvent[]): Bar[] {
  const stretches: Stretch[] = [];
  const inOrder = events
    .filter(({ what }) => what === 'step' || what === 'wait')
    .sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
  for (const { what, id, layer, startMs, endMs } of inOrder) {
    const waits = what === 'wait';
    const open = stretches.at(-1);
    if (open !== undefined && !waits && !open.waits && open.layer === layer) {
      open.last = id;
      open.until = endMs;
    } else stretches.push({ waits, layer, first: id, last: id, from: startMs, until: endMs });
  }
  let shade = 0;
  let before = '';
  return stretches.map(({ waits, layer, first, last, from, until }) => {
    const time = `${formatMs(until - from)} from ${formatMs(from)}`;
    if (waits)
      return { style: 'wait', title: `waits for segment ${first}\n${layer}\n${time}`, lane: 0, from, until };
    if (layer !== before) shade = 1 - shade;
    before = layer;
    const steps = first === last ? `step ${first}` : `steps ${first} to ${last}`;
    return { style: `step${shade}`, title: `${layer}\n${steps}\n${time}`, lane: 0, from, until };
  });
}

const readBars = (events: readonly TraceEvent[]): Bar[] =>
  events
    .filter(({ what }) => what === 'read')
    .map(({ id, layer, thread, startMs, endMs }) => ({
      style: id % 2 === 0 ? 'read' : 'read1',
      title: `reads segment ${id}\nfirst used by ${layer}\n${formatMs(endMs - startMs)} from ${formatMs(startMs)}`,
      lane: 1 + thread,
      from: startMs,
      until: endMs,
    }));
