/**
 * Latency beside the peers': the same file, the same threads, one process, runs interleaved, medians.
 *
 *   npm run bench -- peers <model.onnx> [--threads N] [--rounds N] [--native]
 *
 * onnxruntime-web runs its WASM backend, beside Millrace in WASM; with --native, onnxruntime-node runs its default CPU
 * backend, beside Millrace's native engine.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { compile, importOnnx } from 'millrace';
import { load } from 'millrace/runtime';

const { positionals, values } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: {
    threads: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '15' },
    native: { type: 'boolean', default: false },
  },
});
const [path] = positionals;
if (path === undefined) throw new Error('which model? npm run bench -- peers model.onnx');
const model = resolve(path);
const threads = Number(values.threads);
const rounds = Number(values.rounds);

interface Contender {
  readonly name: string;
  run(): Promise<Float32Array>;
  close(): Promise<void>;
  readonly times: number[];
}

const contenders: Contender[] = [];
const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
const bundle = await compile(await importOnnx(model));
await bundle.write(join(folder, 'bundle'));

const input = new Map<string, Float32Array>();
async function addMillrace(name: string, options: object): Promise<void> {
  const loaded = await load(join(folder, 'bundle'), { threads, ...options });
  for (const port of loaded.inputs) {
    const count = port.shape.reduce((a, b) => a * b, 1);
    if (!input.has(port.name))
      input.set(
        port.name,
        Float32Array.from({ length: count }, (_, i) => Math.sin(i)),
      );
  }
  const inputs = Object.fromEntries(input);
  const output = loaded.outputs[0]!.name;
  contenders.push({
    name: `millrace ${name} (${loaded.isa}, plan ${(loaded.plan.peakBytes / 2 ** 20).toFixed(1)} MiB)`,
    run: async () => (await loaded.run(inputs))[output] as Float32Array,
    close: () => loaded.close(),
    times: [],
  });
}

type Session = {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Record<string, unknown>): Promise<Record<string, { readonly data: unknown }>>;
  release(): Promise<void>;
};

/** onnxruntime-web wants the bytes of external data; whatever lies beside the model under another name may be such. */
async function externalData(): Promise<{ path: string; data: Uint8Array }[]> {
  const files = await readdir(dirname(model), { withFileTypes: true });
  const names = files
    .filter((file) => file.isFile() && /\.(bin|data)$/.test(file.name))
    .map((file) => file.name);
  return Promise.all(names.map(async (path) => ({ path, data: await readFile(join(dirname(model), path)) })));
}

async function addOrt(
  name: string,
  module: 'onnxruntime-web' | 'onnxruntime-node',
  shapes: Map<string, readonly number[]>,
) {
  const ort = await import(module);
  if (module === 'onnxruntime-web') ort.env.wasm.numThreads = threads;
  const session = (await ort.InferenceSession.create(model, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 4,
    ...(module === 'onnxruntime-web' ? { externalData: await externalData() } : {}),
  })) as Session;
  const feeds = Object.fromEntries(
    [...input].map(([key, data]) => [key, new ort.Tensor('float32', data, shapes.get(key))]),
  );
  contenders.push({
    name,
    run: async () => (await session.run(feeds))[session.outputNames[0]!]!.data as Float32Array,
    close: () => session.release(),
    times: [],
  });
}

const engine = { engine: 'wasm' };
await addMillrace('resident', { mode: 'resident', ...engine });
await addMillrace('resident, deterministic', { mode: 'resident', deterministic: true, ...engine });
await addMillrace('stream, smallest', {
  mode: 'stream',
  plan: bundle.report.plans[0]!.name,
  source: 'file',
  ...engine,
});
if (values.native) {
  await addMillrace('native, resident', { mode: 'resident', engine: 'native' });
  await addMillrace('native, stream', { mode: 'stream', engine: 'native' });
}
const shapes = new Map(bundle.schedule.inputs.map((port) => [port.name, port.type.shape]));
await addOrt('onnxruntime-web wasm', 'onnxruntime-web', shapes);
if (values.native) await addOrt('onnxruntime-node', 'onnxruntime-node', shapes);

let reference: Float32Array | null = null;
for (const contender of contenders) {
  for (let i = 0; i < 3; i++) await contender.run();
  const output = await contender.run();
  reference ??= output;
  let error = 0;
  let scale = 0;
  for (let i = 0; i < output.length; i++) {
    error = Math.max(error, Math.abs(output[i]! - reference[i]!));
    scale = Math.max(scale, Math.abs(reference[i]!));
  }
  if (!(error <= 1e-4 * scale))
    console.error(`${contender.name}: outputs differ by ${error / scale} of the largest`);
}
for (let round = 0; round < rounds; round++) {
  const order = round % 2 === 0 ? contenders : [...contenders].reverse();
  for (const contender of order) {
    const started = performance.now();
    await contender.run();
    contender.times.push(performance.now() - started);
  }
}
const median = (times: number[]): number => times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!;
const first = median(contenders[0]!.times);
console.log(
  `${path}, ${threads} thread(s), ${rounds} interleaved rounds: median, minimum, relative to the first`,
);
for (const { name, times } of contenders)
  console.log(
    `${name.padEnd(66)} ${median(times).toFixed(1).padStart(8)} ms ${times[0]!.toFixed(1).padStart(8)} ms ${(median(times) / first).toFixed(2).padStart(6)} ×`,
  );
for (const contender of contenders) await contender.close();
await rm(folder, { recursive: true, force: true });
process.exit(0);
