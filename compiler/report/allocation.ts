/** What a capture records: one allocation of a run, and whose it is. */
import type { Manifest } from '../../runtime/format/format.ts';
import { layerAt } from '../../runtime/format/layers.ts';

export interface Allocation {
  readonly id: string;
  readonly kind: 'activation' | 'scratch' | 'weights';
  /** The first value that was written into it; −1 for a segment. */
  readonly value: number;
  readonly segment: number;
  /** Where it was, in the arena. */
  readonly offset: number;
  readonly byteLength: number;
  /** Half-open, in steps. */
  readonly start: number;
  readonly end: number;
  /** The operator, and the way from it to the kernel's operand. */
  readonly op: string;
  readonly chain: readonly string[];
}

export const operatorAt = ({ layers }: Manifest, step: number): { name: string; op: string } =>
  layerAt(layers, step) ?? {
    name: `step ${step}`,
    op: 'step',
  };
