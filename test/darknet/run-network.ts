/** A network of `shared/darknet`, through the compiler and the engine, against the reference. */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importDarknet } from '../../compiler/darknet/import.ts';
import { toNumbers } from '../../compiler/ir/tensor.ts';
import { interpret } from '../../compiler/ops/constants/interpret.ts';
import { withFolder } from '../support/folder.ts';
import { compileInMemory, open, runTensors } from '../support/network.ts';
import { assertClose, randomInputs } from '../support/tensors.ts';

export const shared = fileURLToPath(new URL('../../../shared/darknet/', import.meta.url));

/** The text of a `.cfg` with fewer filters, but where a detection layer or the last average reads them. */
export function thinned(text: string, by: number): string {
  return text.replace(/^(filters|output)\s*=\s*(\d+)/gm, (line, key: string, value: string) =>
    ['255', '340', '425', '1000'].includes(value)
      ? line
      : `${key}=${Math.max(1, Math.round(Number(value) / by))}`,
  );
}

/** Compiles and runs a network at an extent, streamed by its smallest plan and resident. */
export function checkNetwork(
  name: string,
  size: number,
  change: (text: string) => string = (text) => text,
): Promise<{ readonly hostSteps: readonly string[] }> {
  return withFolder(async (folder) => {
    const path = join(folder, `${basename(name)}.cfg`);
    writeFileSync(path, change(readFileSync(`${shared}${name}.cfg`, 'utf8')));
    const graph = await importDarknet(path, { seed: 7 }, { width: size, height: size });
    const inputs = randomInputs(graph, 3);
    const expected = interpret(graph, inputs);
    const network = await compileInMemory(graph);
    for (const mode of ['stream', 'resident'] as const) {
      const plan = network.manifest.plans.at(mode === 'stream' ? 0 : -1)!.name;
      const model = await open(network, { mode, plan });
      try {
        const outputs = await runTensors(model, inputs);
        for (const [output, y] of expected) {
          // Of a thousand probabilities the largest is small.
          const largest = toNumbers(y).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
          assertClose(outputs.get(output)!, y, 1e-5 * Math.min(1, largest), `${output}, ${mode}`);
        }
      } finally {
        await model.close();
      }
    }
    const hostSteps = network.schedule.steps.flatMap(({ action }) =>
      action.kind === 'host' ? [action.op] : [],
    );
    return { hostSteps };
  });
}
