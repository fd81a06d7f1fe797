/** A process of its own: see life.test.ts. Prints growth of resident bytes. */
import { load } from '../../runtime/node.ts';

const [what, path, threads, mode, elements] = process.argv.slice(2);
const options = {
  prime: what === 'primed',
  engine: 'native',
  threads: Number(threads),
  mode: mode as 'stream',
} as const;
const x = new Float32Array(Number(elements)).fill(0.5);

const measured = async (warmup: number, times: number, once: () => Promise<unknown>): Promise<void> => {
  for (let i = 0; i < warmup; i++) await once();
  globalThis.gc?.();
  const before = process.memoryUsage();
  for (let i = 0; i < times; i++) await once();
  globalThis.gc?.();
  const after = process.memoryUsage();
  console.log(JSON.stringify({ rss: after.rss - before.rss, heap: after.heapUsed - before.heapUsed }));
};

if (what === 'cycles')
  await measured(80, 100, async () => {
    const model = await load(path!, options);
    await model.run({ x });
    await model.close();
  });
else if (what === 'dropped')
  await measured(10, 50, async () => {
    await (await load(path!, options)).run({ x });
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  });
else {
  const model = await load(path!, options);
  // V8's heap takes a few thousand runs to find its size.
  await measured(what === 'leave' ? 0 : 4000, what === 'leave' ? 0 : 10_000, () => model.run({ x }));
  if (what !== 'leave') await model.close();
}
