/** `millrace compile`: a model file to a bundle folder. */

import { type CompileReport, compile } from '../compiler/compile.ts';
import type { CompileOptions } from '../compiler/options.ts';
import type { Progress, Stage } from '../compiler/progress.ts';
import { deviceOf } from '../compiler/schedule/device/profile.ts';
import { formatSize, mib } from '../runtime/size.ts';
import { bindingHelp, bindingOptions, bindingsOf } from './bindings.ts';
import { type Command, readArguments, UsageError } from './command.ts';
import { withInterrupt } from './interrupt.ts';
import { peakRss } from './memory.ts';
import { loadModelFile } from './model-file.ts';
import { observersOf } from './observe.ts';
import { type PlanReport, planReport } from './plan-report.ts';
import { readProfile } from './profile-file.ts';
import { progress } from './progress.ts';
import { milliseconds, tableLines, words } from './table.ts';
import { nameText, print, printJson } from './terminal.ts';
import { variantHelp, variantOptions, variantsOf } from './variants.ts';

const help = `millrace compile <model.onnx | model.ts | model.cfg> -o <dir> [options]

Compiles a network into a bundle: a folder that needs nothing but itself and Node. A Darknet model is its .cfg, with
the .weights of the same name beside it.

  -o, --output DIR      the bundle's folder; a bundle that is there is replaced when the new one is complete
  --budget SIZE         store a plan for this much memory (8MiB, 64MB, 65536); may be repeated.
                        Without it: the smallest plan, the knee, zero delay, and all weights resident
  --profile FILE        predict for the device of this profile (millrace calibrate)
${variantHelp}
${bindingHelp}
  --print-after PASS    print the graph after this pass, or after all of them, to stderr; may be repeated
  --verify              verify the graph after every pass too, and say on stderr what was verified;
                        sharing of memory and plans are verified always
  --json                print the report as JSON

example
  millrace compile resnet50.onnx -o dist/resnet50 --budget 16MiB
`;

/** What the progress bar says. */
const doing: Readonly<Record<Stage, string>> = {
  passes: 'simplifying',
  schedule: 'scheduling',
  plan: 'planning memory',
  pack: 'packing weights',
};

export const compileCommand: Command = {
  help,
  async run(args) {
    const given = readArguments(
      args,
      {
        output: { type: 'string', short: 'o' },
        budget: { type: 'string', multiple: true },
        profile: { type: 'string' },
        'print-after': { type: 'string', multiple: true },
        verify: { type: 'boolean' },
        json: { type: 'boolean' },
        ...bindingOptions,
        ...variantOptions,
      },
      ['<model.onnx | model.ts | model.cfg>'],
      help,
    );
    const output = given.text('output');
    if (output === undefined) throw new UsageError('-o <dir> is required', help);
    const observing = observersOf(given, help);
    const started = performance.now();
    const graph = await loadModelFile(given.positionals[0]!, bindingsOf(given, help));
    const budgets = given.list('budget');
    const profile = given.text('profile');
    const options: CompileOptions = {
      ...(budgets.length > 0 ? { budget: budgets } : {}),
      variants: variantsOf(given, help),
      ...(profile === undefined ? {} : { device: deviceOf(await readProfile(profile)) }),
      ...observing,
    };
    const bar = progress();
    const bundle = await withInterrupt(async (signal) => {
      const watching = { signal, onProgress: (now: Progress) => bar.update(doing[now.stage], now.fraction) };
      const compiled = await compile(graph, { ...options, ...watching });
      await compiled.write(output);
      return compiled;
    });
    bar.done();
    const milliseconds = Math.round(performance.now() - started);
    const plans = bundle.report.plans.map(planReport);
    const report = { bundle: output, ...bundle.report, plans, milliseconds, peakRssBytes: peakRss() };
    if (given.flag('json')) printJson(report, 2);
    else print(describe(report));
    return 0;
  },
};

type Report = Omit<CompileReport, 'plans'> & {
  readonly bundle: string;
  readonly plans: readonly PlanReport[];
  readonly milliseconds: number;
  readonly peakRssBytes: number;
};

function describe(report: Report): string {
  const { model, plans } = report;
  const lines = [
    `${nameText(model.name)}: ${model.nodes} nodes, ${formatSize(model.weightsBytes)} of weights, ${(model.flops / 1e9).toFixed(2)} GFLOP`,
    `${report.layers} layers in ${report.segments} segments; largest layer ${formatSize(report.largestLayerBytes)}, largest segment ${formatSize(report.largestSegmentBytes)}`,
    ...(report.assumed ?? []).map((what) => `assumed ${nameText(what)} (bind it with --dim or --shape)`),
    '',
    ...tableLines(
      [words('plan'), 'memory', 'lower bound', 'activations', 'resident', 'depth', 'predicted'],
      plans.map((plan) => [
        plan.name,
        mib(plan.peakBytes),
        mib(plan.lowerBoundBytes),
        mib(plan.activationBytes),
        mib(plan.residentBytes),
        String(plan.depth),
        milliseconds(plan.predictedMs),
      ]),
    ),
  ];
  lines.push('', `${report.bundle}: written in ${(report.milliseconds / 1000).toFixed(1)} s`, '');
  return lines.join('\n');
}
