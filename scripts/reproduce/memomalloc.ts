/** The memory table of MemoMalloc (arXiv 2203.00448, res.csv of its repository): five networks of 1×3×128×128. */
import { compared, mustEqual, peakWith, type Table } from './table.ts';
import type { Tape } from './tape.ts';
import {
  deeplabv3Resnet101,
  mobilenetV2,
  mobilenetV3Large,
  mobilenetV3Small,
  resnet152,
} from './torchvision.ts';

/** Bytes; `exact` counts the leading columns that a reader of the recipe must find. Min-cost flow depends on ties. */
const PUBLISHED: readonly {
  readonly name: string;
  readonly make: () => Tape;
  readonly exact: readonly string[];
  readonly bytes: readonly number[];
}[] = [
  {
    name: 'resnet152',
    make: resnet152,
    exact: ['greedy-by-size', 'exact', 'greedy-by-longest', 'bump', 'min-cost-flow'],
    bytes: [3_145_728, 3_145_728, 3_407_872, 74_399_744, 3_670_016, 3_735_552],
  },
  {
    name: 'mobilenet_v2',
    make: mobilenetV2,
    exact: ['greedy-by-size', 'exact', 'greedy-by-longest', 'bump'],
    bytes: [3_145_728, 3_145_728, 3_145_728, 16_990_208, 3_915_776, 3_375_104],
  },
  {
    name: 'mobilenet_v3_small',
    make: mobilenetV3Small,
    exact: ['greedy-by-size', 'exact', 'greedy-by-longest', 'bump'],
    bytes: [589_824, 589_824, 589_824, 3_989_536, 814_784, 722_944],
  },
  {
    name: 'mobilenet_v3_large',
    make: mobilenetV3Large,
    exact: ['greedy-by-size', 'exact', 'greedy-by-longest', 'bump'],
    bytes: [2_097_152, 2_097_152, 2_097_152, 12_149_792, 2_725_184, 2_469_888],
  },
  {
    name: 'deeplabv3_resnet101',
    make: deeplabv3Resnet101,
    exact: ['greedy-by-size', 'exact', 'greedy-by-longest'],
    bytes: [6_291_456, 6_291_456, 7_340_032, 152_840_192, 8_258_560, 8_650_752],
  },
];

const COLUMNS = ['greedy-by-size', 'exact', 'greedy-by-longest', 'bump', 'min-cost-flow', 'gergov'];

export const memomalloc = (): Table => ({
  title: 'MemoMalloc, memory in bytes',
  source: 'arXiv 2203.00448',
  columns: COLUMNS,
  rows: PUBLISHED.map(({ name, make, exact, bytes }) => {
    const intervals = make().lifetimes();
    return {
      name,
      cells: COLUMNS.map((planner, n) =>
        (exact.includes(planner) ? mustEqual : compared)(bytes[n]!, peakWith(planner, intervals)),
      ),
    };
  }),
});
