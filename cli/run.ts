/** `millrace run`: one inference of a bundle. */

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { makeFolder } from '../compiler/bundle/make-folder.ts';
import type { Tensor } from '../compiler/ir/tensor.ts';
import type { DType } from '../compiler/ir/types.ts';
import { writeNpy } from '../compiler/model/weights/npy.ts';
import { formatSize } from '../runtime/size.ts';
import { type Command, engineHelp, engineOptions, readArguments } from './command.ts';
import { fileNames } from './file-names.ts';
import { readInputs } from './inputs.ts';
import { engineOptionsOf, loadBundle } from './load.ts';
import { residency, rssNow } from './memory.ts';
import { writing } from './output.ts';
import { planReport } from './plan-report.ts';
import { nameText, print, printJson } from './terminal.ts';
import { writeTrace } from './trace.ts';
import { trueShape } from './true-shape.ts';

const help = `millrace run <bundle> [options]

Runs a bundle once and says what came out, how long it took and what it held.

  --input NAME=SOURCE   a .npy file, a .pb file (ONNX TensorProto), random[:SEED] or zeros; may be repeated.
                        Inputs not named are random:0
  --output DIR          write each output as DIR/<name>.npy; what a file can not be called becomes _, and names
                        that are then the same get a number: a_b.npy, a_b-2.npy
  --trace FILE          write what happened when, for ui.perfetto.dev
  --json                print the report as JSON

${engineHelp}
example
  millrace run dist/resnet50 --input image=cat.npy --output out --budget 16MiB
`;

export const run: Command = {
  help,
  async run(args) {
    const given = readArguments(
      args,
      {
        ...engineOptions,
        input: { type: 'string', multiple: true },
        output: { type: 'string' },
        trace: { type: 'string' },
        json: { type: 'boolean' },
      },
      ['<bundle>'],
      help,
    );
    const trace = given.text('trace');
    const options = { ...engineOptionsOf(given, help), trace: trace !== undefined };
    const baselineBytes = rssNow();
    const started = performance.now();
    const model = await loadBundle(given.positionals[0]!, options);
    const loadMs = performance.now() - started;
    try {
      const inputs = await readInputs(model.inputs, given.list('input'), help);
      const outputs = await model.run(inputs);
      const { latencyMs, stallMs, bytesRead } = model.stats;
      const rss = { baselineBytes, ...residency() };
      if (trace !== undefined) await writeTrace(trace, model.trace());
      const directory = given.text('output');
      if (directory !== undefined) await writing(directory, () => makeFolder(directory));
      const fileOf = fileNames(model.outputs.map(({ name }) => name));
      const described = [];
      for (const port of model.outputs) {
        const data = outputs[port.name] as Tensor['data'];
        const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
        const sha256 = createHash('sha256').update(bytes).digest('hex');
        const shape = trueShape(port, outputs);
        const one = { name: port.name, dtype: port.dtype, shape, sha256 };
        if (directory === undefined) described.push(one);
        else {
          const file = join(directory, `${fileOf.get(port.name)}.npy`);
          const type = { dtype: port.dtype as DType, shape };
          await writing(file, async () => writeNpy(file, { type, data }));
          described.push({ ...one, file });
        }
      }
      const { mode, engine, isa, threads, source, plan } = model;
      const timing = { latencyMs, loadMs, bytesRead, stallMs };
      const report = {
        outputs: described,
        mode,
        engine,
        isa,
        threads,
        source,
        plan: planReport(plan),
        ...timing,
        rss,
      };
      if (given.flag('json')) printJson(report, 2);
      else print(text(report, outputs));
    } finally {
      await model.close();
    }
    return 0;
  },
};

interface Report {
  readonly outputs: readonly { name: string; dtype: string; shape: readonly number[]; sha256: string }[];
  readonly mode: string;
  readonly isa: string;
  readonly threads: number;
  readonly source: string;
  readonly plan: { readonly name: string; readonly peakBytes: number };
  readonly latencyMs: number;
  readonly loadMs: number;
  readonly bytesRead: number;
  readonly stallMs: number;
  readonly rss: { readonly baselineBytes: number; readonly peakBytes: number };
}

function text(report: Report, outputs: Readonly<Record<string, Tensor['data']>>): string {
  const lines = report.outputs.map(({ name, dtype, shape, sha256 }) => {
    const head = Array.from(outputs[name]!.subarray(0, 4) as ArrayLike<number | bigint>, (value) =>
      typeof value === 'bigint' ? String(value) : String(Number(value.toPrecision(5))),
    );
    const dots = outputs[name]!.length > 4 ? ', …' : '';
    return `${nameText(name)}: ${dtype}[${shape.join(',')}] = ${head.join(', ')}${dots}   sha256 ${sha256.slice(0, 16)}…`;
  });
  const { rss } = report;
  lines.push(
    '',
    `${report.mode}, plan "${nameText(report.plan.name)}", ${report.threads} thread(s), ${report.isa}, source ${report.source}`,
    `load ${report.loadMs.toFixed(1)} ms, run ${report.latencyMs.toFixed(1)} ms (waited ${report.stallMs.toFixed(1)} ms for weights, read ${formatSize(report.bytesRead)})`,
    `planned ${formatSize(report.plan.peakBytes)}; process peak ${formatSize(rss.peakBytes)}, before loading ${formatSize(rss.baselineBytes)}`,
    '',
  );
  return lines.join('\n');
}
