/**
 * A process of its own, so that its memory is its own: `cycles` loads, runs and closes a bundle again and again,
 * `runs` runs one loaded model, `primed` one that
 * primes, `leave` does not close it. Prints the growth of resident and of live heap bytes.
 */
import { load } from '../../runtime/node.ts';

const [what, path, threads, elements] = process.argv.slice(2);
const options = { engine: 'wasm', threads: Number(threads) } as const;
const x = new Float32Array(Number(elements)).fill(0.5);

const repeat = async (times: number, once: () => Promise<unknown>): Promise<void> => {
  for (let i = 0; i < times; i++) await once();
};
const measured = async (warmup: number, times: number, once: () => Promise<unknown>): Promise<void> => {
  await repeat(warmup, once);
  globalThis.gc?.();
  const before = process.memoryUsage();
  await repeat(times, once);
  globalThis.gc?.();
  const after = process.memoryUsage();
  console.log(JSON.stringify({ rss: after.rss - before.rss, heap: after.heapUsed - before.heapUsed }));
};

if (what === 'cycles')
  await measured(10, 50, async () => {
    const model = await load(path!, options);
    await model.run({ x });
    await model.close();
  });
else {
  const model = await load(path!, { ...options, mode: 'stream', prime: what === 'primed' });
  await measured(200, what === 'leave' ? 0 : 1000, () => model.run({ x }));
  if (what !== 'leave') await model.close();
}
