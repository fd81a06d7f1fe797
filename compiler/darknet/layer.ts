/**
 * What a layer of a Darknet network is: its extents and parameters, known from the sections up to it, and how it
 * becomes nodes. Sizes need the former only, so no graph is built to count bytes.
 */
import type { AttrsArgument } from '../ir/builder.ts';
import type { ValueId } from '../ir/graph.ts';
import type { Shape, TensorType } from '../ir/types.ts';
import type { GivenAttrs, OpName } from '../ops/index.ts';
import { MAX_INT, type Section } from './cfg.ts';

/** Height, width and channels; what is no image is 1×1. */
export interface Extent {
  readonly h: number;
  readonly w: number;
  readonly c: number;
}

export type Role = 'bias' | 'scale' | 'mean' | 'variance' | 'weight';

export interface Parameter {
  readonly role: Role;
  readonly shape: Shape;
  /** The file may have this matrix transposed (`connected` layers of old files). */
  readonly mayBeTransposed?: boolean;
}

export interface Layer {
  readonly out: Extent;
  /** In the order of the weights file. */
  readonly parameters: readonly Parameter[];
  /** What the network is for ends here: boxes. */
  readonly detection?: true;
  /** Computes nothing at inference. */
  readonly passive?: true;
  emit(emitter: Emitter): ValueId;
}

/** What `resolve` may look at. */
export interface Surroundings {
  readonly index: number;
  readonly input: Extent;
  /** Indices of layers that an option names, absolute or counted back from this one. */
  layers(option: string): number[];
  extentOf(layer: number): Extent;
}

/** Makes the nodes of one layer. Images are [1, h, w, c]. */
export interface Emitter {
  readonly input: ValueId;
  outputOf(layer: number): ValueId;
  typeOf(id: ValueId): TensorType;
  parameter(role: Role): ValueId;
  /** One value everywhere it is needed. */
  scalar(value: number): ValueId;
  node<N extends OpName>(
    op: N,
    inputs: readonly (ValueId | null)[],
    ...attrs: AttrsArgument<GivenAttrs[N]>
  ): ValueId;
  nodes<N extends OpName>(
    op: N,
    inputs: readonly ValueId[],
    ...attrs: AttrsArgument<GivenAttrs[N]>
  ): ValueId[];
}

export interface LayerKind {
  /** Options that change what is computed in ways that are not supported, with the values that do not. */
  readonly refuses?: Readonly<Record<string, readonly string[]>>;
  resolve(section: Section, around: Surroundings): Layer;
}

/** Elements of one image; more than C's int is an error, as it would be in Darknet. */
export function checkedExtent(section: Section, h: number, w: number, c: number): Extent {
  const fits = [h, w, c].every((dim) => Number.isSafeInteger(dim) && dim >= 1) && h * w * c <= MAX_INT;
  if (!fits)
    throw section.invalid('its output cannot be', {
      expected: `extents from 1 on, at most ${MAX_INT} elements`,
      got: `${h}×${w}×${c}`,
    });
  return { h, w, c };
}

/** A parameter of sensible size. */
export function checkedParameter(section: Section, role: Role, shape: Shape): Parameter {
  const count = shape.reduce((product, dim) => product * dim, 1);
  if (!(count <= MAX_INT))
    throw section.invalid(`has a ${role} too large`, {
      expected: `at most ${MAX_INT} elements`,
      got: `[${shape.join(', ')}]`,
    });
  return { role, shape };
}

/** Scale, mean and variance of a layer with `batch_normalize`, as the file has them. */
export const statistics = (section: Section, channels: number): Parameter[] =>
  (['scale', 'mean', 'variance'] as const).map((role) => checkedParameter(section, role, [channels]));

/**
 * (x − mean) / √(variance + ε) · scale + bias over the last axis. Darknet's CPU code, its GPU code and its fusion of
 * the two differ in where the small number goes; this is the fusion's (`fuse_conv_batchnorm`).
 */
export function normalized(emitter: Emitter, x: ValueId): ValueId {
  const roles = ['scale', 'bias', 'mean', 'variance'] as const;
  return emitter.node('batchNorm', [x, ...roles.map((role) => emitter.parameter(role))], {
    axis: emitter.typeOf(x).shape.length - 1,
    epsilon: 0.00001,
  });
}

/** [1, h, w, c] as the vector [1, c·h·w] that Darknet has in memory: channels first. */
export function flattened(emitter: Emitter, x: ValueId, { h, w, c }: Extent): ValueId {
  const order = h * w === 1 ? x : emitter.node('transpose', [x], { perm: [0, 3, 1, 2] });
  return emitter.node('reshape', [order], { shape: [1, c * h * w] });
}
