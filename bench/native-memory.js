// What a process holds that loads a bundle and runs it: `node bench/native-memory.js <task>`, one line of JSON. Plain
// JavaScript on the built package, so that the process is what a user's is: no compiler of TypeScript lives in it.
import { readFileSync } from 'node:fs';
import { load } from '../dist/runtime/node.js';

const status = (name) =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;

/** By a plain loop: garbage of this process would count as the model's memory. */
function wave(length) {
  const values = new Float32Array(length);
  for (let i = 0; i < length; i++) values[i] = Math.sin(i);
  return values;
}

const { bundle, threads, plan, mode } = JSON.parse(process.argv[2]);
globalThis.gc?.();
const baseline = status('VmRSS');
const fileBefore = status('RssFile');
const model = await load(bundle, { engine: 'native', threads, plan, mode });
const inputs = Object.fromEntries(
  model.inputs.map(({ name, shape }) => [name, wave(shape.reduce((a, b) => a * b, 1))]),
);
// Sampled while runs go on: what is held at any time.
let file = 0;
const timer = setInterval(() => {
  file = Math.max(file, status('RssFile'));
}, 1);
for (let i = 0; i < 10; i++) await model.run(inputs);
clearInterval(timer);
const row = {
  plan: model.plan.name,
  mode: model.mode,
  source: model.source,
  planned: model.plan.peakBytes,
  weights: model.plan.weightBytes,
  baseline,
  peak: status('VmHWM'),
  anon: status('RssAnon'),
  file: Math.max(file, status('RssFile')),
  fileBefore,
};
await model.close();
console.log(JSON.stringify(row));
