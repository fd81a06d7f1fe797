/** The passes in order, each with the reason for its place. */
import type { Graph } from '../ir/graph.ts';
import { verify } from '../ir/verify.ts';
import { signatures } from '../ops/index.ts';
import { atOnce, type Pieces } from '../pieces.ts';
import { decompose } from './decompose.ts';
import { eliminateCommon } from './eliminate-common.ts';
import { eliminateDead } from './eliminate-dead.ts';
import { eliminateForwards } from './eliminate-forwards.ts';
import { eliminateReshape } from './eliminate-reshape.ts';
import { foldAffine } from './fold-affine.ts';
import { foldConstants } from './fold-constants.ts';
import { foldPadding } from './fold-padding.ts';
import { fuseEpilogue } from './fuse-epilogue.ts';
import { fuseFunctions } from './fuse-functions.ts';
import { fuseResidual } from './fuse-residual.ts';
import { layout } from './layout.ts';
import type { Pass } from './pass.ts';
import { widenFloat16 } from './widen-float16.ts';

export const passes: readonly Pass[] = [
  eliminateDead, // the less there is, the quicker the rest
  decompose, // first of what looks at ops: the rest sees what they are made of
  widenFloat16, // before anything looks at weights: they are float32 from here on
  eliminateForwards, // dropout between a convolution and its normalisation would hide one from the other
  foldConstants, // what shapes and axes depend on is now known; weights are constants, not nodes
  eliminateCommon, // branches read one transpose, not two equal ones
  eliminateReshape, // leaves for the layout what views really are
  fuseFunctions, // while what it looks for is still spelled as exported
  layout,
  eliminateForwards, // what folding and the layout made trivial
  eliminateReshape, // transposes that became views
  eliminateCommon,
  foldPadding, // now that padding and convolution are in one layout
  foldAffine, // after the layout: channels are last, and no transpose stands between
  fuseResidual, // before epilogues: act(conv + residual), not act(conv) + residual
  fuseEpilogue,
  eliminateReshape,
  eliminateCommon,
  eliminateDead,
];

export interface OptimizeOptions {
  /** Called with the result of each pass. */
  readonly after?: ((pass: Pass, graph: Graph) => void) | undefined;
  /** Checks what is given and the result of each pass; a failure names the pass. */
  readonly verify?: boolean | undefined;
  /** Called after each of these checks. */
  readonly onVerified?: ((what: string) => void) | undefined;
}

/** All passes, one at a time; yields the share of them that is done. */
export function* optimizing(graph: Graph, options: OptimizeOptions = {}): Pieces<Graph> {
  const check = (checked: Graph, when: string): void => {
    if (options.verify !== true) return;
    verify(checked, signatures, when);
    options.onVerified?.(`graph ${when}`);
  };
  let result = graph;
  check(graph, 'before the passes');
  for (const [i, pass] of passes.entries()) {
    result = pass.run(result);
    check(result, `after ${pass.name}`);
    options.after?.(pass, result);
    yield (i + 1) / passes.length;
  }
  return result;
}

/** All passes. */
export const optimize = (graph: Graph, options: OptimizeOptions = {}): Graph =>
  atOnce(optimizing(graph, options));
