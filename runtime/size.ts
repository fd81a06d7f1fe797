/** Sizes as people write them: `8MiB`, `64MB`, `65536`; binary units are powers of 1024, decimal ones of 1000. */
import { MillraceError } from './error.ts';

const units: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
};

/** Bytes of a size; `at` names the option in the error. */
export function parseSize(size: number | string, at: string): number {
  const bytes = typeof size === 'string' ? parseText(size) : size;
  if (!Number.isSafeInteger(bytes) || bytes < 0)
    throw new MillraceError('OPTION', 'not a size', {
      at,
      expected: 'bytes as a number, or text such as 8MiB, 64MB, 65536',
      got: typeof size === 'string' ? `"${size}"` : String(size),
    });
  return bytes;
}

function parseText(text: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text);
  const unit = match === null ? undefined : units[match[2]!.toLowerCase()];
  return match === null || unit === undefined ? Number.NaN : Math.floor(Number(match[1]) * unit);
}

/** Never less than there is, so that what is printed works as a budget. */
const hundredths = (bytes: number, unit: number): number => Math.ceil((bytes / unit) * 100) / 100;

/** `7.75 MiB`, rounded up. */
export function shortSize(bytes: number): string {
  const [unit, scale] =
    bytes >= 2 ** 30 ? ['GiB', 2 ** 30] : bytes >= 2 ** 20 ? ['MiB', 2 ** 20] : ['KiB', 1024];
  return `${hundredths(bytes, scale)} ${unit}`;
}

/** `7.75 MiB (8126464 bytes)`: for people, rounded up, and exact. */
export const formatSize = (bytes: number): string => `${shortSize(bytes)} (${bytes} bytes)`;

/** `0.08 MiB`, rounded up: for the columns of tables, where one unit serves all rows. */
export const mib = (bytes: number): string => `${hundredths(bytes, 2 ** 20).toFixed(2)} MiB`;
