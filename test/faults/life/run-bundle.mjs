/**
 * A user's process: loads a bundle by its own entry, runs it, and prints how each run ended as a line of JSON.
 *
 *   node run-bundle.mjs <folder> '<load options>' <runs> [what]
 *
 * `exit`: leaves by process.exit somewhere in the middle. `descriptors`: with none left. `flat`: prints what it grew by.
 * `aborts` and `workers`: each run is aborted, or a thread of it terminated, at a random moment.
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [folder, given, count, what = 'run'] = process.argv.slice(2);
const options = JSON.parse(given);
const runs = Number(count);
const threads = [];
process.on('worker', (thread) => threads.push(thread));

const { load } = await import(pathToFileURL(`${folder}/index.js`).href);
const inputsOf = (model) =>
  Object.fromEntries(
    model.inputs.map(({ name, shape }) => [
      name,
      Float32Array.from(
        { length: shape.reduce((n, extent) => n * extent, 1) },
        (_, i) => ((i * 37) % 101) / 101 - 0.5,
      ),
    ]),
  );
const digestOf = (outputs) => {
  const hash = createHash('sha256');
  for (const name of Object.keys(outputs).sort()) hash.update(new Uint8Array(outputs[name].buffer));
  return hash.digest('hex');
};
const codeOf = (error) =>
  error.name === 'MillraceError' && error.code !== 'INTERNAL' ? error.code : `untyped: ${error.stack}`;
const later = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const rss = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) * 1024;

async function once(model, inputs, runOptions) {
  try {
    return digestOf(await model.run(inputs, runOptions));
  } catch (error) {
    return codeOf(error);
  }
}

const ended = [];
async function main() {
  if (what === 'descriptors') {
    const held = [];
    try {
      for (;;) held.push(openSync('/dev/null', 'r'));
    } catch {
      // none is left
    }
    const code = await load(options).then(() => 'loaded', codeOf);
    ended.push(code);
    for (const descriptor of held) closeSync(descriptor);
  }
  const model = await load(options);
  const inputs = inputsOf(model);
  if (what === 'flat') {
    for (let run = 0; run < runs / 5; run++) await model.run(inputs);
    const before = rss();
    for (let run = 0; run < runs; run++) await model.run(inputs);
    ended.push(rss() - before);
  } else if (what === 'aborts') {
    for (let run = 0; run < runs; run++) {
      const controller = new AbortController();
      const timer = setTimeout(() => controller.abort(), Math.random() * 8);
      ended.push(await once(model, inputs, { signal: controller.signal }));
      clearTimeout(timer);
    }
    ended.push(await once(model, inputs));
  } else if (what === 'exit') {
    setTimeout(() => process.exit(7), Math.random() * 30);
    for (;;) await once(model, inputs);
  } else for (let run = 0; run < runs; run++) ended.push(await once(model, inputs));
  await model.close();
}

async function workers() {
  for (let run = 0; run < runs; run++) {
    threads.length = 0;
    const model = await load(options);
    const inputs = inputsOf(model);
    const running = once(model, inputs);
    await later(Math.random() * 6);
    await threads[Math.floor(Math.random() * threads.length)]?.terminate();
    ended.push(await running);
    ended.push(await once(model, inputs));
    await model.close();
  }
}

await (what === 'workers' ? workers() : main()).catch((error) => ended.push(codeOf(error)));
console.log(JSON.stringify(ended));
