/**
 * `defineModel`: runs a function once over symbolic tensors and keeps the graph it describes. Layers are plain
 * functions, a block is a function that calls them; `scope` gives the parameters inside a prefix, so that names
 * are those a person would look up (`stage1.block2.conv1.weight`).
 */
import { MillraceError } from '../../runtime/error.ts';
import type { Graph } from '../ir/graph.ts';
import type { DType, Shape } from '../ir/types.ts';
import { graphBuilder } from '../ops/index.ts';
import {
  emptyDefinition,
  type ModelOptions,
  makeParameter,
  type Parameter,
  scopedName,
  within,
} from './definition.ts';
import { he, type Initializer } from './init.ts';
import { type AnyTensor, Tensor } from './tensor.ts';
import type { Mutable } from './types/dimensions.ts';

/** Dtype and shape of an input or output. */
export interface Port<D extends DType = DType, S extends Shape = Shape> {
  readonly dtype: D;
  readonly shape: S;
}

/** Inputs or outputs by name. */
export type Ports = Readonly<Record<string, Port>>;

/** A defined network; `Model<{ image: Port<'float32', [1, 224, 224, 3]> }, { probs: Port<'float32', [1, 1000]> }>`. */
export interface Model<I extends Ports = Ports, O extends Ports = Ports> {
  readonly name: string;
  readonly inputs: I;
  readonly outputs: O;
  /** In the order in which the layers made them. */
  readonly parameters: readonly Parameter[];
  readonly graph: Graph;
}

/**
 * Describes an input: its dtype and its shape.
 * @example tensor('float32', [1, 224, 224, 3])
 */
export const tensor = <const D extends DType, const S extends Shape>(
  dtype: D,
  shape: S,
): Port<D, Mutable<S>> => ({ dtype, shape: [...shape] as Mutable<S> });

/** The tensors that a network's body receives. */
export type Inputs<I extends Ports> = { readonly [K in keyof I]: Tensor<I[K]['dtype'], I[K]['shape']> };

/** What the tensors that a body returns are, as outputs of the network. */
export type Outputs<O extends Readonly<Record<string, AnyTensor>>> = {
  readonly [K in keyof O]: Port<O[K]['dtype'], O[K]['shape']>;
};

/**
 * Defines a network: runs `body` once, with a tensor for each input, and keeps what it does. `body` returns the outputs by
 * name.
 * @throws MillraceError MODEL_SHAPE where a layer does not fit its inputs, MODEL_WEIGHTS where the weights do not fit the layers,
 * MODEL_INVALID where a definition stands in another or a name is taken.
 * @example
 * export default defineModel('digits', { image: tensor('float32', [1, 28, 28, 1]) }, ({ image }) => ({
 *   probs: softmax(dense(flatten(image), { units: 10 })),
 * }));
 */
export function defineModel<I extends Ports, O extends Readonly<Record<string, AnyTensor>>>(
  name: string,
  inputs: I,
  body: (inputs: Inputs<I>) => O,
  options: ModelOptions = {},
): Model<I, Outputs<O>> {
  const builder = graphBuilder(name);
  const state = emptyDefinition(builder, options);
  return within(state, () => {
    // Made of entries: an assignment to "__proto__" would make no property.
    const tensors = Object.fromEntries(
      Object.entries(inputs).map(([key, { dtype, shape }]) => [
        key,
        new Tensor(builder, builder.input(key, { dtype, shape })),
      ]),
    );
    const outputs = Object.fromEntries(
      Object.entries(body(tensors as Inputs<I>)).map(([key, value]) => {
        builder.output(key, value.id);
        return [key, { dtype: value.dtype, shape: value.shape }];
      }),
    );
    if (state.unused.size > 0)
      throw new MillraceError('MODEL_INVALID', 'weights were given that no layer asks for', {
        at: name,
        got: [...state.unused].join(', '),
      });
    state.binding?.finish(name);
    const parameters = [...state.parameters.values()].map(({ parameter }) => parameter);
    return { name, inputs, outputs: outputs as Outputs<O>, parameters, graph: builder.build() };
  });
}

/**
 * Number of trained weights, as papers count them: running means and variances are left out.
 * @example parameterCount(resnet50()) // 25557032
 */
export const parameterCount = ({ parameters }: Pick<Model, 'parameters'>): number =>
  parameters
    .filter(({ trainable }) => trainable)
    .reduce((sum, { type }) => sum + type.shape.reduce((product, extent) => product * extent, 1), 0);

/**
 * A weight for layers to share, float32, under the name it is given in the current scope.
 * @throws MillraceError MODEL_INVALID outside of `defineModel` or for a name that is taken, MODEL_SHAPE for weights of another size.
 * @example const table = parameter('tokens.weight', [50257, 768], init.normal(0, 0.02));
 */
export function parameter<const S extends Shape>(
  name: string,
  shape: S,
  initializer: Initializer = he,
): Tensor<'float32', Mutable<S>> {
  return makeParameter(scopedName(name), shape, initializer) as Tensor<'float32', Mutable<S>>;
}
