/**
 * Batch normalisation and constant scale or shift, y = s·x + t per channel, disappear into the convolution or product
 * that made x = w∗v + b:
 *
 *   w' = s·w (along the output channels of w)        b' = s·b + t
 *
 * as recipes: no weight is read here. Affine nodes in a row without such a node before them become one
 * normalisation, one multiply-add per element. An affine node *before* a convolution is not folded into it: the
 * convolution's padding is zero after the shift, not before.
 */
import type { TypedConstant } from '../ir/constant.ts';
import type { Node, ValueId } from '../ir/graph.ts';
import { elementCount, sameType } from '../ir/types.ts';
import { product, reshaped, simplified, splat, sum, vectorOf } from '../ops/constants/recipes.ts';
import { type OpRewrite, opOf, rewriteOf } from '../ops/index.ts';
import { epilogueIsFree } from './fuse-epilogue.ts';
import type { Pass } from './pass.ts';

export const foldAffine: Pass = {
  name: 'fold-affine',
  why: 'normalisation after a convolution is constant arithmetic on its weights',
  run(graph) {
    const rewrite = rewriteOf(graph);
    for (const node of rewrite.nodes()) {
      const affine = affineOf(rewrite, node);
      if (affine === null || rewrite.onlyConsumer(affine.x) !== node) continue;
      const producer = rewrite.producer(affine.x);
      if (producer !== null && foldInto(rewrite, producer, affine)) bypass(rewrite, node, affine.x);
    }
    for (const node of rewrite.nodes()) mergeRow(rewrite, node);
    return rewrite.graph();
  },
};

interface Affine {
  readonly x: ValueId;
  /** Float vectors, one element per channel or one for all. */
  readonly scale: TypedConstant;
  readonly shift: TypedConstant;
  readonly axis: number;
}

/** The node as y = scale·x + shift, if it is that and leaves the type of x as it is. */
function affineOf(rewrite: OpRewrite, node: Node): Affine | null {
  const { affine } = opOf(node.op).traits;
  const variable = node.inputs.filter((id) => id !== null && rewrite.constant(id) === null);
  const [x] = variable;
  if (affine === undefined || x == null || variable.length !== 1 || node.outputs.length !== 1) return null;
  const constants = node.inputs.map((id) => rewrite.constant(id));
  const found = affine.coefficients(constants, rewrite.types(node.inputs), node.attrs);
  if (found === null || !sameType(rewrite.type(x), rewrite.type(node.outputs[0]!))) return null;
  return { x, axis: found.axis, scale: simplified(found.scale), shift: simplified(found.shift) };
}

function bypass(rewrite: OpRewrite, node: Node, x: ValueId): void {
  rewrite.redirect(node.outputs[0]!, x);
  rewrite.remove(node);
}

/** Gives a linear node the weight and bias that include the affine one; false where it is not possible. */
function foldInto(rewrite: OpRewrite, producer: Node, { x, scale, shift, axis }: Affine): boolean {
  const { linear } = opOf(producer.op).traits;
  if (linear === undefined || !epilogueIsFree(rewrite, producer)) return false;
  if (linear.residual !== undefined && producer.inputs[linear.residual] != null) return false;
  const { shape, dtype } = rewrite.type(x);
  const channels = shape.at(-1)!;
  const perChannel = elementCount(scale.type.shape) > 1 || elementCount(shift.type.shape) > 1;
  if (perChannel && axis !== shape.length - 1) return false;
  if (scale.type.dtype !== dtype || shift.type.dtype !== dtype) return false;

  const inputs = [...producer.inputs];
  const biasId = inputs[linear.bias] ?? null;
  const bias = rewrite.constant(biasId);
  if (biasId !== null && bias === null) return false;
  if (!isSplatOf(scale, 1)) {
    const weight = rewrite.constant(inputs[linear.weight]!);
    const scaled = weight && scaledWeight(weight, linear.channelAxis(producer.attrs), scale, channels);
    if (!scaled) return false;
    inputs[linear.weight] = rewrite.addConstant(rewrite.value(inputs[linear.weight]!).name, scaled);
  }
  if (bias !== null || !isSplatOf(shift, 0)) {
    const name = biasId === null ? `${producer.name}.bias` : rewrite.value(biasId).name;
    const added = vectorOf(shift, channels);
    while (inputs.length < linear.bias) inputs.push(null);
    inputs[linear.bias] = rewrite.addConstant(name, bias ? sum(product(bias, scale), added) : added);
  }
  rewrite.update(producer, inputs, producer.attrs);
  return true;
}

const isSplatOf = ({ constant }: TypedConstant, value: number): boolean =>
  constant.kind === 'splat' && constant.value === value;

/**
 * The weight times one factor per output channel. A grouped transposed convolution has [C, O/g, …] for O channels:
 * group-major, that is [g, C/g, O/g, …], and takes factors [g, 1, O/g, 1, …].
 */
function scaledWeight(
  weight: TypedConstant,
  channelAxis: number,
  scale: TypedConstant,
  channels: number,
): TypedConstant | null {
  const { shape } = weight.type;
  const axis = channelAxis < 0 ? channelAxis + shape.length : channelAxis;
  const factors = elementCount(scale.type.shape);
  if (factors === 1) return product(weight, reshaped(scale, [1]));
  if (factors !== channels) return null;
  const rest = shape.slice(axis + 1).map(() => 1);
  if (shape[axis] === channels) return product(weight, reshaped(scale, [channels, ...rest]));
  const groups = channels / shape[axis]!;
  if (axis !== 1 || !Number.isInteger(groups) || shape[0]! % groups !== 0) return null;
  const grouped = reshaped(weight, [groups, shape[0]! / groups, ...shape.slice(1)]);
  return reshaped(product(grouped, reshaped(scale, [groups, 1, shape[axis]!, ...rest])), shape);
}

/** Merges the node into the affine node before it, which becomes a normalisation with mean 0 and variance 1. */
function mergeRow(rewrite: OpRewrite, node: Node): void {
  const second = affineOf(rewrite, node);
  const before = second && rewrite.producer(second.x);
  const first = before && affineOf(rewrite, before);
  if (!second || !before || !first || rewrite.onlyConsumer(second.x) !== node) return;
  const { shape, dtype } = rewrite.type(second.x);
  const spread = [first, second].filter(
    ({ scale, shift }) => elementCount(scale.type.shape) > 1 || elementCount(shift.type.shape) > 1,
  );
  const axis = spread[0]?.axis ?? shape.length - 1;
  if (axis < 0 || spread.some((each) => each.axis !== axis)) return;
  const channels = shape[axis]!;
  const scale = product(first.scale, second.scale);
  const shift = sum(product(first.shift, second.scale), second.shift);
  const vector = { dtype, shape: [channels] };
  const inputs = [
    first.x,
    rewrite.addConstant(`${node.name}.scale`, vectorOf(scale, channels)),
    rewrite.addConstant(`${node.name}.shift`, vectorOf(shift, channels)),
    rewrite.addConstant(`${node.name}.mean`, splat(vector, 0)),
    rewrite.addConstant(`${node.name}.variance`, splat(vector, 1)),
  ];
  rewrite.replace(node, 'batchNorm', inputs, { axis, epsilon: 0 });
  rewrite.remove(before);
}
