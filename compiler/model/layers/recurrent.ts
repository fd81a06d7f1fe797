/** Recurrent layers over whole sequences. Parameters have the names, the shapes and the gate order of PyTorch. */
import type { Shape } from '../../ir/types.ts';
import { checkOptions, layerName, makeParameter, node, nodes } from '../definition.ts';
import { type Initializer, uniform } from '../init.ts';
import type { AnyTensor, Tensor } from '../tensor.ts';
import type { Recurrent } from '../types/sequence.ts';
import type { OnlyOptions } from '../types/verdict.ts';
import type { SpatialVerdict } from '../types/window.ts';

/** Options of `lstm` and `gru`. */
export interface RecurrentOptions {
  /** Numbers of the state. */
  readonly units: number;
  /** Backward from the last step, or both ways, one after the other in the channels. Default 'forward'. */
  readonly direction?: 'forward' | 'reverse' | 'both';
  /** Default true. */
  readonly bias?: boolean;
  /** Default: uniform in ±1 / √units. */
  readonly initializer?: Initializer;
  readonly name?: string;
}

const names = ['units', 'direction', 'bias', 'initializer', 'name'];

function run<T extends AnyTensor>(op: 'lstm' | 'gru', x: AnyTensor, options: RecurrentOptions): T {
  const name = layerName(options.name ?? op);
  checkOptions(name, options, names);
  const { units, direction = 'forward', bias = true } = options;
  const rows = (op === 'lstm' ? 4 : 3) * units;
  const bound = 1 / Math.sqrt(units);
  const initializer = options.initializer ?? uniform(-bound, bound);
  const one = (reverse: boolean): AnyTensor => {
    // PyTorch's suffixes: the layer of a stack, here the only one, and the direction.
    const suffix = direction === 'both' && reverse ? '_l0_reverse' : '_l0';
    const weight = (role: string, shape: Shape): AnyTensor =>
      makeParameter(`${name}.${role}${suffix}`, shape, initializer);
    const weights = [weight('weight_ih', [rows, x.dim(-1)]), weight('weight_hh', [rows, units])];
    const biases = bias ? [weight('bias_ih', [rows]), weight('bias_hh', [rows])] : [];
    const part = direction === 'both' ? `${name}.${reverse ? 'reverse' : 'forward'}` : name;
    return nodes(part, op, [x, ...weights, ...biases], { reverse })[0]!;
  };
  if (direction !== 'both') return one(direction === 'reverse') as T;
  return node(name, 'concat', [one(false), one(true)], { axis: 2 });
}

/**
 * Long short-term memory (Hochreiter and Schmidhuber 1997): [N, T, C] → [N, T, units], the state of every step.
 * @throws MillraceError MODEL_SHAPE where x is no sequence, OPTION for an option that is none.
 * @example lstm(words, { units: 32, direction: 'both' }) // [1, 16, 64]
 */
export const lstm = <S extends Shape, const O extends RecurrentOptions>(
  x: Tensor<'float32', S> & SpatialVerdict<S, 1>['verdict'],
  options: O & OnlyOptions<O, RecurrentOptions>['verdict'],
): Tensor<'float32', Recurrent<S, O>> => run('lstm', x, options);

/**
 * Gated recurrent unit (Cho et al. 2014, arXiv 1406.1078): [N, T, C] → [N, T, units], the state of every step.
 * @throws MillraceError MODEL_SHAPE where x is no sequence, OPTION for an option that is none.
 * @example gru(words, { units: 32 }) // [1, 16, 32]
 */
export const gru = <S extends Shape, const O extends RecurrentOptions>(
  x: Tensor<'float32', S> & SpatialVerdict<S, 1>['verdict'],
  options: O & OnlyOptions<O, RecurrentOptions>['verdict'],
): Tensor<'float32', Recurrent<S, O>> => run('gru', x, options);
