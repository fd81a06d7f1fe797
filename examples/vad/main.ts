/** Finds the speech in a recording, or in one that it makes first, and says what that took and held. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { compile, importOnnx } from 'millrace';
import { mib } from '../memory.ts';
import type { Report } from './contender.ts';
import { CHUNK, CONTEXT, RATE } from './speech.ts';
import { speak } from './voice.ts';
import { writeWav } from './wav.ts';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const require = createRequire(import.meta.url);
const model = join(dirname(require.resolve('@ricky0123/vad-web')), 'silero_vad_v6.onnx');
const output = at('../../demo-output/vad');
const bundle = join(output, 'silero');

async function reportOf(who: 'millrace' | 'onnxruntime', recording: string): Promise<Report> {
  const args = ['--import=tsx', at('contender.ts'), who, who === 'millrace' ? bundle : model, recording];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout) as Report;
}

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean' } },
  allowPositionals: true,
});
if (!existsSync(join(bundle, 'manifest.bin'))) {
  const graph = await importOnnx(model, {
    // The rate decides which of two networks the file holds: it is known, so the other one is never compiled.
    constants: { sr: { type: { dtype: 'int64', shape: [] }, data: BigInt64Array.of(BigInt(RATE)) } },
    shapes: { input: [1, CONTEXT + CHUNK], state: [2, 1, 128] },
  });
  await (await compile(graph)).write(bundle);
}
let [recording] = positionals;
if (recording === undefined) {
  mkdirSync(output, { recursive: true });
  recording = join(output, 'voice.wav');
  writeWav(recording, speak());
}
const reports = [{ who: 'Millrace', ...(await reportOf('millrace', recording)) }];
if (existsSync(at('../../bench/node_modules/onnxruntime-node')))
  reports.push({ who: 'onnxruntime-node', ...(await reportOf('onnxruntime', recording)) });

if (values.json) console.log(JSON.stringify({ recording, reports }));
else {
  console.log(`Silero VAD over ${recording}, ${reports[0]!.chunks} chunks of ${(1000 * CHUNK) / RATE} ms\n`);
  for (const [from, to] of reports[0]!.speech)
    console.log(`  speech from ${from.toFixed(2)} to ${to.toFixed(2)} s`);
  console.log();
  for (const { who, milliseconds, plannedBytes, peakBytes, bareBytes } of reports) {
    const planned = plannedBytes === null ? '' : `, ${mib(plannedBytes)} planned`;
    console.log(
      `${who}: ${milliseconds.toFixed(2)} ms a chunk, process peak ${mib(peakBytes)} of which ${mib(bareBytes)} without the network${planned}`,
    );
  }
}
