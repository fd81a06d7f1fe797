/** Compiles, writes over a bundle once, then until it is killed, each when it is told to: `node kill-child.mjs <module of the compiler> <folder>`. See kill.ts. */
import { pathToFileURL } from 'node:url';

const [compiler, folder] = process.argv.slice(2);
const { compile, defineModel, dense, tensor } = await import(pathToFileURL(compiler).href);
const network = defineModel('killed', { x: tensor('float32', [1, 8]) }, ({ x }) => ({
  y: dense(x, { units: 16 }),
}));
const bundle = await compile(network);
process.send('ready');
process.on('message', async (what) => {
  if (what === 'once') {
    await bundle.write(folder);
    process.send('written');
    return;
  }
  process.send('writing');
  for (;;) await bundle.write(folder);
});
