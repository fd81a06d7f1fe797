/** An interrupt stops the writing, and what was written is removed, before the process ends. */
export async function withInterrupt<T>(action: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.once(signal, stop);
  try {
    return await action(controller.signal);
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}
