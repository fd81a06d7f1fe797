/** The mappings, by ONNX op of the default domain. One line per op, in the file of its family. */

import type { Mapping } from '../import/context.ts';
import { constants } from './constants.ts';
import { convolution } from './convolution.ts';
import { dense } from './dense.ts';
import { elementwise } from './elementwise.ts';
import { indexing } from './indexing.ts';
import { normalize } from './normalize.ts';
import { pooling } from './pooling.ts';
import { recurrence } from './recurrent.ts';
import { reduction } from './reduction.ts';
import { resizing } from './resize.ts';
import { shapes } from './shape.ts';

const mappings: ReadonlyMap<string, Mapping> = new Map(
  [
    constants,
    convolution,
    dense,
    elementwise,
    indexing,
    normalize,
    pooling,
    recurrence,
    reduction,
    resizing,
    shapes,
  ].flatMap((family) => Object.entries(family)),
);

export const mappingOf = (domain: string, op: string): Mapping | undefined =>
  domain === '' ? mappings.get(op) : undefined;

/** Names of the ONNX ops that can be imported. */
export const mappedOps: readonly string[] = [...mappings.keys()].sort();
