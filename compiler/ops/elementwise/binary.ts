/** Ops of two broadcast inputs of one dtype: types, reference, lowering and traits, given the function. */
import type { BinaryFunction } from '../../../runtime/kernels/functions.ts';
import { zeros } from '../../ir/tensor.ts';
import { type DType, formatType, isFloat, type TensorType } from '../../ir/types.ts';
import { elementwiseCost, permuteElementwise } from '../define/elementwise.ts';
import { call } from '../define/lowering.ts';
import { defineOp, type EpilogueAttrs, noEpilogue, required, shapeError } from '../define/op.ts';
import type { Traits } from '../define/traits.ts';
import { broadcastShapes, broadcastStrides, collapse, KERNEL_DIMS, numbered } from '../lowering/strides.ts';
import { applyEpilogue, epilogueParams } from '../reference/activation.ts';
import { bigsOf, isBig, numbersFor, numbersOf, tensorOf } from '../reference/elements.ts';

interface BinaryDefinition<N extends BinaryFunction = BinaryFunction> {
  readonly name: N;
  /** Names of the two inputs. */
  readonly inputs?: readonly [string, string];
  readonly float: (a: number, b: number) => number;
  /** On integers of up to 32 bits; stored with wrap-around. Left out: as `float`, truncated. */
  readonly integer?: (a: number, b: number) => number;
  readonly big: (a: bigint, b: bigint) => bigint;
  /**
   * `float` on a row of float32. Folding scales into weights runs it on every weight of a network, where calls of
   * `float`, which is another function for every op, take ten times as long.
   */
  readonly floats?: (y: Float32Array, a: Float32Array, b: Float32Array, row: Row, from: Places) => void;
  /** Throws where types that broadcast are not enough. */
  readonly check?: (a: TensorType, b: TensorType, output: TensorType) => void;
  readonly traits?: Pick<Traits<EpilogueAttrs>, 'addition' | 'affine'>;
}

/** The broadcast result of two inputs that must be of one dtype. */
export function inferBroadcast(name: string, inputs: readonly (TensorType | null)[]): TensorType {
  const a = required(inputs, 0, 'a');
  const b = required(inputs, 1, 'b');
  if (a.dtype !== b.dtype)
    throw shapeError(`${name} of two dtypes`, 'one dtype', `${formatType(a)} and ${formatType(b)}`);
  return { dtype: a.dtype, shape: broadcastShapes(a.shape, b.shape) };
}

/** Calls visit(i, ai, bi) for each element i of the output and the elements of a and b it is made of. */
export function forEachPair(
  output: TensorType,
  a: TensorType,
  b: TensorType,
  visit: (i: number, ai: number, bi: number) => void,
): void {
  forEachRow(output, a, b, ({ count, aStep, bStep }, at, ai, bi) => {
    for (let i = 0; i < count; i++) visit(at + i, ai + i * aStep, bi + i * bStep);
  });
}

/** `count` elements of the output, one after the other, and how far apart those of a and b are. */
interface Row {
  readonly count: number;
  readonly aStep: number;
  readonly bStep: number;
}

/** The first elements of a row. */
interface Places {
  readonly at: number;
  readonly ai: number;
  readonly bi: number;
}

/** Calls visit for each row of the output, from element `at` on, made of those of a from `ai` and of b from `bi`. */
function forEachRow(
  output: TensorType,
  a: TensorType,
  b: TensorType,
  visit: (row: Row, at: number, ai: number, bi: number) => void,
): void {
  const { dims, strides } = collapse(output.shape, [
    broadcastStrides(a.shape, output.shape),
    broadcastStrides(b.shape, output.shape),
  ]);
  const [as, bs] = strides as [number[], number[]];
  const inner = dims.length - 1;
  const row = { count: dims[inner] ?? 1, aStep: as[inner] ?? 0, bStep: bs[inner] ?? 0 };
  let at = 0;
  const walk = (axis: number, ai: number, bi: number): void => {
    if (axis >= inner) {
      visit(row, at, ai, bi);
      at += row.count;
      return;
    }
    const [aStep, bStep, count] = [as[axis]!, bs[axis]!, dims[axis]!];
    for (let i = 0; i < count; i++) walk(axis + 1, ai + i * aStep, bi + i * bStep);
  };
  if (!output.shape.includes(0)) walk(0, 0, 0);
}

const integerOf = (definition: BinaryDefinition, dtype: DType) =>
  isFloat(dtype) ? definition.float : (definition.integer ?? definition.float);

export const defineBinary = <N extends BinaryFunction>(definition: BinaryDefinition<N>) =>
  defineOp({
    name: definition.name,
    inputs: definition.inputs ?? ['a', 'b'],
    attrs: noEpilogue,
    traits: {
      elementwise: true,
      epilogue: true,
      permute: permuteElementwise,
      ...definition.traits,
    },
    infer(inputs) {
      const type = inferBroadcast(definition.name, inputs);
      if (type.dtype === 'bool')
        throw shapeError(`${definition.name} of bool`, 'a number type', formatType(type));
      definition.check?.(inputs[0]!, inputs[1]!, type);
      return [type];
    },
    evaluate([a, b], attrs, [type]) {
      if (isBig(type!.dtype)) {
        const [x, y] = [bigsOf(a!), bigsOf(b!)];
        const result = zeros(type!);
        forEachPair(type!, a!.type, b!.type, (i, ai, bi) => {
          result.data[i] = definition.big(x[ai]!, y[bi]!);
        });
        return [result];
      }
      const apply = integerOf(definition, type!.dtype);
      const [x, y] = [numbersOf(a!), numbersOf(b!)];
      const result = numbersFor(type!);
      const { floats } = definition;
      const plain = [result, x, y].every((array) => array instanceof Float32Array);
      forEachRow(type!, a!.type, b!.type, (row, at, ai, bi) => {
        if (floats !== undefined && plain)
          return floats(result as Float32Array, x as Float32Array, y as Float32Array, row, { at, ai, bi });
        const { count, aStep, bStep } = row;
        for (let i = 0; i < count; i++) result[at + i] = apply(x[ai + i * aStep]!, y[bi + i * bStep]!);
      });
      if (result instanceof Float32Array || result instanceof Float64Array) applyEpilogue(result, attrs);
      return [tensorOf(type!, result)];
    },
    lower({ attrs, inputs, outputs }) {
      const type = outputs[0]!;
      if (type.dtype !== 'float32') return null;
      const { dims, strides } = collapse(type.shape, [
        broadcastStrides(inputs[0]!.shape, type.shape),
        broadcastStrides(inputs[1]!.shape, type.shape),
      ]);
      if (dims.length > KERNEL_DIMS) return null;
      const params = {
        ...numbered('d', dims, 1),
        ...numbered('a', strides[0]!, 0),
        ...numbered('b', strides[1]!, 0),
        fn: definition.name,
        ...epilogueParams(attrs),
      };
      const operands = { y: { output: 0 }, a: { input: 0 }, b: { input: 1 } };
      return { calls: [call('f32-binary', operands, params)], weights: [], scratch: [] };
    },
    cost: elementwiseCost,
  });
