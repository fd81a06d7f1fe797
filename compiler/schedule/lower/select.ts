/**
 * Chooses among the ways to run a node: the one whose predicted time on the device is least. On the reference device
 * many are bound by their arithmetic alike; of equal times the one that moves fewer bytes is taken, then the first.
 * A pin (`--variant f32-conv=panels`) overrules the prediction wherever the node offers that way.
 */
import { MillraceError } from '../../../runtime/error.ts';
import type { VariantChoice } from '../../../runtime/format/format.ts';
import type { Alternative, Cost, Lowered } from '../../ops/define/lowering.ts';
import { type Device, type StepWork, workMilliseconds } from '../device/cost.ts';
import { packedBytes } from './packed.ts';

export interface Selected {
  readonly lowered: Lowered;
  readonly cost: Cost;
  /** Null where there was no choice. */
  readonly choice: VariantChoice | null;
}

/** Variant by kernel: `{ 'f32-conv': 'panels' }`. */
export type Pins = Readonly<Record<string, string>>;

export class Selector {
  readonly #device: Device;
  readonly #pins: ReadonlyMap<string, string>;
  /** Variants that some node offered, by kernel: to tell a pin that means nothing. */
  readonly #offered = new Map<string, Set<string>>();

  constructor(device: Device, pins: Pins = {}) {
    this.#device = device;
    this.#pins = new Map(Object.entries(pins).map(([kernel, variant]) => [kernel, `${kernel}/${variant}`]));
  }

  /** `opCost` is what the op itself costs, for ways that do not say. */
  select(lowered: Lowered | readonly Alternative[], opCost: Cost): Selected {
    if (!isList(lowered)) return { lowered, cost: opCost, choice: null };
    const ways = lowered.map((way) => this.#rate(way, way.cost ?? opCost));
    for (const { way } of ways) this.#remember(way.variant);
    const pinned = ways.find(({ way }) => this.#pins.get(kernelOfVariant(way.variant)) === way.variant);
    const best = pinned ?? ways.reduce((a, b) => (isBetter(b, a) ? b : a));
    return {
      lowered: best.way,
      cost: best.cost,
      choice: {
        variant: best.way.variant,
        why: pinned === undefined ? 'cost' : 'pinned',
        offered: ways.map(({ way, ms }) => ({ variant: way.variant, ms })),
      },
    };
  }

  /** Throws OPTION for a pin that no node could follow. */
  checkPins(): void {
    for (const [kernel, variant] of this.#pins) {
      const offered = this.#offered.get(kernel);
      if (offered?.has(variant)) continue;
      const known = [...this.#offered.values()].flatMap((names) => [...names]);
      throw new MillraceError('OPTION', `no layer of this network can run as "${variant}"`, {
        at: 'variants',
        expected: known.length === 0 ? 'no pin: each layer runs in one way only' : known.sort().join(', '),
        got: variant,
      });
    }
  }

  #rate(way: Alternative, cost: Cost): Rated {
    const work: StepWork = {
      kernel: way.variant,
      flops: cost.flops,
      bytes: cost.bytes,
      weightBytes: way.weights.reduce((sum, packed) => sum + packedBytes(packed), 0),
    };
    return { way, cost, ms: workMilliseconds(work, this.#device) };
  }

  #remember(variant: string): void {
    const kernel = kernelOfVariant(variant);
    const known = this.#offered.get(kernel);
    if (known === undefined) this.#offered.set(kernel, new Set([variant]));
    else known.add(variant);
  }
}

/** The kernel of a `kernel/variant`. */
export const kernelOfVariant = (variant: string): string => variant.slice(0, variant.indexOf('/'));

interface Rated {
  readonly way: Alternative;
  readonly cost: Cost;
  readonly ms: number;
}

const isList = (lowered: Lowered | readonly Alternative[]): lowered is readonly Alternative[] =>
  Array.isArray(lowered);

const isBetter = (a: Rated, b: Rated): boolean =>
  a.ms < b.ms || (a.ms === b.ms && a.cost.bytes < b.cost.bytes);
