/**
 * Loads every bundle of a folder in one way, on whatever runtime this is, and prints a digest of each one's outputs:
 * `<runtime> case.mjs <folder> '<load options as JSON>'`. Plain JavaScript: it must run where nothing is installed.
 */
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [folder, given] = process.argv.slice(2);
const options = JSON.parse(given);

/** Numbers in (-1, 1) that are the same everywhere: no function whose last digit a runtime may choose. */
const inputOf = ({ shape }) => {
  let state = 1;
  return Float32Array.from({ length: shape.reduce((count, extent) => count * extent, 1) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state - 2 ** 31) / 2 ** 31;
  });
};

const digestOf = (outputs) => {
  const hash = createHash('sha256');
  for (const name of Object.keys(outputs).sort()) {
    const { buffer, byteOffset, byteLength } = outputs[name];
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest('hex');
};

const result = { engine: '', isa: '', digests: {} };
try {
  for (const name of readdirSync(folder).sort()) {
    const { load } = await import(pathToFileURL(`${folder}/${name}/index.js`).href);
    for (const plan of ['smallest', 'resident']) {
      const model = await load({ ...options, plan }).catch((error) => {
        // A network of one segment has one plan.
        if (plan === 'smallest' && error.at === 'plan') return null;
        throw error;
      });
      if (model === null) continue;
      const inputs = Object.fromEntries(model.inputs.map((port) => [port.name, inputOf(port)]));
      result.engine = model.engine;
      result.isa = model.isa;
      for (let run = 0; run < 2; run++) {
        const digest = digestOf(await model.run(inputs));
        result.digests[name] ??= digest;
        if (digest !== result.digests[name])
          throw new Error(`${name}: run ${run} of plan ${plan} has other bits`);
      }
      await model.close();
    }
  }
} catch (error) {
  result.error = { code: error.code ?? error.name, message: error.message };
}
console.log(JSON.stringify(result));
