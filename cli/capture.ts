/** `millrace capture`: every allocation that a run of a bundle makes use of, as a table that `millrace plan` takes. */

import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Allocation } from '../compiler/report/allocation.ts';
import { captureRun } from '../compiler/report/capture.ts';
import { captureCsv, compareWithPlan } from '../compiler/report/capture-check.ts';
import type { Executor } from '../runtime/engine/executor.ts';
import { choosePlan } from '../runtime/format/choose.ts';
import type { DType } from '../runtime/format/dtype.ts';
import { nodeFiles } from '../runtime/platform/node/files.ts';
import { formatSize, parseSize } from '../runtime/size.ts';
import { openFileSource } from '../runtime/weights/file.ts';
import { type Command, readArguments } from './command.ts';
import { readInputs } from './inputs.ts';
import { manifestOf } from './load.ts';
import { writeText } from './output.ts';
import { print, printJson, tell } from './terminal.ts';

const help = `millrace capture <bundle> [options]

Runs a bundle once, step by step, on the WASM engine, and records every allocation it makes use of: its size, the
steps from its first write to its last use, the operator and the chain of calls down to the kernel. Scratch is included.

  -o, --output FILE     write the table as CSV: id,lower,upper,size,op,chain (upper is exclusive)
  --json                print it as JSON
  --weights             include the segments of weights: from their read to their last use
  --check               fail unless the bundle's plan covers exactly what was captured
  --plan NAME           the plan to run (default: the largest within the budget)
  --budget SIZE         most memory the model may hold
  --input NAME=SOURCE   a .npy file, a .pb file (ONNX TensorProto), random[:SEED] or zeros; may be repeated

example
  millrace capture dist/resnet50 -o lifetimes.csv --check && millrace plan lifetimes.csv
`;

const options = {
  output: { type: 'string', short: 'o' },
  json: { type: 'boolean' },
  weights: { type: 'boolean' },
  check: { type: 'boolean' },
  plan: { type: 'string' },
  budget: { type: 'string' },
  input: { type: 'string', multiple: true },
} as const;

export const capture: Command = {
  help,
  async run(args) {
    const given = readArguments(args, options, ['<bundle>'], help);
    const folder = given.positionals[0]!;
    const manifest = await manifestOf(folder);
    const budget = given.text('budget');
    const { plan } = choosePlan(manifest, {
      mode: 'auto',
      plan: given.text('plan'),
      budget: budget === undefined ? undefined : parseSize(budget, '--budget'),
    });
    const ports = manifest.inputs.map((port) => ({ ...port, dtype: port.dtype as DType }));
    const tensors = await readInputs(ports, given.list('input'), help);
    const inputs = Object.fromEntries(
      Object.entries(tensors).map(([name, { buffer, byteOffset, byteLength }]) => [
        name,
        new Uint8Array(buffer, byteOffset, byteLength),
      ]),
    );
    const all = await captureRun({
      manifest,
      plan,
      executor: (await import(pathToFileURL(resolve(folder, 'executor.js')).href)) as Executor,
      engine: await readFile(join(folder, 'engine.wasm')),
      source: await openFileSource(nodeFiles, join(folder, 'weights.bin'), 'file'),
      inputs,
    });
    const allocations = given.flag('weights') ? all : all.filter(({ kind }) => kind !== 'weights');
    const output = given.text('output');
    if (output !== undefined) await writeText(output, captureCsv(allocations));
    const problems = given.flag('check') ? compareWithPlan(all, manifest, plan) : null;
    if (given.flag('json')) printJson({ plan: plan.name, allocations, problems });
    else print(describe(allocations, plan.name, problems));
    for (const problem of problems ?? []) tell(`millrace: not as planned: ${problem}\n`);
    return problems === null || problems.length === 0 ? 0 : 1;
  },
};

function describe(
  allocations: readonly Allocation[],
  plan: string,
  problems: readonly string[] | null,
): string {
  const count = (kind: Allocation['kind']): string => {
    const some = allocations.filter((one) => one.kind === kind);
    const bytes = some.reduce((sum, { byteLength }) => sum + byteLength, 0);
    return `${some.length} of ${kind} (${formatSize(bytes)})`;
  };
  const kinds = (['activation', 'scratch', 'weights'] as const).filter((kind) =>
    allocations.some((one) => one.kind === kind),
  );
  const lines = [`plan ${plan}: ${allocations.length} allocations captured: ${kinds.map(count).join(', ')}`];
  if (problems?.length === 0) lines.push('the plan covers exactly what was captured');
  return `${lines.join('\n')}\n`;
}
