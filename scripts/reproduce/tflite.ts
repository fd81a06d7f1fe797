/** Pisarchyk & Lee 2020 (arXiv 2001.03288), MiB of float32, and the arenas that TensorFlow Lite reports for int8. */
import { lowerBound } from '../../compiler/memory/index.ts';
import { type Cell, compared, mustBeNear, mustEqual, peakWith, type Table } from './table.ts';
import type { Tape } from './tape.ts';
import { inceptionV3, mobilenetV1, mobilenetV2 } from './tensorflow.ts';

const COLUMNS = [
  'naive',
  'bound',
  'greedy-by-size',
  'greedy-by-breadth',
  'exact',
  'min-cost-flow',
  'int8 bytes',
];

const near = (published: string, ours: string): Cell => mustBeNear(published, ours, 0.01);

const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(3);

const row = (
  name: string,
  make: () => Tape,
  published: readonly [naive: string, bound: string, int8?: number],
  cell: (published: string, ours: string) => Cell,
): Table['rows'][number] => {
  const intervals = make().lifetimes();
  const [naive, bound, int8] = published;
  return {
    name,
    cells: [
      cell(naive, mib(peakWith('naive', intervals))),
      cell(bound, mib(lowerBound(intervals))),
      cell(bound, mib(peakWith('greedy-by-size', intervals))),
      compared(bound, mib(peakWith('greedy-by-breadth', intervals))),
      cell(bound, mib(peakWith('exact', intervals))),
      int8 === undefined ? null : mustEqual(int8, peakWith('exact', make().lifetimes(1))),
    ],
  };
};

export const tflite = (): Table => ({
  title: 'Pisarchyk & Lee, memory in MiB',
  source: 'arXiv 2001.03288; Inception v3 to 0.01 MiB',
  columns: COLUMNS,
  rows: [
    row('MobileNet v1 224', mobilenetV1, ['19.248', '4.594', 1_204_224], mustEqual),
    row('MobileNet v2 224', mobilenetV2, ['26.313', '5.742', 1_505_280], mustEqual),
    row('Inception v3 299', inceptionV3, ['54.010', '7.914'], near),
  ],
});
