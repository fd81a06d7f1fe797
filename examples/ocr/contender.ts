/**
 * Reads a picture in a process of its own, and prints what it read, took and held as JSON:
 * `contender.ts millrace|onnxruntime <picture>`.
 */
import { createRequire } from 'node:module';
import { type LoadedModel, load } from 'millrace/runtime';
import { memory } from '../memory.ts';
import { bundleOf, type Network, networks } from './networks.ts';
import { readPicture } from './pictures.ts';
import { type Line, type Run, readPage } from './read-page.ts';

export interface Report {
  readonly lines: readonly Line[];
  /** Of the second reading: the first also warms up. */
  readonly milliseconds: number;
  /** What the networks hold together; null where nobody plans it. */
  readonly plannedBytes: number | null;
  /** Peak of resident memory, and what was there before the networks. */
  readonly peakBytes: number;
  readonly bareBytes: number;
}

type Models = ReadonlyMap<string, LoadedModel>;

async function millrace(): Promise<{ readonly run: Run; readonly plannedBytes: number }> {
  const models: Models = new Map(
    await Promise.all(
      networks.map(async (network) => {
        const model = await load(bundleOf(network), { mode: 'stream', plan: 'smallest' });
        return [network.name, model] as const;
      }),
    ),
  );
  return {
    plannedBytes: [...models.values()].reduce((sum, { plan }) => sum + plan.peakBytes, 0),
    async run({ name }, input) {
      const model = models.get(name)!;
      const outputs = await model.run({ [model.inputs[0]!.name]: input });
      return outputs[model.outputs[0]!.name] as Float32Array;
    },
  };
}

/** What is used of onnxruntime-node. */
interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Record<string, unknown>): Promise<Record<string, { readonly data: Float32Array }>>;
}
interface OnnxRuntime {
  readonly InferenceSession: { create(path: string): Promise<Session> };
  readonly Tensor: new (type: 'float32', data: Float32Array, shape: readonly number[]) => unknown;
}

async function onnxruntime(): Promise<{ readonly run: Run; readonly plannedBytes: null }> {
  const require = createRequire(new URL('../../bench/package.json', import.meta.url));
  const { InferenceSession, Tensor } = require('onnxruntime-node') as OnnxRuntime;
  // It takes any width: one session a file.
  const sessions = new Map<string, Session>();
  for (const { file } of networks)
    if (!sessions.has(file)) sessions.set(file, await InferenceSession.create(file));
  return {
    plannedBytes: null,
    async run({ file, shape }: Network, input) {
      const session = sessions.get(file)!;
      const outputs = await session.run({ [session.inputNames[0]!]: new Tensor('float32', input, shape) });
      return outputs[session.outputNames[0]!]!.data;
    },
  };
}

const [, , who, file] = process.argv;
const picture = await readPicture(file!);
const bareBytes = memory('VmRSS');
const { run, plannedBytes } = await (who === 'onnxruntime' ? onnxruntime() : millrace());
await readPage(picture, run);
const started = performance.now();
const lines = await readPage(picture, run);
const milliseconds = performance.now() - started;
const report: Report = { lines, milliseconds, plannedBytes, bareBytes, peakBytes: memory('VmHWM') };
console.log(JSON.stringify(report));
process.exit();
