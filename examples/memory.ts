/** What this process holds, as Linux counts it. */
import { readFileSync } from 'node:fs';

/** Bytes of resident memory: now, and at the peak. Where nobody counts the peak, that of now has to do. */
export function memory(field: 'VmRSS' | 'VmHWM'): number {
  try {
    const status = readFileSync('/proc/self/status', 'utf8');
    return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return process.memoryUsage.rss();
  }
}

export const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
