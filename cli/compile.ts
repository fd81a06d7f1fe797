/** `millrace compile`: a model file to a bundle folder. */
import { type CompileReport, compile } from '../compiler/compile.ts';
import type { CompileOptions } from '../compiler/options.ts';
import { formatSize } from '../runtime/size.ts';
import { assignment, type Command, readArguments, UsageError } from './command.ts';
import { peakRss } from './memory.ts';
import { loadModelFile } from './model-file.ts';
import { type PlanReport, planReport } from './plan-report.ts';
import { progress } from './progress.ts';

const help = `millrace compile <model.onnx | model.ts | model.cfg> -o <dir> [options]

Compiles a network into a bundle: a folder that needs nothing but itself and Node. A Darknet model is its .cfg, with
the .weights of the same name beside it.

  -o, --output DIR      the bundle's folder; a bundle that is there is replaced when the new one is complete
  --budget SIZE         store a plan for this much memory (8MiB, 64MB, 65536); may be repeated.
                        Without it: the smallest plan, the knee, zero delay, and all weights resident
  --dim NAME=N          bind a symbolic dimension of the model, or width or height of a .cfg; may be repeated
  --shape NAME=1x3x224x224
                        bind the shape of an input; may be repeated
  --seed N              make up the weights of a .cfg
  --json                print the report as JSON

example
  millrace compile resnet50.onnx -o dist/resnet50 --budget 16MiB
`;

export const compileCommand: Command = {
  help,
  async run(args) {
    const given = readArguments(
      args,
      {
        output: { type: 'string', short: 'o' },
        budget: { type: 'string', multiple: true },
        dim: { type: 'string', multiple: true },
        shape: { type: 'string', multiple: true },
        seed: { type: 'string' },
        json: { type: 'boolean' },
      },
      ['<model.onnx | model.ts | model.cfg>'],
      help,
    );
    const output = given.text('output');
    if (output === undefined) throw new UsageError('-o <dir> is required', help);
    const started = performance.now();
    const seed = given.count('seed');
    const graph = await loadModelFile(given.positionals[0]!, {
      dims: readDims(given.list('dim')),
      shapes: readShapes(given.list('shape')),
      ...(seed === undefined ? {} : { seed }),
    });
    const budgets = given.list('budget');
    const options: CompileOptions = budgets.length > 0 ? { budget: budgets } : {};
    const bundle = await compile(graph, options);
    const bar = progress();
    await withInterrupt((signal) =>
      bundle.write(output, {
        onProgress: (done, total) => bar.update('packing weights', done / total),
        signal,
      }),
    );
    bar.done();
    const milliseconds = Math.round(performance.now() - started);
    const plans = bundle.report.plans.map(planReport);
    const report = { bundle: output, ...bundle.report, plans, milliseconds, peakRssBytes: peakRss() };
    if (given.flag('json')) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    else process.stdout.write(describe(report));
    return 0;
  },
};

/** An interrupt stops the writing, and what was written is removed, before the process ends. */
async function withInterrupt(action: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.once(signal, stop);
  try {
    await action(controller.signal);
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}

function readDims(list: readonly string[]): Record<string, number> {
  const dims: Record<string, number> = {};
  for (const text of list) {
    const [name, value] = assignment(text, 'dim', help);
    if (!/^[1-9]\d*$/.test(value)) throw new UsageError(`--dim ${name}: expected a positive number`, help);
    dims[name] = Number(value);
  }
  return dims;
}

function readShapes(list: readonly string[]): Record<string, number[]> {
  const shapes: Record<string, number[]> = {};
  for (const text of list) {
    const [name, value] = assignment(text, 'shape', help);
    if (!/^\d+(x\d+)*$/.test(value)) throw new UsageError(`--shape ${name}: expected 1x3x224x224`, help);
    shapes[name] = value.split('x').map(Number);
  }
  return shapes;
}

type Report = Omit<CompileReport, 'plans'> & {
  readonly bundle: string;
  readonly plans: readonly PlanReport[];
  readonly milliseconds: number;
  readonly peakRssBytes: number;
};

function describe(report: Report): string {
  const { model, plans } = report;
  const lines = [
    `${model.name}: ${model.nodes} nodes, ${formatSize(model.weightsBytes)} of weights, ${(model.flops / 1e9).toFixed(2)} GFLOP`,
    `${report.layers} layers in ${report.segments} segments; largest layer ${formatSize(report.largestLayerBytes)}, largest segment ${formatSize(report.largestSegmentBytes)}`,
    '',
    'plan            memory   lower bound   activations   resident   depth   predicted',
  ];
  for (const plan of plans) {
    const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(2)} MiB`;
    lines.push(
      [
        plan.name.padEnd(11),
        mib(plan.peakBytes).padStart(11),
        mib(plan.lowerBoundBytes).padStart(13),
        mib(plan.activationBytes).padStart(13),
        mib(plan.residentBytes).padStart(11),
        String(plan.depth).padStart(7),
        `${plan.predictedMs.toFixed(1)} ms`.padStart(11),
      ].join(''),
    );
  }
  lines.push('', `${report.bundle}: written in ${(report.milliseconds / 1000).toFixed(1)} s`, '');
  return lines.join('\n');
}
