/**
 * `millrace calibrate`: measures this device and writes its profile, which `compile` and `plan` predict with. Bundles
 * that are named are timed as well: their own steps are then predicted as they were timed.
 */

import { rm, stat } from 'node:fs/promises';
import { cpus, freemem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type Bundle, compile } from '../compiler/compile.ts';
import type { Model } from '../compiler/model/index.ts';
import { fitKernels, mediansOf } from '../compiler/schedule/device/fit.ts';
import { fitPipeline } from '../compiler/schedule/device/fit-pipeline.ts';
import { othersFrom, PROFILE_VERSION, type Profile } from '../compiler/schedule/device/profile.ts';
import type { LoadOptions } from '../runtime/node.ts';
import { defaultInFlight } from '../runtime/options.ts';
import { type SourceWish, sourceWishes } from '../runtime/weights/source.ts';
import { type Timed, timeRuns, timeSteps } from './calibrate/bundle.ts';
import { timeChecksum } from './calibrate/checksum.ts';
import {
  BALANCED_LAYER_BYTES,
  balancedNetworks,
  calibrationNetworks,
  readingNetworks,
} from './calibrate/graphs.ts';
import { type Command, readArgumentsWithAny, UsageError } from './command.ts';
import { withTemporaryFolder } from './interrupt.ts';
import { engineOptionsOf } from './load.ts';
import { writeText } from './output.ts';
import { progress } from './progress.ts';
import { tableLines, words } from './table.ts';
import { print, printJson } from './terminal.ts';

const help = `millrace calibrate [bundle...] [options]

Measures this device: how long each kernel takes for what it computes, and how fast weights are read. The profile it
writes is what \`compile --profile\` and \`plan --profile\` predict with. Takes about a minute; measure on an idle machine.
Bundles that are named are timed too, and their steps then predicted as timed.

  -o, --output FILE  the profile (default profile.json)
  --engine ENGINE    auto (native where it is built), native or wasm
  --threads N        threads that compute (default 1)
  --source SOURCE    auto (direct where the system can), file, direct or mmap (native)
  --directory DIR    where to write temporary bundles of 100 MiB: on the disk that weights will be read from
                     (default: beside the first bundle, else beside the profile)
  --json             print the profile

example
  millrace calibrate dist/resnet50 --threads 2 -o profile.json
`;

export const calibrate: Command = {
  help,
  async run(args) {
    const given = readArgumentsWithAny(
      args,
      {
        output: { type: 'string', short: 'o' },
        engine: { type: 'string' },
        threads: { type: 'string' },
        source: { type: 'string' },
        directory: { type: 'string' },
        json: { type: 'boolean' },
      },
      help,
    );
    const { source = 'auto', ...options } = engineOptionsOf(given, help);
    if (!sourceWishes.includes(source))
      throw new UsageError(`--source: expected ${sourceWishes.join(', ')}, got "${source}"`, help);
    if (source === 'mmap' && options.engine === 'wasm')
      throw new UsageError(
        '--source mmap: the WASM engine cannot map files; take --engine native or another source',
        help,
      );
    const output = given.text('output') ?? 'profile.json';
    const [first] = given.positionals;
    const directory = given.text('directory') ?? dirname(resolve(first ?? output));
    if (!(await isDirectory(directory)))
      throw new UsageError(
        `--directory: expected a folder, got "${directory}", which is none; make it first`,
        help,
      );
    const profile = await withTemporaryFolder(join(directory, '.millrace-calibrate-'), (folder) =>
      measure(given.positionals, options, source, folder),
    );
    await writeText(output, `${JSON.stringify(profile, null, 1)}\n`);
    if (given.flag('json')) printJson(profile);
    else print(describe(profile, output));
    return 0;
  },
};

const isDirectory = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

/** Shares of the way from the smallest memory to all weights resident: for runs that wait for reads, that hide them. */
const WAITING = [0, 0.2, 0.5];
const BALANCED = [...WAITING, 0.7, 0.8, 0.9, 1];
/** Models of all these budgets live at a time: at most half of the memory that is free is theirs. */
const MOST_LAYERS = 40;
const layersHere = (): number => {
  const each = BALANCED_LAYER_BYTES * BALANCED.reduce((sum, share) => sum + share, 0);
  return Math.max(4, Math.min(MOST_LAYERS, Math.floor(freemem() / 2 / each)));
};

async function compiledFor(network: Model, shares: readonly number[]): Promise<Bundle> {
  const compiled = await compile(network);
  if (shares.length === 0) return compiled;
  const { plans } = compiled.report;
  const [least, most] = [plans[0]!.peakBytes, plans.at(-1)!.peakBytes];
  const at = (share: number): number => least + Math.ceil(share * (most - least));
  return compile(network, { budget: shares.map(at) });
}

/** The network once for each variant that its layers can run as: all are timed, whichever would be chosen. */
function everyWay(network: Model, compiled: Bundle): Promise<readonly Bundle[]> {
  const offered = new Set(
    compiled.schedule.layers.flatMap(({ choice }) => choice?.offered ?? []).map((one) => one.variant),
  );
  if (offered.size === 0) return Promise.resolve([compiled]);
  return Promise.all(
    [...offered].sort().map((name) => {
      const [kernel, variant] = name.split('/') as [string, string];
      return compile(network, { variants: { [kernel]: variant } });
    }),
  );
}

/** A bundle that was named says more about itself than networks made up here. */
const OWN_WEIGHT = 10;

async function measure(
  bundles: readonly string[],
  options: LoadOptions,
  source: SourceWish,
  folder: string,
): Promise<Profile> {
  const bar = progress();
  let done = 0;
  const timeAll = async (
    what: string,
    until: number,
    networks: readonly Model[],
    shares: readonly number[],
    time: (bundle: string) => Promise<Timed>,
  ): Promise<Timed[]> => {
    const timed: Timed[] = [];
    const from = done;
    for (const [n, network] of networks.entries()) {
      bar.update(what, from + ((until - from) * n) / networks.length);
      const bundle = join(folder, network.name);
      const compiled = await compiledFor(network, shares);
      const ways = shares.length > 0 ? [compiled] : await everyWay(network, compiled);
      for (const way of ways) {
        await way.write(bundle);
        timed.push(await time(bundle));
        await rm(bundle, { recursive: true, force: true });
      }
    }
    done = until;
    return timed;
  };
  try {
    const steps = await timeAll('timing kernels', 0.45, calibrationNetworks(), [], (bundle) =>
      timeSteps(bundle, options),
    );
    const reading = { ...options, source };
    const layers = layersHere();
    const timeReading = (bundle: string): Promise<Timed> => timeRuns(bundle, reading);
    const pipelines = [
      ...(await timeAll('timing reads', 0.65, readingNetworks(), WAITING, timeReading)),
      ...(await timeAll('timing reads', 0.85, balancedNetworks(layers), BALANCED, timeReading)),
    ];
    const own: Timed[] = [];
    for (const [n, bundle] of bundles.entries()) {
      bar.update(`timing ${bundle}`, done + ((1 - done) * n) / bundles.length);
      own.push(await timeRuns(bundle, reading));
    }
    const { engine, isa, threads } = steps[0]!;
    const inFlight = defaultInFlight[engine];
    // Alone, the isolate that computes takes the checksums too.
    const checkMs = engine === 'wasm' && threads === 1 ? timeChecksum() : 0;
    const timings = [...steps, ...own].flatMap((one) => one.timings);
    const runs = [
      ...pipelines.flatMap((one) => one.runs),
      ...own.flatMap((one) => one.runs.map((run) => ({ ...run, weight: OWN_WEIGHT }))),
    ];
    return {
      version: PROFILE_VERSION,
      machine: `${cpus()[0]?.model.trim() ?? 'unknown'}, ${cpus().length} cores, ${process.platform}-${process.arch}`,
      engine,
      isa,
      threads,
      source: pipelines[0]!.source,
      kernels: fitKernels(timings),
      others: othersFrom(mediansOf(timings)),
      read: { ...fitPipeline(runs, inFlight, checkMs), inFlight },
      measured: mediansOf(own.flatMap((one) => one.timings)),
    };
  } finally {
    bar.done();
  }
}

function describe({ kernels, read, ...profile }: Profile, output: string): string {
  const rate = (msPerGiga: number, unit: string): string =>
    msPerGiga > 0 ? `${(1e3 / msPerGiga).toFixed(1)} ${unit}` : '-';
  const rows = Object.entries(kernels).map(([name, cost]) => [
    name,
    `${(cost.fixedMs * 1e3).toFixed(1)} µs`,
    rate(cost.msPerGflop, 'GFLOP/s'),
    rate(cost.msPerGigabyte, 'GB/s'),
    rate(cost.msPerGigabyteOfWeights, 'GB/s'),
  ]);
  return [
    `${profile.machine}: ${profile.engine} (${profile.isa}), ${profile.threads} thread(s), source ${profile.source}`,
    '',
    ...tableLines([words('kernel'), 'fixed', 'computes', 'moves', 'weights'], rows),
    '',
    `reads: ${read.latencyMs.toFixed(3)} ms and ${(read.bytesPerMs / 1e6).toFixed(2)} GB/s with ${read.inFlight} in flight; they take ${(read.handleMs * 1e3).toFixed(0)} µs each and ${read.handleMsPerGigabyte.toFixed(0)} ms a gigabyte from the compute`,
    ...(profile.measured.length > 0 ? [`timed: ${profile.measured.length} steps of bundles`] : []),
    `${output}: written`,
    '',
  ].join('\n');
}
