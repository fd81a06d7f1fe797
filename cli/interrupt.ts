/** What an interrupt leaves behind: nothing that was written for a while only. */
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** An interrupt stops the writing, and what was written is removed, before the process ends. */
export async function withInterrupt<T>(action: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  for (const signal of SIGNALS) process.once(signal, stop);
  try {
    return await action(controller.signal);
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
  }
}

/**
 * `path` is removed after the action, and by an interrupt too. That then ends the process as it would have ended it:
 * what the action is about to do (measure, mostly) has nothing to put in order.
 */
export async function withTemporary<T>(path: string, action: () => Promise<T>): Promise<T> {
  const stop = (signal: NodeJS.Signals): void => {
    // A thread may be writing into it at this moment.
    rmSync(path, { recursive: true, force: true, maxRetries: 3 });
    ignore();
    // Whoever else listens comes next; the last one out leaves the signal to the system.
    process.kill(process.pid, signal);
  };
  const ignore = (): void => {
    for (const signal of SIGNALS) process.off(signal, stop);
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  try {
    return await action();
  } finally {
    await rm(path, { recursive: true, force: true });
    ignore();
  }
}

/** A folder of its own, whose name begins with `prefix`. */
export async function withTemporaryFolder<T>(
  prefix: string,
  action: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(prefix);
  return withTemporary(folder, () => action(folder));
}
