/** Parts of an op that nothing would miss before a network needs them, and the file that each belongs to. */
import { readdirSync, readFileSync } from 'node:fs';
import { exportOf } from '../../compiler/onnx/ops/index.ts';
import type { OpDefinition } from '../../compiler/ops/define/op.ts';
import { findOp } from '../../compiler/ops/index.ts';
import { cases } from '../onnx/export-cases.ts';
import { makers } from './op-cases.ts';

/** Ops that are no node in ONNX, and why. */
const unwritten: Readonly<Record<string, string>> = {
  identity: 'its readers read its input',
  transpose: 'is the order of axes in which its readers read its input',
  fromBfloat16: 'is part of the recipes of weights, which are written as their elements',
};

/** Ops that ONNX cannot say as they are, so that an export refuses them, and why. */
export const refused: Readonly<Record<string, string>> = {
  nonZero: 'ONNX has no results of a largest size',
  compress: 'ONNX has no results of a largest size',
  unique: 'ONNX has no results of a largest size',
  nonMaxSuppression: 'ONNX has no results of a largest size',
  trim: 'ONNX has no results of a largest size',
};

const folder = new URL('../ops/', import.meta.url);
/** The tests of ops as text: where an op is named there, its values are compared with some that it did not make. */
const tables = readdirSync(folder)
  .filter((name) => name.endsWith('.test.ts') && name !== 'complete.test.ts')
  .map((name) => readFileSync(new URL(name, folder), 'utf8'))
  .join('\n');

/** What is missing of an op, each as a sentence that says where it belongs. */
export function missingParts(op: OpDefinition): string[] {
  const { name } = op;
  const parts: readonly [there: boolean, missing: string][] = [
    [findOp(name) === op, 'is not in the list (compiler/ops/list.ts)'],
    [
      op.lower !== undefined || op.decompose !== undefined || op.host !== undefined,
      'does not say how it runs: lower, decompose, or why on the host (its definition)',
    ],
    [
      exportOf(name) !== null || Object.hasOwn(unwritten, name),
      'has no ONNX entry, and no reason for that (compiler/onnx/ops)',
    ],
    [Object.hasOwn(makers, name), 'has no random cases (test/support/op-cases.ts)'],
    [tables.includes(`'${name}'`), 'has no expected values (test/ops)'],
    [
      cases.some((one) => one.op === name) || Object.hasOwn(refused, name),
      'has no case as ONNX (test/onnx/export-cases.ts)',
    ],
  ];
  return parts.flatMap(([there, missing]) => (there ? [] : [`${name} ${missing}`]));
}
