/**
 * Two checkouts on the same networks: `npm run replay -- <other checkout> [--models DIR]... [--most MILLIONS]`. Networks
 * are those of the zoo with at most so many million parameters (30), and the `.onnx` files of the folders. Each is one
 * ONNX file that both compile and run by their own command, in processes of their own, on the same inputs. Compared are
 * the outputs' bits in the smallest and the largest plan, the arenas, and the time of compiling. Exits with 1 if bits
 * differ or an arena grew. Both checkouts must be built.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { exportOnnx } from '../compiler/index.ts';
import { zoo } from '../examples/zoo/index.ts';

interface Compiled {
  readonly plans: readonly {
    readonly name: string;
    readonly peakBytes: number;
    readonly arenaBytes?: number;
  }[];
  readonly milliseconds: number;
}

interface Ran {
  readonly outputs: readonly { readonly name: string; readonly sha256: string }[];
}

interface Result {
  /** Bytes of the arena by the plan's name. */
  readonly arenas: ReadonlyMap<string, number>;
  readonly milliseconds: number;
  /** Checksums of the outputs, by engine and mode. */
  readonly bits: ReadonlyMap<string, string>;
}

const here = fileURLToPath(new URL('..', import.meta.url));

async function command<T>(checkout: string, ...args: string[]): Promise<T> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(checkout, 'dist/cli.js'), ...args, '--json'],
    { maxBuffer: 2 ** 28 },
  );
  return JSON.parse(stdout) as T;
}

/** The engines that both checkouts have built. */
function enginesOf(other: string): readonly string[] {
  const native = `build/engine/engine-${process.platform}-${process.arch}.node`;
  const both = [here, other].every((checkout) => existsSync(join(checkout, native)));
  return both ? ['wasm', 'native'] : ['wasm'];
}

async function replay(
  checkout: string,
  model: string,
  folder: string,
  engines: readonly string[],
): Promise<Result> {
  const bundle = join(folder, 'bundle');
  const { plans, milliseconds } = await command<Compiled>(checkout, 'compile', model, '-o', bundle);
  const bits = new Map<string, string>();
  for (const engine of engines)
    for (const mode of ['stream', 'resident']) {
      // Plans ascend: the largest streams nothing.
      const args = ['run', bundle, '--engine', engine, '--mode', plans.length === 1 ? 'resident' : mode];
      const { outputs } = await command<Ran>(checkout, ...args);
      bits.set(`${engine} ${mode}`, outputs.map(({ name, sha256 }) => `${name} ${sha256}`).join('\n'));
    }
  rmSync(bundle, { recursive: true, force: true });
  // Earlier checkouts call the arena the peak.
  const arenas = new Map(plans.map(({ name, peakBytes, arenaBytes = peakBytes }) => [name, arenaBytes]));
  return { arenas, milliseconds, bits };
}

const { values, positionals } = parseArgs({
  options: {
    models: { type: 'string', multiple: true },
    most: { type: 'string', default: '30' },
  },
  allowPositionals: true,
});
const [path] = positionals;
if (path === undefined || !existsSync(join(path, 'dist/cli.js')))
  throw new Error('expected the folder of another checkout that has been built');
const other = resolve(path);
const engines = enginesOf(other);
const folder = mkdtempSync(join(tmpdir(), 'millrace-replay-'));
const networks = new Map<string, () => Promise<string>>();
for (const [name, { model, parameters }] of Object.entries(zoo))
  if (parameters <= Number(values.most) * 1e6)
    networks.set(name, async () => {
      const file = join(folder, `${name}.onnx`);
      await exportOnnx(model().graph, file);
      return file;
    });
for (const directory of values.models ?? [])
  for (const file of readdirSync(directory).filter((name) => name.endsWith('.onnx')))
    networks.set(basename(file, '.onnx'), async () => join(directory, file));

let [wrong, time, timeOfOther] = [0, 0, 0];
console.log(`engines: ${engines.join(', ')}; the other checkout's figures in brackets\n`);
try {
  for (const [name, fileOf] of networks) {
    const file = await fileOf();
    const theirs = await replay(other, file, folder, engines);
    const ours = await replay(here, file, folder, engines);
    if (file.startsWith(folder)) rmSync(file);
    const differing = [...ours.bits].filter(([way, bits]) => theirs.bits.get(way) !== bits);
    const grown = [...ours.arenas].filter(([plan, bytes]) => bytes > (theirs.arenas.get(plan) ?? bytes));
    if (differing.length > 0 || grown.length > 0) wrong++;
    time += ours.milliseconds;
    timeOfOther += theirs.milliseconds;
    const said = [
      differing.length === 0 ? 'same bits' : `BITS DIFFER (${differing.map(([way]) => way).join(', ')})`,
      ...grown.map(([plan, bytes]) => `ARENA GREW: ${plan} ${bytes} (${theirs.arenas.get(plan)})`),
    ];
    const smallest = [ours, theirs].map(({ arenas }) => [...arenas.values()][0]);
    console.log(
      `${name.padEnd(28)} arena ${smallest[0]} (${smallest[1]}), compiled in ${ours.milliseconds} ms (${theirs.milliseconds}), ${said.join('; ')}`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`\n${networks.size} networks, ${wrong} wrong; compiled in ${time} ms (${timeOfOther})`);
if (wrong > 0) process.exitCode = 1;
