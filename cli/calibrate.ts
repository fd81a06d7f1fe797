/**
 * `millrace calibrate`: measures this device and writes its profile, which `compile` and `plan` predict with. Bundles
 * that are named are timed as well: their own steps are then predicted as they were timed.
 */
import { stat } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { compile } from '../compiler/compile.ts';
import { fitKernels, mediansOf, type Timing } from '../compiler/schedule/fit.ts';
import { fitReads } from '../compiler/schedule/fit-reads.ts';
import { othersFrom, PROFILE_VERSION, type Profile } from '../compiler/schedule/profile.ts';
import type { LoadOptions } from '../runtime/node.ts';
import { DEFAULT_IN_FLIGHT, NATIVE_READERS } from '../runtime/open.ts';
import { type SourceWish, sourceWishes } from '../runtime/options.ts';
import { calibrationNetworks } from './calibrate/graphs.ts';
import { timeChecksum, timeReads } from './calibrate/reads.ts';
import { type Timed, timeHandling, timeMapped, timeSteps } from './calibrate/steps.ts';
import { type Command, readArgumentsWithAny, UsageError } from './command.ts';
import { withTemporaryFolder } from './interrupt.ts';
import { engineOptionsOf } from './load.ts';
import { writeText } from './plan-lifetimes.ts';
import { progress } from './progress.ts';

const help = `millrace calibrate [bundle...] [options]

Measures this device: how long each kernel takes for what it computes, and how fast weights are read. The profile it
writes is what \`compile --profile\` and \`plan --profile\` predict with. Takes about a minute; measure on an idle machine.
Bundles that are named are timed too, and their steps then predicted as timed.

  -o, --output FILE  the profile (default profile.json)
  --engine ENGINE    auto (native where it is built), native or wasm
  --threads N        threads that compute (default 1)
  --source SOURCE    auto (direct where the system can), file, direct or mmap (native)
  --directory DIR    where to write a temporary file of 256 MiB: on the disk that weights will be read from
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
      throw new UsageError('--source mmap: WASM can not map files', help);
    const output = given.text('output') ?? 'profile.json';
    const [first] = given.positionals;
    const directory = given.text('directory') ?? dirname(resolve(first ?? output));
    if (!(await isDirectory(directory))) throw new UsageError(`--directory: ${directory} is none`, help);
    const profile = await withTemporaryFolder(join(tmpdir(), 'millrace-calibrate-'), (folder) =>
      measure(given.positionals, options, source, directory, folder),
    );
    await writeText(output, `${JSON.stringify(profile, null, 1)}\n`);
    process.stdout.write(given.flag('json') ? `${JSON.stringify(profile)}\n` : describe(profile, output));
    return 0;
  },
};

const isDirectory = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

async function measure(
  bundles: readonly string[],
  options: LoadOptions,
  source: SourceWish,
  directory: string,
  folder: string,
): Promise<Profile> {
  const bar = progress();
  const networks = calibrationNetworks();
  const timed: Timed[] = [];
  try {
    for (const [n, network] of networks.entries()) {
      bar.update('timing kernels', (0.7 * n) / networks.length);
      const bundle = join(folder, network.name);
      await (await compile(network)).write(bundle);
      timed.push(await timeSteps(bundle, options));
    }
    const own: Timing[] = [];
    for (const bundle of bundles) {
      bar.update(`timing ${bundle}`, 0.7);
      const one = await timeSteps(bundle, options);
      timed.push(one);
      own.push(...one.timings);
    }
    const { engine, isa, threads } = timed[0]!;
    const reads =
      source === 'mmap'
        ? { bursts: await timeMapped(join(folder, 'products'), options), source }
        : await timeReads(directory, source, (share) => bar.update('timing reads', 0.75 + 0.2 * share));
    // Alone, the isolate that computes also issues reads and takes their checksums.
    const alone = engine === 'wasm' && threads === 1;
    const inFlight = engine === 'native' ? NATIVE_READERS : DEFAULT_IN_FLIGHT;
    const timings = timed.flatMap((one) => one.timings);
    return {
      version: PROFILE_VERSION,
      machine: `${cpus()[0]?.model.trim() ?? 'unknown'}, ${cpus().length} cores, ${process.platform}-${process.arch}`,
      engine,
      isa,
      threads,
      source: reads.source,
      kernels: fitKernels(timings),
      others: othersFrom(mediansOf(timings)),
      read: {
        ...fitReads(reads.bursts, inFlight),
        inFlight,
        checkBytesPerMs: timeChecksum(engine, join(folder, networks[0]!.name)),
        checkedBy: alone ? 'compute' : 'reader',
        handleMs: alone ? await timeHandling(join(folder, 'convolutions'), options) : 0,
        bursts: reads.bursts,
      },
      measured: mediansOf(own),
    };
  } finally {
    bar.done();
  }
}

function describe({ kernels, read, ...profile }: Profile, output: string): string {
  const rate = (msPerGiga: number, unit: string): string =>
    msPerGiga > 0 ? `${(1e3 / msPerGiga).toFixed(1)} ${unit}` : '-';
  const rows = Object.entries(kernels).map(([name, cost]) =>
    [
      name.padEnd(20),
      `${(cost.fixedMs * 1e3).toFixed(1)} µs`.padStart(12),
      rate(cost.msPerGflop, 'GFLOP/s').padStart(16),
      rate(cost.msPerGigabyte, 'GB/s').padStart(14),
      rate(cost.msPerGigabyteOfWeights, 'GB/s').padStart(14),
    ].join(''),
  );
  return [
    `${profile.machine}: ${profile.engine} (${profile.isa}), ${profile.threads} thread(s), source ${profile.source}`,
    '',
    `${'kernel'.padEnd(20)}${'fixed'.padStart(12)}${'computes'.padStart(16)}${'moves'.padStart(14)}${'weights'.padStart(14)}`,
    ...rows,
    '',
    `reads: ${read.latencyMs.toFixed(3)} ms and ${(read.bytesPerMs / 1e6).toFixed(2)} GB/s with ${read.inFlight} in flight; checksums ${(read.checkBytesPerMs / 1e6).toFixed(1)} GB/s`,
    ...(profile.measured.length > 0 ? [`timed: ${profile.measured.length} steps of bundles`] : []),
    `${output}: written`,
    '',
  ].join('\n');
}
