/**
 * Arenas of activations and scratch: the compiler's suite against the bound that no placement beats, and against the
 * best of the greedy planners. Networks with something to say are listed, the others counted.
 */

import { planningOf } from '../../compiler/compile.ts';
import { lowerBound, planners, runSuite, verifyPlacement } from '../../compiler/memory/index.ts';
import type { PlanValue } from '../../compiler/memory/problem.ts';
import { referenceDevice } from '../../compiler/schedule/device/cost.ts';
import { MillraceError } from '../../runtime/error.ts';
import { VALUE_ALIGNMENT } from '../../runtime/format/format.ts';
import { darknetNetworks, type Network, onnxNetworks, zooNetworks } from './networks.ts';
import { type Cell, compared, peakWith, type Table } from './table.ts';

const greedy = Object.keys(planners).filter((name) => name.startsWith('greedy'));
const aligned = { alignmentOf: () => VALUE_ALIGNMENT };

export interface Arena {
  readonly suite: number;
  readonly bound: number;
  readonly bestGreedy: number;
}

export function arenaOf(lifetimes: readonly PlanValue[]): Arena {
  // Rounded up, or peaks would differ by the padding behind whatever comes to lie last.
  const values = lifetimes.map((value) => ({
    ...value,
    byteLength: VALUE_ALIGNMENT * Math.ceil(value.byteLength / VALUE_ALIGNMENT),
  }));
  const { placement } = runSuite(values, aligned);
  return {
    suite: verifyPlacement(values, placement),
    bound: lowerBound(values, aligned),
    bestGreedy: Math.min(...greedy.map((name) => peakWith(name, values, VALUE_ALIGNMENT))),
  };
}

interface Counted {
  readonly networks: number;
  readonly atBound: number;
  readonly above: number;
  readonly refused: number;
  readonly exceptions: readonly (readonly [name: string, arena: Arena])[];
}

async function count(networks: readonly Network[]): Promise<Counted> {
  let [planned, atBound, above, refused] = [0, 0, 0, 0];
  const exceptions: [string, Arena][] = [];
  for (const { name, graph } of networks) {
    let arena: Arena;
    try {
      arena = arenaOf(planningOf(await graph(), { device: referenceDevice }).problem.values);
    } catch (error) {
      // Not an op that is compiled, or a shape that is only known at run time.
      if (!(error instanceof MillraceError) || error.code === 'INTERNAL') throw error;
      refused++;
      continue;
    }
    planned++;
    if (arena.suite <= arena.bound) atBound++;
    else exceptions.push([name, arena]);
    if (arena.suite > arena.bestGreedy) above++;
  }
  return { networks: planned, atBound, above, refused, exceptions };
}

const plain = (text: string): Cell => compared(text, text);
const SHARE = 0.95;

export async function arenas(): Promise<Table> {
  const groups: readonly (readonly [string, readonly Network[]])[] = [
    ['zoo', zooNetworks()],
    ['Darknet', darknetNetworks()],
    ['ONNX, light', onnxNetworks('light')],
    ['ONNX, models', onnxNetworks('models')],
    ['ONNX, cases', onnxNetworks('cases')],
  ];
  const rows: Table['rows'][number][] = [];
  for (const [name, networks] of groups) {
    if (networks.length === 0) continue;
    const { networks: planned, atBound, above, refused, exceptions } = await count(networks);
    const share = planned > 0 ? atBound / planned : 1;
    rows.push({
      name,
      cells: [
        plain(String(planned)),
        plain(String(refused)),
        plain(String(atBound)),
        { published: '≥ 95 %', ours: `${(100 * share).toFixed(1)} %`, agrees: share >= SHARE },
        { published: '0', ours: String(above), agrees: above === 0 },
        null,
      ],
    });
    for (const [exception, { suite, bound }] of exceptions)
      rows.push({
        name: `  ${exception}`,
        cells: [null, null, null, null, null, plain(`${suite} of ${bound}, +${pct(suite / bound - 1)} %`)],
      });
  }
  return {
    title: 'Arenas of activations and scratch',
    source: 'bytes; the bound is the most that is live at once',
    columns: [
      'networks',
      'not compiled',
      'at the bound',
      'share',
      'above the best greedy',
      'above the bound',
    ],
    rows,
  };
}

const pct = (ratio: number): string => (100 * ratio).toFixed(2);
