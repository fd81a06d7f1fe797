/** The native engine, for tests: skips a test, with a word, where it is not built. */

import type { Context } from 'mocha';
import type { NativeIsa } from '../../runtime/engine/isa.ts';
import { MillraceError } from '../../runtime/error.ts';
import { findAddon } from '../../runtime/platform/node/addon.ts';
import { skip } from '../support/skip.ts';

const found = findAddon(new URL('../../build/engine/', import.meta.url));

export const addon = found instanceof MillraceError ? null : found;
export const isas: readonly NativeIsa[] = addon?.isas ?? [];

export function skipWithoutAddon(context: Context): void {
  if (addon !== null) return;
  skip(context, 'the native engine is not built (npm run build:native)');
}

/** Runs `body` with the instruction set that MILLRACE_ISA names. */
export async function withIsa<T>(isa: string, body: () => Promise<T>): Promise<T> {
  const before = process.env['MILLRACE_ISA'];
  process.env['MILLRACE_ISA'] = isa;
  try {
    return await body();
  } finally {
    if (before === undefined) delete process.env['MILLRACE_ISA'];
    else process.env['MILLRACE_ISA'] = before;
  }
}
