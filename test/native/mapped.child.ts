/** A process of its own: see mapped.test.ts. Prints what it held at most over what it held before. */
import { readFileSync } from 'node:fs';
import { load } from '../../runtime/node.ts';

const [path, plan] = process.argv.slice(2);
const status = (name: string): number =>
  1024 * Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))![1]);

const before = status('VmRSS');
const model = await load(path!, { engine: 'native', mode: 'mmap', plan });
const inputs = Object.fromEntries(
  model.inputs.map(({ name, shape }) => [name, new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5)]),
);
for (let i = 0; i < 5; i++) await model.run(inputs);
console.log(JSON.stringify({ held: status('VmHWM') - before, planned: model.plan.peakBytes }));
await model.close();
