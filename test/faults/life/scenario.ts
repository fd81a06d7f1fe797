/** A fault of the machine or of the process around a model: what comes of it is the right result or a typed error. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  compile,
  conv2d,
  defineModel,
  dense,
  type FloatTensor,
  flatten,
  maxPool2d,
  relu,
  softmax,
  tensor,
} from '../../../compiler/index.ts';
import type { LoadOptions } from '../../../runtime/node.ts';

export interface Terms {
  readonly seed: number;
  /** How much of it, 1 for a whole campaign. */
  readonly scale: number;
  /** The only one of the campaign: it has the time for more. */
  readonly alone?: boolean;
  /** Whether inputs that are worth it are kept in the source tree. */
  readonly keep?: boolean | undefined;
}

export type Outcome = { readonly said: string; readonly skipped?: never } | { readonly skipped: string };

export type Scenario = (terms: Terms) => Promise<Outcome>;

/** How many times, of so many in a whole campaign. */
export const times = ({ scale }: Terms, whole: number): number => Math.max(2, Math.ceil(whole * scale));

/** Seven segments, so that there is always one to wait for. */
const network = () =>
  defineModel('life', { image: tensor('float32', [1, 12, 12, 3]) }, ({ image }) => {
    let x: FloatTensor = flatten(maxPool2d(relu(conv2d(image, { filters: 24, kernel: 3 })), { kernel: 2 }));
    for (let layer = 0; layer < 6; layer++) x = relu(dense(x, { units: 500 }));
    return { probs: softmax(dense(x, { units: 10 })) };
  });

/** A compiled bundle in a folder of its own, that lasts as long as `body`. */
export async function withBundle<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const home = mkdtempSync(join(tmpdir(), 'millrace-life-'));
  try {
    const folder = join(home, 'bundle');
    await (await compile(network())).write(folder);
    return await body(folder);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

export interface Started {
  readonly runs?: number;
  readonly what?: string;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A command that starts Node: `sh -c … "$@"`. */
  readonly within?: readonly string[];
  readonly timeout?: number;
}

/** Runs run-bundle.mjs; how each run ended. Throws where the process dies or hangs. */
export async function runBundle(
  folder: string,
  options: LoadOptions,
  started: Started = {},
): Promise<unknown[]> {
  const { runs = 4, what = 'run', flags = [], env = {}, within = [], timeout = 120_000 } = started;
  const script = fileURLToPath(new URL('run-bundle.mjs', import.meta.url));
  const command = [
    ...[...within, process.execPath, ...flags],
    ...[
      '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON',
      script,
      folder,
      JSON.stringify(options),
      String(runs),
      what,
    ],
  ];
  const { stdout } = await promisify(execFile)(command[0]!, command.slice(1), {
    env: { ...process.env, ...env },
    timeout,
    killSignal: 'SIGKILL',
  });
  return JSON.parse(stdout) as unknown[];
}

/** Throws unless each is the right digest or one of the codes. */
export function expectEach(
  ended: readonly unknown[],
  right: unknown,
  codes: readonly string[],
  what: string,
): void {
  for (const [run, how] of ended.entries())
    if (how !== right && !codes.includes(String(how)))
      throw new Error(
        `${what}, run ${run}: ${/^[0-9a-f]{64}$/.test(String(how)) ? 'other bits' : String(how)}`,
      );
}

/** One run without any fault: the digest that is right. */
export const rightDigest = async (folder: string, options: LoadOptions): Promise<string> =>
  String((await runBundle(folder, options, { runs: 1 }))[0]);

export const engines = ['wasm', 'native'] as const;
