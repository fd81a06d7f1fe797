/** Options of `compile`, checked by name: a misspelt option is an error, never ignored. */
import { MillraceError } from '../runtime/error.ts';
import { parseSize } from '../runtime/size.ts';
import type { Graph } from './ir/graph.ts';
import type { WatchOptions } from './progress.ts';
import { type Device, referenceDevice } from './schedule/device/cost.ts';

/** Options of `compile`. */
export interface CompileOptions extends WatchOptions {
  /** Memory bound of the stored plans, in bytes or as '8MiB'; one plan for each. Default: four standard plans. */
  readonly budget?: number | string | readonly (number | string)[];
  /** The device that delays are predicted for: some figures, or what `deviceOf` makes of a profile. */
  readonly device?: Partial<Device>;
  /** Pins the way that layers of a kernel run, where they can run in several: `{ 'f32-conv': 'panels' }`. */
  readonly variants?: Readonly<Record<string, string>>;
  /** Called with the graph after each pass, in order; some passes run more than once. */
  readonly onPass?: ((pass: string, graph: Graph) => void) | undefined;
  /**
   * Verifies the graph before the passes and after each, and the schedule once more when it has been cut. Sharing of
   * memory and plans are verified always. What is wrong is an INTERNAL error that names the place.
   */
  readonly verify?: boolean | undefined;
  /** Called after each verification with what was right: `graph after layout`, `plan smallest`. */
  readonly onVerified?: ((what: string) => void) | undefined;
}

export interface CheckedOptions {
  /** Empty: the standard plans. */
  readonly budgets: readonly number[];
  readonly device: Device;
  readonly variants: Readonly<Record<string, string>>;
}

const names: readonly (keyof CompileOptions)[] = [
  ...(['budget', 'device', 'variants', 'signal', 'onProgress'] as const),
  ...(['onPass', 'verify', 'onVerified'] as const),
];

export function checkOptions(options: CompileOptions): CheckedOptions {
  refuseUnknown(options, names, 'option of compile');
  const device = options.device ?? {};
  refuseUnknown(device, [...Object.keys(referenceDevice), 'kernels', 'measured'], 'field of device');
  for (const [name, value] of Object.entries(device)) {
    if (typeof referenceDevice[name as keyof Device] !== 'number') continue;
    if (typeof value !== 'number' || !(value >= 0 && value <= Number.MAX_VALUE))
      throw new MillraceError('OPTION', 'not a positive number', {
        at: `device.${name}`,
        got: String(value),
      });
  }
  const { budget } = options;
  const list = budget === undefined ? [] : Array.isArray(budget) ? budget : [budget];
  return {
    budgets: list.map((size: number | string) => parseSize(size, 'budget')),
    device: { ...referenceDevice, ...device },
    variants: options.variants ?? {},
  };
}

function refuseUnknown(given: object, known: readonly string[], what: string): void {
  for (const name of Object.keys(given))
    if (!known.includes(name))
      throw new MillraceError('OPTION', `unknown ${what}: "${name}"`, { expected: known.join(', ') });
}
