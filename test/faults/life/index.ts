/** The scenarios, by name. */
import { guided } from '../guided/index.ts';
import { cgroup } from './cgroup.ts';
import { kill } from './kill.ts';
import { descriptors, flat, fullDisk } from './limits.ts';
import { reads } from './reads.ts';
import type { Scenario } from './scenario.ts';
import { aborts, exits, workers } from './stops.ts';

export const scenarios: Readonly<Record<string, Scenario>> = {
  guided,
  reads,
  aborts,
  workers,
  exits,
  kill,
  descriptors,
  fullDisk,
  flat,
  cgroup,
};
