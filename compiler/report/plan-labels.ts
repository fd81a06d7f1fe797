/** Names for what a plan places, so that every rectangle of a picture leads back to an op of the network. */
import type { Manifest } from '../../runtime/format/format.ts';
import { lifetimesOf } from '../schedule/lifetimes.ts';
import type { Schedule } from '../schedule/schedule.ts';
import type { PlanLabels } from './plan-svg.ts';

/** Layers named in the label of a segment that many share. */
const MOST_NAMES = 3;

interface Named {
  readonly layers: readonly {
    readonly name: string;
    readonly op: string;
    readonly firstStep: number;
    readonly steps: number;
  }[];
  readonly segments: readonly { readonly firstUse: number; readonly lastUse: number }[];
}

export const bundleLabels = (manifest: Manifest): PlanLabels =>
  labelsOf(manifest, new Map(manifest.lifetimes.map(({ value, name }) => [value, name])));

export const scheduleLabels = (schedule: Schedule): PlanLabels =>
  labelsOf(schedule, new Map(lifetimesOf(schedule).map(({ slot }) => [slot, schedule.slots[slot]!.name])));

function labelsOf({ layers, segments }: Named, values: ReadonlyMap<number, string>): PlanLabels {
  const steps: string[] = [];
  for (const { name, op, steps: count } of layers)
    for (let step = 0; step < count; step++) steps.push(`${name} (${op})`);
  const weightsOf = segments.map(({ firstUse, lastUse }, s) => {
    const names = [...new Set(steps.slice(firstUse, lastUse + 1))];
    const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : '';
    return `segment ${s}: weights of ${names.slice(0, MOST_NAMES).join(', ')}${more}`;
  });
  return { steps, values, segments: weightsOf };
}
