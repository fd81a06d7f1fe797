/** Writes over a bundle until it is killed: `node kill-child.mjs <module of the compiler> <folder>`. See kill.ts. */
import { pathToFileURL } from 'node:url';

const [compiler, folder] = process.argv.slice(2);
const { compile, defineModel, dense, tensor } = await import(pathToFileURL(compiler).href);
const network = defineModel('killed', { x: tensor('float32', [1, 8]) }, ({ x }) => ({
  y: dense(x, { units: 16 }),
}));
const bundle = await compile(network);
await bundle.write(folder);
process.send('ready');
process.once('message', async () => {
  process.send('writing');
  for (;;) await bundle.write(folder);
});
