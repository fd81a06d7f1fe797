/** All planners under the names that reports and `millrace plan --planner` use, cheapest first. */
import { bump } from './bump.ts';
import { exact } from './exact/index.ts';
import { gergov } from './gergov.ts';
import { greedyByBreadth, greedyByBreadthFirstGap, greedyByTouchedBreadth } from './greedy-by-breadth.ts';
import { greedyByLongest, greedyByLongestFirstGap } from './greedy-by-longest.ts';
import { greedyBySize, greedyBySizeFirstGap } from './greedy-by-size.ts';
import { localSearch } from './improve.ts';
import type { Planner } from './interval.ts';
import { linearScan, linearScanFirstGap } from './linear-scan.ts';
import { minCostFlow } from './min-cost-flow.ts';
import { naive } from './naive.ts';
import { suite } from './suite.ts';

export const planners: Readonly<Record<string, Planner>> = {
  naive,
  bump,
  'linear-scan': linearScan,
  'linear-scan-first-gap': linearScanFirstGap,
  'greedy-by-size': greedyBySize,
  'greedy-by-size-first-gap': greedyBySizeFirstGap,
  'greedy-by-longest': greedyByLongest,
  'greedy-by-longest-first-gap': greedyByLongestFirstGap,
  'greedy-by-breadth': greedyByBreadth,
  'greedy-by-breadth-first-gap': greedyByBreadthFirstGap,
  'greedy-by-touched-breadth': greedyByTouchedBreadth,
  gergov,
  'min-cost-flow': minCostFlow,
  'local-search': localSearch,
  exact,
  suite,
};
