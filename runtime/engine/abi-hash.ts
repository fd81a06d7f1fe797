/**
 * One number for the whole boundary of program and engine. An engine carries the number it was built with, so that
 * one of another version is never given a program that it would misread.
 */
import type { Crc32 } from '../crc32.ts';
import { MillraceError } from '../error.ts';
import { enums } from '../kernels/functions.ts';
import { PANEL, panelElements } from '../kernels/layouts.ts';
import { carriedOf, kernelNames } from '../kernels/table.ts';
import { FIRST_KERNEL } from './call-words.ts';
import { failures, sources, verifies } from './native/addon.ts';
import { controlWords, engineErrors, opcodes, segmentStates, status } from './program.ts';
import { traceKinds } from './trace-rows.ts';

const calls = kernelNames.map((name) => {
  const { operands, params } = carriedOf(name);
  return [name, Object.keys(operands), params];
});

const boundary = [
  [PANEL, panelElements],
  FIRST_KERNEL,
  calls,
  enums,
  opcodes,
  status,
  engineErrors,
  segmentStates,
  controlWords,
  { failures, sources, verifies, traceKinds },
];

export const abiHash = (crc32: Crc32): number => crc32(new TextEncoder().encode(JSON.stringify(boundary)));

/** Refuses an engine of another version; `got` is its word, signed, and undefined for one that has none. */
export function checkAbi(got: number | undefined, crc32: Crc32, file: string): void {
  const expected = abiHash(crc32);
  if (got === (expected | 0)) return;
  throw new MillraceError('ENGINE', 'of another version', {
    at: file,
    expected: `${expected}`,
    got: got === undefined ? 'none' : `${got >>> 0}`,
    hint: 'Compile the bundle again.',
  });
}
