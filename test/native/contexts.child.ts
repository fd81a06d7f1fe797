/** A process of its own: see contexts.test.ts. Prints growth of anonymous resident bytes. */
import { readFileSync } from 'node:fs';
import { load } from '../../runtime/node.ts';

const [path, count, elements] = process.argv.slice(2);
const anonymous = (): number => {
  globalThis.gc?.();
  return 1024 * Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]);
};

const x = new Float32Array(Number(elements)).fill(0.5);
const before = anonymous();
const model = await load(path!, { engine: 'native', mode: 'resident' });
const outputs = await model.run({ x });
const loaded = anonymous();
const contexts = await Promise.all(Array.from({ length: Number(count) }, () => model.context()));
const run = () => Promise.all(contexts.map((context) => context.run({ x }, { outputs: { ...outputs } })));
for (let i = 0; i < 5; i++) await run();
const shared = anonymous();
const arrays = process.memoryUsage().arrayBuffers;
for (let i = 0; i < 200; i++) await run();
const grown = process.memoryUsage().arrayBuffers - arrays;
console.log(
  JSON.stringify({
    resident: model.plan.residentBytes,
    slab: model.plan.arenaBytes - model.plan.residentBytes,
    model: loaded - before,
    contexts: shared - loaded,
    runs: grown,
  }),
);
await model.close();
