/** Finds the speech of a recording in a process of its own: `contender.ts millrace|onnxruntime <model> <recording>`. */
import { createRequire } from 'node:module';
import { load } from 'millrace/runtime';
import { memory } from '../memory.ts';
import { CHUNK, CONTEXT, probabilities, RATE, type Step, stretches } from './speech.ts';
import { readWav, resampled } from './wav.ts';

export interface Report {
  /** In seconds. */
  readonly speech: readonly (readonly [from: number, to: number])[];
  readonly chunks: number;
  /** Of a chunk: the median. */
  readonly milliseconds: number;
  /** null where nobody plans it. */
  readonly plannedBytes: number | null;
  /** Peak of resident memory, and what was there before the network. */
  readonly peakBytes: number;
  readonly bareBytes: number;
}

interface Contender {
  readonly step: Step;
  readonly plannedBytes: number | null;
}

async function millrace(bundle: string): Promise<Contender> {
  const model = await load(bundle, { mode: 'stream', plan: 'smallest' });
  return {
    plannedBytes: model.plan.peakBytes,
    async step(input, state) {
      const { output, stateN } = (await model.run({ input, state })) as Record<string, Float32Array>;
      return { probability: output![0]!, state: stateN! };
    },
  };
}

/** What is used of onnxruntime-node. */
interface OnnxRuntime {
  readonly InferenceSession: {
    create(path: string): Promise<{
      run(feeds: Record<string, unknown>): Promise<Record<string, { readonly data: Float32Array }>>;
    }>;
  };
  readonly Tensor: new (
    type: string,
    data: Float32Array | BigInt64Array,
    shape: readonly number[],
  ) => unknown;
}

async function onnxruntime(file: string): Promise<Contender> {
  const require = createRequire(new URL('../../bench/package.json', import.meta.url));
  const { InferenceSession, Tensor } = require('onnxruntime-node') as OnnxRuntime;
  const session = await InferenceSession.create(file);
  const sr = new Tensor('int64', BigInt64Array.of(BigInt(RATE)), []);
  return {
    plannedBytes: null,
    async step(input, state) {
      const { output, stateN } = await session.run({
        input: new Tensor('float32', input, [1, CONTEXT + CHUNK]),
        state: new Tensor('float32', state, [2, 1, 128]),
        sr,
      });
      return { probability: output!.data[0]!, state: stateN!.data };
    },
  };
}

const [, , who, model, file] = process.argv;
const samples = resampled(readWav(file!), RATE);
const bareBytes = memory('VmRSS');
const { step, plannedBytes } = await (who === 'onnxruntime' ? onnxruntime(model!) : millrace(model!));
const times: number[] = [];
const chances = await probabilities(samples, async (input, state) => {
  const started = performance.now();
  const next = await step(input, state);
  times.push(performance.now() - started);
  return next;
});
const report: Report = {
  speech: stretches(chances),
  chunks: chances.length,
  milliseconds: times.sort((a, b) => a - b)[times.length >> 1] ?? 0,
  plannedBytes,
  bareBytes,
  peakBytes: memory('VmHWM'),
};
console.log(JSON.stringify(report));
process.exit();
