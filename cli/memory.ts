/** What the process holds: total, peak, anonymous and file-backed resident bytes. */
import { readFileSync } from 'node:fs';

export interface Residency {
  readonly peakBytes: number;
  readonly anonBytes: number;
  readonly fileBytes: number;
}

/**
 * Peak resident bytes of this process so far. On Linux `VmHWM`: `maxRSS` begins with what the process had that started
 * this one, since `exec` keeps it.
 */
export function peakRss(): number {
  const status = readStatus();
  return status === null ? process.resourceUsage().maxRSS * 1024 : field(status, 'VmHWM');
}

/** Resident bytes now; where the system does not say (Linux without /proc), the most so far. */
export function rssNow(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return peakRss();
  }
}

/** From /proc/self/status on Linux; elsewhere only the total is known, and counted as anonymous. */
export function residency(): Residency {
  const status = readStatus();
  if (status === null) return { peakBytes: peakRss(), anonBytes: rssNow(), fileBytes: 0 };
  return {
    peakBytes: field(status, 'VmHWM'),
    anonBytes: field(status, 'RssAnon'),
    fileBytes: field(status, 'RssFile') + field(status, 'RssShmem'),
  };
}

function readStatus(): string | null {
  try {
    return readFileSync('/proc/self/status', 'utf8');
  } catch {
    return null;
  }
}

const field = (status: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024;
