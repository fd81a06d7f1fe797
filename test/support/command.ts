/** The built command as a user runs it: a process of its own. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const commandFile = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Processes at a time: tests may ask for many at once. */
const PROCESSES = 3;
let running = 0;
const waiting: (() => void)[] = [];

export async function millrace(
  args: readonly string[],
  cwd?: string,
  env?: NodeJS.ProcessEnv,
): Promise<Finished> {
  if (running === PROCESSES) await new Promise<void>((turn) => waiting.push(turn));
  else running++;
  try {
    return await execute(args, cwd, env);
  } finally {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  }
}

function execute(args: readonly string[], cwd?: string, env?: NodeJS.ProcessEnv): Promise<Finished> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [commandFile, ...args],
      { cwd, env: { ...process.env, ...env }, maxBuffer: 2 ** 26 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ code, stdout, stderr });
      },
    );
  });
}

/** Runs a command that is expected to succeed, and reads the one document it prints. */
export async function millraceJson<T>(args: readonly string[], cwd?: string): Promise<T> {
  const { code, stdout, stderr } = await millrace([...args, '--json'], cwd);
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

export interface Folder {
  readonly path: string;
  at(name: string): string;
  remove(): void;
}

export function temporaryFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'millrace-test-'));
  return {
    path,
    at: (name) => join(path, name),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
