/**
 * One number for the whole boundary of program and engine. A native engine carries the number it was built with, so
 * that an addon of another version is never given a program that it would misread.
 */
import type { Crc32 } from '../crc32.ts';
import { enums } from '../kernels/functions.ts';
import { PANEL, panelElements } from '../kernels/layouts.ts';
import { kernelNames, signatureOf } from '../kernels/table.ts';
import { FIRST_KERNEL } from './call-words.ts';
import { failures, sources, verifies } from './native/addon.ts';
import { controlWords, engineErrors, opcodes, segmentStates, status } from './program.ts';
import { traceKinds } from './trace-rows.ts';

const calls = kernelNames.map((name) => {
  const { operands, params } = signatureOf(name);
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
