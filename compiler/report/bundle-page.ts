/** A page that shows a bundle's plans, the picture of each under its figures. One HTML file, nothing is loaded. */
import type { Manifest, Plan } from '../../runtime/format/format.ts';
import { shortSize } from '../../runtime/size.ts';
import type { PlannedMemory, PlanProblem } from '../memory/index.ts';
import { bundleLabels } from './plan-labels.ts';
import { planSvg } from './plan-svg.ts';

export function bundlePage(manifest: Manifest): string {
  const { model } = manifest;
  const problem = problemOf(manifest);
  const labels = bundleLabels(manifest);
  const plans = manifest.plans.map((plan) => {
    const title = `Plan “${plan.name}”: ${shortSize(plan.peakBytes)}, engine included`;
    return planSvg(problem, plannedOf(manifest, plan), { ...labels, title });
  });
  const summary = `${model.nodes} nodes · ${shortSize(manifest.weightsFileBytes)} of packed weights in ${manifest.segments.length} segments · ${manifest.steps} steps · ${(model.flops / 1e9).toFixed(2)} GFLOP a run · ${manifest.compiler}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${escapeText(model.name)}: memory plans</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 1240px; color: #1f2328; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; } p { margin: 0.2rem 0 1.5rem; color: #444c56; }
svg { width: 100%; height: auto; border: 1px solid #d0d7de; border-radius: 6px; margin-bottom: 1.5rem; }
</style>
</head>
<body>
<h1>${escapeText(model.name)}</h1>
<p>${escapeText(summary)}</p>
${plans.join('\n')}
</body>
</html>
`;
}

/** What the planner was asked, as far as a picture needs it: the manifest does not keep predicted times. */
const problemOf = (manifest: Manifest): PlanProblem => ({
  steps: Array.from({ length: manifest.steps }, () => ({ ms: 0 })),
  values: manifest.lifetimes.map(({ value, kind, byteLength, start, end }) => ({
    id: value,
    kind,
    byteLength,
    start,
    end,
  })),
  segments: manifest.segments,
  read: { latencyMs: 0, bytesPerMs: 1 },
  fixedBytes: manifest.fixedBytes,
});

const plannedOf = (manifest: Manifest, plan: Plan): PlannedMemory => ({
  ...plan,
  peakBytes: plan.arenaBytes,
  lowerBoundBytes: plan.lowerBoundBytes - manifest.fixedBytes,
  valueOffsets: new Map(manifest.lifetimes.map(({ value }) => [value, plan.valueOffsets[value]!])),
});

const escapeText = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
