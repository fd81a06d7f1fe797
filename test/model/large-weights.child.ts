/**
 * Compiles a network whose weights are a file of the given size, and prints what it took. The file is sparse: a header
 * and a hole, so making it costs nothing; the bundle is written in full.
 */
import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { peakRss } from '../../cli/memory.ts';
import { compile } from '../../compiler/compile.ts';
import { defineModel, dense, loadWeights, relu, type Tensor, tensor } from '../../compiler/model/index.ts';
import { safetensorsBytes } from './safetensors-file.ts';

const WIDTH = 4096;
const LAYER = WIDTH * WIDTH * 4;

const layers = Math.ceil(Number(process.argv[2]) / LAYER);
const folder = mkdtempSync(join(tmpdir(), 'millrace-large-'));
try {
  const path = join(folder, 'large.safetensors');
  const header: Record<string, unknown> = {};
  let at = 0;
  const add = (name: string, shape: readonly number[], bytes: number): void => {
    header[name] = { dtype: 'F32', shape, data_offsets: [at, at + bytes] };
    at += bytes;
  };
  for (let i = 0; i < layers; i++) {
    add(`fc${i}.weight`, [WIDTH, WIDTH], LAYER);
    add(`fc${i}.bias`, [WIDTH], WIDTH * 4);
  }
  const head = safetensorsBytes(header);
  writeFileSync(path, head);
  truncateSync(path, head.length + at);

  const started = performance.now();
  const model = defineModel(
    'large',
    { x: tensor('float32', [1, WIDTH]) },
    ({ x }) => {
      let y: Tensor<'float32'> = x;
      for (let i = 0; i < layers; i++) y = relu(dense(y, { name: `fc${i}`, units: WIDTH }));
      return { y };
    },
    { weights: loadWeights(path) },
  );
  const bundle = await compile(model);
  const compiled = performance.now();
  const output = join(folder, 'bundle');
  await bundle.write(output);
  const report = {
    fileBytes: statSync(path).size,
    bundleBytes: statSync(join(output, 'weights.bin')).size,
    compileMs: Math.round(compiled - started),
    writeMs: Math.round(performance.now() - compiled),
    peakRssBytes: peakRss(),
  };
  process.stdout.write(JSON.stringify(report));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
