/**
 * A page that shows a bundle's plans: for each a map of the arena, steps to the right, addresses upwards. What stands
 * in memory is a rectangle as long as it lives and as high as it is large; hovering names it. Nothing is loaded from
 * anywhere: one HTML file.
 */
import { type LifetimeEntry, type Manifest, type Plan, RESIDENT } from '../../runtime/bundle/format.ts';

const WIDTH = 1100;
const HEIGHT = 420;
const LEFT = 70;
const BOTTOM = 34;

const kinds = {
  activation: { label: 'activations', colour: '#4c78a8' },
  scratch: { label: 'scratch', colour: '#e0ac2b' },
  streamed: { label: 'weights, streamed', colour: '#54a24b' },
  reading: { label: 'being read', colour: '#b8dfb2' },
  resident: { label: 'weights, resident', colour: '#9d755d' },
} as const;
type Kind = keyof typeof kinds;

interface Block {
  readonly kind: Kind;
  readonly from: number;
  readonly to: number;
  readonly offset: number;
  readonly bytes: number;
  readonly title: string;
}

export function bundlePage(manifest: Manifest): string {
  const { model } = manifest;
  const mib = (manifest.weightsFileBytes / 2 ** 20).toFixed(1);
  const summary = `${model.nodes} nodes, ${mib} MiB of packed weights in ${manifest.segments.length} segments, ${manifest.steps} steps, ${(model.flops / 1e9).toFixed(2)} GFLOP a run.`;
  const plans = manifest.plans.map((plan) => planSection(manifest, plan));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${escape(model.name)}: memory plans</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: ${WIDTH + LEFT}px; color: #222; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 0.2rem; }
p { margin: 0.2rem 0 0.6rem; color: #555; }
svg { width: 100%; height: auto; background: #fafafa; border: 1px solid #ddd; }
svg text { font: 12px system-ui, sans-serif; fill: #555; }
rect.block { stroke: #fff; stroke-width: 0.4; } rect.block:hover { stroke: #000; stroke-width: 1.5; }
.legend span { display: inline-block; margin-right: 1.2rem; } .legend i { display: inline-block; width: 0.8rem; height: 0.8rem; margin-right: 0.4rem; vertical-align: -1px; }
</style>
</head>
<body>
<h1>${escape(model.name)}</h1>
<p>${escape(summary)} ${escape(manifest.compiler)}.</p>
<p class="legend">${legend()}</p>
${plans.join('\n')}
</body>
</html>
`;
}

const legend = (): string =>
  Object.values(kinds)
    .map(({ label, colour }) => `<span><i style="background:${colour}"></i>${label}</span>`)
    .join('');

function planSection(manifest: Manifest, plan: Plan): string {
  const total = sizeText(plan.peakBytes + manifest.fixedBytes);
  const facts = [
    `lower bound of the arena ${sizeText(plan.lowerBoundBytes)}`,
    `activations ${sizeText(plan.activationBytes)}`,
    `resident weights ${sizeText(plan.residentBytes)}`,
    `up to ${plan.depth} segments held`,
    `predicted ${plan.predictedMs.toFixed(1)} ms, resident ${plan.predictedResidentMs.toFixed(1)} ms`,
  ];
  return `<h2>${escape(plan.name)}: ${total}</h2>\n<p>${escape(facts.join(' · '))}</p>\n${planSvg(manifest, plan)}`;
}

/** The map of one plan. */
export function planSvg(manifest: Manifest, plan: Plan): string {
  const { steps } = manifest;
  const x = (step: number): number => LEFT + ((step + 1) / (steps + 2)) * WIDTH;
  const y = (address: number): number => HEIGHT * (1 - address / Math.max(1, plan.peakBytes));
  const rects = blocksOf(manifest, plan).map((block) => {
    const width = Math.max(0.8, x(block.to) - x(block.from));
    const height = Math.max(0.8, y(block.offset) - y(block.offset + block.bytes));
    const place = `x="${x(block.from).toFixed(1)}" y="${y(block.offset + block.bytes).toFixed(1)}" width="${width.toFixed(1)}" height="${height.toFixed(1)}"`;
    return `<rect class="block" ${place} fill="${kinds[block.kind].colour}"><title>${escape(block.title)}</title></rect>`;
  });
  const axis = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const at = y(share * plan.peakBytes);
    const label = `<text x="${LEFT - 6}" y="${(at + (share === 1 ? 12 : 4)).toFixed(1)}" text-anchor="end">${((share * plan.peakBytes) / 2 ** 20).toFixed(1)} MiB</text>`;
    return `<line x1="${LEFT}" x2="${LEFT + WIDTH}" y1="${at.toFixed(1)}" y2="${at.toFixed(1)}" stroke="#ddd"/>${label}`;
  });
  return `<svg viewBox="0 0 ${WIDTH + LEFT + 4} ${HEIGHT + BOTTOM}" role="img" aria-label="memory map of plan ${escape(plan.name)}">
${axis.join('\n')}
${rects.join('\n')}
${layerTicks(manifest, x)}
</svg>`;
}

/** Names of the layers that take most of the width, under the axis. */
function layerTicks(manifest: Manifest, x: (step: number) => number): string {
  const ticks: string[] = [];
  let free = 0;
  for (const layer of manifest.layers) {
    const at = x(layer.firstStep);
    if (at < free) continue;
    free = at + 90;
    ticks.push(
      `<line x1="${at.toFixed(1)}" x2="${at.toFixed(1)}" y1="${HEIGHT}" y2="${HEIGHT + 6}" stroke="#888"/><text x="${at.toFixed(1)}" y="${HEIGHT + 20}">${escape(layer.name.slice(-13))}</text>`,
    );
  }
  return ticks.join('');
}

function blocksOf(manifest: Manifest, plan: Plan): Block[] {
  const blocks = manifest.lifetimes.map((life) => valueBlock(life, plan));
  for (const [s, segment] of manifest.segments.entries()) {
    const offset = plan.segmentOffsets[s]!;
    const issue = plan.issue[s]!;
    const bytes = segment.byteLength;
    const name = `segment ${s}, ${sizeText(bytes)}`;
    if (issue === RESIDENT) {
      blocks.push({
        kind: 'resident',
        from: -1,
        to: manifest.steps + 1,
        offset,
        bytes,
        title: `${name}, resident`,
      });
      continue;
    }
    const title = `${name}: read from the end of step ${issue}, used by steps ${segment.firstUse} to ${segment.lastUse}`;
    blocks.push({ kind: 'reading', from: issue + 1, to: segment.firstUse, offset, bytes, title });
    blocks.push({ kind: 'streamed', from: segment.firstUse, to: segment.lastUse + 1, offset, bytes, title });
  }
  return blocks;
}

const valueBlock = (life: LifetimeEntry, plan: Plan): Block => ({
  kind: life.kind,
  from: life.start,
  to: life.end,
  offset: plan.valueOffsets[life.value]!,
  bytes: life.byteLength,
  title: `${life.name}, ${sizeText(life.byteLength)}: steps ${Math.max(0, life.start)} to ${life.end - 1}`,
});

const sizeText = (bytes: number): string =>
  bytes >= 2 ** 20 ? `${(bytes / 2 ** 20).toFixed(2)} MiB` : `${(bytes / 1024).toFixed(1)} KiB`;

const escape = (text: string): string =>
  text.replace(
    /[&<>"]/g,
    (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[character]!,
  );
