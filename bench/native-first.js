// Time to the first output of a process that has loaded nothing yet, the file's pages dropped from the cache:
// `node bench/native-first.js <task>`, one line of JSON. Plain JavaScript on the built package, as a user's process is.
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load } from '../dist/runtime/node.js';

const { peer, model, bundle, threads, plan, folder, inputs } = JSON.parse(process.argv[2]);

const wave = (shape) =>
  Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i));

/** The addon's way to drop a file's cached pages (posix_fadvise). */
function forget(path) {
  const module = { exports: {} };
  const addon = `engine-${process.platform}-${process.arch}.node`;
  process.dlopen(module, fileURLToPath(new URL(`../build/engine/${addon}`, import.meta.url)));
  module.exports.forget(path);
}

async function millrace() {
  const feeds = Object.fromEntries(Object.entries(inputs).map(([name, shape]) => [name, wave(shape)]));
  forget(join(bundle, 'weights.bin'));
  const started = performance.now();
  const loaded = await load(bundle, { engine: 'native', threads, mode: 'stream', source: 'direct', plan });
  await loaded.run(feeds);
  return performance.now() - started;
}

/** By default, or with the model in its own format and mapped. */
async function onnxruntime(mapped) {
  const ort = await import('onnxruntime-node');
  const common = { intraOpNumThreads: threads, interOpNumThreads: 1, logSeverityLevel: 4 };
  let file = model;
  let options = common;
  if (mapped) {
    file = join(folder, `${basename(dirname(model))}.ort`);
    if (!existsSync(file)) {
      const extra = { session: { save_model_format: 'ORT' } };
      const saving = await ort.InferenceSession.create(model, {
        ...common,
        optimizedModelFilePath: file,
        extra,
      });
      await saving.release();
    }
    const session = {
      use_memory_mapped_ort_model: '1',
      use_ort_model_bytes_directly: '1',
      use_ort_model_bytes_for_initializers: '1',
      disable_prepacking: '1',
    };
    options = { ...common, enableCpuMemArena: false, extra: { session } };
  }
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, shape]) => [name, new ort.Tensor('float32', wave(shape), shape)]),
  );
  forget(file);
  const started = performance.now();
  const session = await ort.InferenceSession.create(file, options);
  await session.run(feeds);
  return performance.now() - started;
}

const ms = await (peer === 'millrace' ? millrace() : onnxruntime(peer === 'ort-mmap'));
console.log(JSON.stringify({ ms }));
process.exit(0);
