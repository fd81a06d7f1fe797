/** Two processes share the cases. One that dies or takes too long is replaced, and its case has failed. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { CaseResult } from './run-case.ts';

export interface Job {
  readonly name: string;
  readonly folder: string;
}

const PROCESSES = 2;
const TIMEOUT_MS = 60_000;
const HEAP_MIB = 1024;

export async function runAll(
  jobs: readonly Job[],
  progress: (result: CaseResult, done: number) => void,
): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  const queue = jobs.values();
  const lane = async (): Promise<void> => {
    let child: ChildProcess | null = null;
    for (const job of queue) {
      child ??= start();
      const result = await runOn(child, job);
      // What a process has in mind after a failure of its own is not to be trusted with the next case.
      if (child.exitCode !== null || child.signalCode !== null || child.killed) child = null;
      results.push(result);
      progress(result, results.length);
    }
    child?.kill();
  };
  await Promise.all(Array.from({ length: Math.min(PROCESSES, jobs.length) }, lane));
  return results.sort((a, b) => (a.name < b.name ? -1 : 1));
}

const start = (): ChildProcess =>
  fork(fileURLToPath(new URL('worker.ts', import.meta.url)), [], {
    execArgv: ['--import=tsx', `--max-old-space-size=${HEAP_MIB}`],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });

const runOn = (child: ChildProcess, { name, folder }: Job): Promise<CaseResult> =>
  new Promise((resolve) => {
    const settle = (result: CaseResult): void => {
      clearTimeout(timer);
      child.removeAllListeners();
      resolve(result);
    };
    const failed = (reason: string): void => settle({ name, status: 'failed', reason });
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      failed(`TIMEOUT after ${TIMEOUT_MS / 1000} s`);
    }, TIMEOUT_MS);
    child.once('message', (result) => settle(result as CaseResult));
    child.once('exit', (code, signal) => failed(`CRASH of the process: ${signal ?? code}`));
    child.send({ name, folder });
  });
