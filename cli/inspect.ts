/** `millrace inspect`: what is in a bundle or a model, as tables, JSON or a page. */

import { stat } from 'node:fs/promises';
import { valueAt } from '../compiler/ir/graph.ts';
import { formatType } from '../compiler/ir/types.ts';
import { bundlePage } from '../compiler/report/bundle-page.ts';
import { MillraceError } from '../runtime/error.ts';
import type { Manifest } from '../runtime/format/format.ts';
import { mappedPlans } from '../runtime/format/mapped.ts';
import { formatSize } from '../runtime/size.ts';
import { bindingHelp, bindingOptions, bindingsOf } from './bindings.ts';
import { type Command, readArguments, UsageError } from './command.ts';
import { manifestOf } from './load.ts';
import { loadModelFile, type ModelFileOptions } from './model-file.ts';
import { writeText } from './output.ts';
import { tableLines, words } from './table.ts';
import { nameText, print, printJson } from './terminal.ts';

const help = `millrace inspect <bundle | model.onnx | model.ts> [options]

Shows a bundle's layers, segments and plans, or a model's nodes and types.

  --html FILE    write a page with the memory map of each plan (bundles)
  --json         print everything as JSON
${bindingHelp}

example
  millrace inspect dist/resnet50 --html plan.html
`;

export const inspect: Command = {
  help,
  async run(args) {
    const given = readArguments(
      args,
      { html: { type: 'string' }, json: { type: 'boolean' }, ...bindingOptions },
      ['<bundle | model>'],
      help,
    );
    const path = given.positionals[0]!;
    const page = given.text('html');
    const found = await stat(path).catch((cause: Error) => {
      throw new MillraceError('BUNDLE_READ', cause.message, { at: path, cause });
    });
    if (!found.isDirectory()) {
      if (page !== undefined)
        throw new UsageError('--html: expected a bundle, got a model; compile it first', help);
      const report = await describeModel(path, bindingsOf(given, help));
      if (given.flag('json')) printJson(report, 2);
      else print(modelText(report));
      return 0;
    }
    const manifest = await manifestOf(path);
    if (page !== undefined) await writeText(page, bundlePage(manifest));
    if (given.flag('json')) printJson(bundleReport(manifest), 2);
    else print(bundleText(manifest));
    return 0;
  },
};

interface ModelReport {
  readonly name: string;
  /** What the model leaves open and the command does not say. */
  readonly assumed: readonly string[];
  readonly inputs: readonly { readonly name: string; readonly type: string }[];
  readonly outputs: readonly { readonly name: string; readonly type: string }[];
  readonly ops: Readonly<Record<string, number>>;
  readonly nodes: readonly { readonly name: string; readonly op: string; readonly type: string }[];
}

async function describeModel(path: string, bindings: ModelFileOptions): Promise<ModelReport> {
  const graph = await loadModelFile(path, bindings);
  const typeOf = (id: number): string => formatType(valueAt(graph, id).type);
  const ops: Record<string, number> = {};
  for (const { op } of graph.nodes) ops[op] = (ops[op] ?? 0) + 1;
  return {
    name: graph.name,
    assumed: graph.assumed ?? [],
    inputs: graph.inputs.map((id) => ({ name: valueAt(graph, id).name, type: typeOf(id) })),
    outputs: graph.outputs.map(({ name, value }) => ({ name, type: typeOf(value) })),
    ops,
    nodes: graph.nodes.map(({ name, op, outputs }) => ({ name, op, type: outputs.map(typeOf).join(', ') })),
  };
}

function modelText(report: ModelReport): string {
  const lines = [`model "${nameText(report.name)}", ${report.nodes.length} nodes`];
  for (const what of report.assumed) lines.push(`  assumed ${nameText(what)}`);
  for (const { name, type } of report.inputs) lines.push(`  input   ${nameText(name)}: ${type}`);
  for (const { name, type } of report.outputs) lines.push(`  output  ${nameText(name)}: ${type}`);
  const counts = Object.entries(report.ops).sort(([a], [b]) => (a < b ? -1 : 1));
  lines.push(`  ops     ${counts.map(([op, count]) => `${op} ${count}`).join(', ')}`, '');
  return lines.join('\n');
}

/** The manifest; `mappedBytes` is what a plan holds with weights used where the file is mapped. */
function bundleReport(manifest: Manifest) {
  const { plans } = manifest;
  const mapped = mappedPlans(
    manifest,
    plans,
    plans.map(({ issue }) => issue),
  );
  return {
    ...manifest,
    plans: plans.map((plan, i) => ({
      ...plan,
      mappedBytes: mapped[i]!.peakBytes,
    })),
  };
}

type PlanFigures = ReturnType<typeof bundleReport>['plans'][number];

/** Letters of a layer's name that are shown: the last, where names of one model differ. */
const LAYER_NAME = 40;

function bundleText(manifest: Manifest): string {
  const { model, layers, segments } = manifest;
  const lines = [
    `bundle of "${nameText(model.name)}", ${manifest.compiler}`,
    `  ${model.nodes} nodes, ${formatSize(model.weightsBytes)} of weights, ${(model.flops / 1e9).toFixed(2)} GFLOP`,
    ...(manifest.assumed ?? []).map((what) => `  assumed ${nameText(what)}`),
    `  ${manifest.steps} steps, ${segments.length} segments in ${formatSize(manifest.weightsFileBytes)}`,
  ];
  for (const port of manifest.inputs)
    lines.push(`  input   ${nameText(port.name)}: ${port.dtype}[${port.shape.join(',')}]`);
  for (const port of manifest.outputs)
    lines.push(`  output  ${nameText(port.name)}: ${port.dtype}[${port.shape.join(',')}]`);
  if (manifest.hostOps.length > 0) lines.push(`  run by the reference: ${manifest.hostOps.join(', ')}`);
  const rows = layers.map((layer) => [
    layer.name.slice(-LAYER_NAME),
    layer.op,
    String(layer.steps),
    (layer.flops / 1e6).toFixed(1),
    `${(layer.weightBytes / 1024).toFixed(0)} KiB`,
    `${layer.type}${choiceText(layer)}`,
  ]);
  const columns = [words('layer'), words('op'), 'steps', 'MFLOP', 'weights', words('output')];
  lines.push('', ...tableLines(columns, rows));
  lines.push('', ...bundleReport(manifest).plans.flatMap(planText), '');
  return lines.join('\n');
}

/** The way a layer runs where there were several, and what was predicted for each. */
function choiceText({ choice }: Manifest['layers'][number]): string {
  if (choice === undefined) return '';
  const offered = choice.offered.map(({ variant, ms }) => `${variant} ${ms.toFixed(3)} ms`).join(', ');
  return `   as ${choice.variant} (${choice.why === 'pinned' ? 'pinned' : 'least time'}: ${offered})`;
}

const planText = (plan: PlanFigures): string[] => [
  `plan "${nameText(plan.name)}": ${formatSize(plan.peakBytes)} (lower bound ${formatSize(plan.lowerBoundBytes)}, ${plan.planner}); mapped ${formatSize(plan.mappedBytes)}`,
  `  activations ${formatSize(plan.activationBytes)}, weights ${formatSize(plan.weightBytes)} of which resident ${formatSize(plan.residentBytes)}, scratch ${formatSize(plan.scratchBytes)}`,
  `  up to ${plan.depth} segments in memory, predicted ${plan.predictedMs.toFixed(1)} ms (resident ${plan.predictedResidentMs.toFixed(1)} ms)`,
];
