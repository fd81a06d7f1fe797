/**
 * Darknet's `.weights`: three version numbers, the count of images seen in training (8 bytes from version 0.2 on, 4
 * before), then the float32 parameters of all layers in their order, without any directory. Where something lies
 * follows from the `.cfg` alone, so only the exact size tells whether the two belong together.
 * Source: `load_weights_upto` of Darknet (AlexeyAB).
 */
import { MillraceError } from '../../runtime/error.ts';
import type { TypedConstant } from '../ir/constant.ts';
import { byteLength, type TensorType } from '../ir/types.ts';
import { recipeOf } from '../model/initializers.ts';
import { withWeightsFile } from '../model/weights/weights-file.ts';
import { applied } from '../ops/constants/recipes.ts';
import type { Parameter } from './layer.ts';
import type { NamedLayer } from './network.ts';

/** Recipes of all parameters, by layer and role. */
export type Weights = (layer: NamedLayer, parameter: Parameter) => TypedConstant;

const typeOf = ({ shape }: Parameter): TensorType => ({ dtype: 'float32', shape });
export const parameterBytes = (parameter: Parameter): number => byteLength(typeOf(parameter));

/** What today's Darknet writes: versions and a long counter. */
export const HEADER_BYTES = 20;

export function fileWeights(path: string, layers: readonly NamedLayer[]): Weights {
  const { start, transposed } = withWeightsFile(path, (file) => {
    const version = new DataView(file.bytes(0, 12).buffer);
    const major = version.getInt32(0, true);
    const minor = version.getInt32(4, true);
    if (major < 0 || minor < 0) throw file.invalid('has no version of Darknet', { got: `${major}.${minor}` });
    const header = major * 10 + minor >= 2 ? HEADER_BYTES : 16;
    const wanted = layers
      .flatMap(({ parameters }) => parameters)
      .reduce((sum, parameter) => sum + parameterBytes(parameter), header);
    if (file.size !== wanted)
      throw file.invalid('does not belong to this network', {
        expected: `${wanted} bytes`,
        got: `${file.size} bytes`,
        hint: 'Files of the first layers only (such as yolov4.conv.137) are for training.',
      });
    return { start: header, transposed: major > 1000 || minor > 1000 };
  });
  const offsets = new Map<Parameter, number>();
  let at = start;
  for (const parameter of layers.flatMap(({ parameters }) => parameters)) {
    offsets.set(parameter, at);
    at += parameterBytes(parameter);
  }
  return (_layer, parameter) => {
    const type = typeOf(parameter);
    const constant = { kind: 'file', path, offset: offsets.get(parameter)! } as const;
    if (!transposed || parameter.mayBeTransposed !== true) return { type, constant };
    const stored: TypedConstant = {
      type: { dtype: type.dtype, shape: [...type.shape].reverse() },
      constant,
    };
    return applied('transpose', [stored], { perm: [1, 0] });
  };
}

/** As training from a small scale leaves it: the sum of fifty branches of random weights stays in range. */
const BRANCH_SCALE = 0.2;

/**
 * Made up: He-normal weights, statistics that change nothing, and a small scale where a branch is added to what went
 * around it.
 */
export function seededWeights(seed: number, layers: readonly NamedLayer[]): Weights {
  if (!Number.isSafeInteger(seed))
    throw new MillraceError('OPTION', 'the seed is not a whole number', {
      expected: 'a whole number',
      got: `${seed}`,
    });
  const branches = new Set(layers.filter((_, i) => layers[i + 1]?.section.type === 'shortcut'));
  return (layer, parameter) => {
    const { role, shape } = parameter;
    const scale = branches.has(layer) ? BRANCH_SCALE : 1;
    const values = { bias: 0, mean: 0, variance: 1, scale };
    const initializer =
      role === 'weight' ? ({ kind: 'he' } as const) : ({ kind: 'constant', value: values[role] } as const);
    return {
      type: typeOf(parameter),
      constant: recipeOf(initializer, shape, `${layer.name}.${role}`, seed),
    };
  };
}
