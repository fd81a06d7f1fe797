/** What compiling from a large file of weights takes, in a process of its own. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export interface LargeReport {
  readonly fileBytes: number;
  readonly bundleBytes: number;
  readonly compileMs: number;
  readonly writeMs: number;
  readonly peakRssBytes: number;
}

/** Compiles from a sparse file of about `bytes` and writes the bundle, which takes as much disk. */
export async function compileLarge(bytes: number): Promise<LargeReport> {
  const child = fileURLToPath(new URL('large-weights.child.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--import=tsx', child, `${bytes}`]);
  return JSON.parse(stdout) as LargeReport;
}
