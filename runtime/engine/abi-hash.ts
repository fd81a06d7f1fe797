/**
 * One number for the whole boundary of program and engine. A native engine carries the number it was built with, so
 * that an addon of another version is never given a program that it would misread.
 */
import type { Crc32 } from '../crc32.ts';
import {
  binaryFunctions,
  castTypes,
  kernels,
  PANEL,
  reduceFunctions,
  unaryFunctions,
} from '../kernels/table.ts';
import { controlWords, engineErrors, FIRST_KERNEL, opcodes, segmentStates, status } from './program.ts';

const boundary = [
  PANEL,
  FIRST_KERNEL,
  kernels,
  unaryFunctions,
  binaryFunctions,
  reduceFunctions,
  castTypes,
  opcodes,
  status,
  engineErrors,
  segmentStates,
  controlWords,
];

export const abiHash = (crc32: Crc32): number => crc32(new TextEncoder().encode(JSON.stringify(boundary)));
