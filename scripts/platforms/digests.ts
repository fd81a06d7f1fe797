/** Runs the bundles in one way, in a process of its own, and reads the digests of what came out. */

import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import type { Executor } from '../../runtime/engine/executor.ts';
import { readManifest } from '../../runtime/format/read.ts';
import { driverJob } from '../../test/native/driver-job.ts';
import type { Runtime } from './runtimes.ts';

const script = fileURLToPath(new URL('../../test/platforms/case.mjs', import.meta.url));

/** A column of the table. */
export interface Way {
  readonly title: string;
  readonly options: { readonly engine: 'wasm' | 'native'; readonly deterministic: boolean };
}

export const ways: readonly Way[] = [
  { title: 'WASM, plain', options: { engine: 'wasm', deterministic: true } },
  { title: 'WASM, relaxed', options: { engine: 'wasm', deterministic: false } },
  { title: 'native, baseline', options: { engine: 'native', deterministic: true } },
  { title: 'native, best', options: { engine: 'native', deterministic: false } },
];

export interface Outcome {
  readonly engine: string;
  readonly isa: string;
  /** Of each network's outputs, by its name. */
  readonly digests: Readonly<Record<string, string>>;
  readonly error?: { readonly code: string; readonly message: string };
}

export async function runOn(runtime: Runtime, folder: string, way: Way, threads: number): Promise<Outcome> {
  const [program, ...args] = [
    ...runtime.command,
    script,
    folder,
    JSON.stringify({ ...way.options, threads }),
  ];
  try {
    const { stdout } = await promisify(execFile)(program!, args, {
      env: { ...process.env, ...runtime.env },
      timeout: 120_000,
    });
    return JSON.parse(stdout) as Outcome;
  } catch (error) {
    const { signal, message } = error as { signal?: string; message: string };
    return { engine: '', isa: '', digests: {}, error: { code: signal ?? 'crash', message } };
  }
}

/** The one network that a driver without a runtime can run; its input is that of case.mjs. */
const DRIVEN = 'stack';

/** Runs a program built from test/native/model-driver.c. */
export async function runDriver(
  driver: string,
  folder: string,
  isa: string,
  threads: number,
): Promise<Outcome> {
  const bundle = join(folder, DRIVEN);
  const manifest = readManifest(readFileSync(join(bundle, 'manifest.bin')), crc32);
  const executor = (await import(pathToFileURL(join(bundle, 'executor.js')).href)) as Executor;
  let state = 1;
  const input = Float32Array.from({ length: manifest.inputs[0]!.byteLength / 4 }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state - 2 ** 31) / 2 ** 31;
  });
  const job = join(bundle, 'driver.job');
  writeFileSync(job, driverJob(manifest, executor, 'smallest', input));
  const output = execFileSync(driver, [job, join(bundle, 'weights.bin'), isa, '0', String(threads), '1']);
  return { engine: 'native', isa, digests: { [DRIVEN]: createHash('sha256').update(output).digest('hex') } };
}
