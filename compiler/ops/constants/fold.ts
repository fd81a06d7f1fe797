/**
 * What becomes of a node whose inputs are all constant: splats stay splats, small results are evaluated at once,
 * large ones become expressions that `materialize.ts` evaluates by slices. Nothing large is ever materialised here.
 */
import type { Attrs, Constant, TypedConstant } from '../../ir/constant.ts';
import { bytesOf, type Tensor, zeros } from '../../ir/tensor.ts';
import { byteLength, elementCount, type TensorType } from '../../ir/types.ts';
import type { OpDefinition } from '../define/op.ts';
import { opOf } from '../index.ts';
import { elementAt, storedElement } from '../reference/elements.ts';
import { ConstantReader } from './materialize.ts';

/** Bytes of inputs and outputs up to which a node is evaluated on the spot. */
const SMALL = 1024 * 1024;

/**
 * Constants for the outputs of a node, or null where it must stay a node. `reader` is used for elements of small
 * constants; without one, files are opened and closed here.
 */
export function foldNode(
  name: string,
  attrs: Attrs,
  args: readonly (TypedConstant | null)[],
  outputs: readonly TensorType[],
  reader?: ConstantReader,
): Constant[] | null {
  const own = reader ?? new ConstantReader();
  try {
    const op = opOf(name);
    return (
      foldSplats(op, attrs, args, outputs, own) ??
      evaluateSmall(op, attrs, args, outputs, own) ??
      expressionOf(op, attrs, args, outputs)
    );
  } finally {
    if (reader === undefined) own.close();
  }
}

/** The one value of a constant's elements, if its recipe says so or it has only one element. */
function splatOf(constant: TypedConstant, reader: ConstantReader): number | null {
  if (constant.constant.kind === 'splat') return constant.constant.value;
  if (elementCount(constant.type.shape) !== 1) return null;
  return elementAt(reader.read(constant), 0);
}

function foldSplats(
  op: OpDefinition,
  attrs: Attrs,
  args: readonly (TypedConstant | null)[],
  outputs: readonly TensorType[],
  reader: ConstantReader,
): Constant[] | null {
  // Shapes and other small results are nicer to read as bytes; splats are for what is large.
  if (outputs.every((type) => byteLength(type) <= 64)) return null;
  if (op.traits.movement === true) {
    const sources = op.inputs[0]!.startsWith('...') ? args : args.slice(0, 1);
    const values = sources.map((arg) => (arg === null ? null : splatOf(arg, reader)));
    const [value] = values;
    if (value == null || !values.every((other) => Object.is(other, value))) return null;
    return outputs.map(() => ({ kind: 'splat', value }));
  }
  if (op.traits.elementwise !== true || outputs.length !== 1) return null;
  const inputs: (Tensor | null)[] = [];
  for (const arg of args) {
    if (arg === null) {
      inputs.push(null);
      continue;
    }
    const value = splatOf(arg, reader);
    if (value === null) return null;
    const tensor = zeros({ dtype: arg.type.dtype, shape: [1] });
    tensor.data[0] = storedElement(arg.type.dtype, value);
    inputs.push(tensor);
  }
  const result = op.evaluate(inputs, attrs, [{ dtype: outputs[0]!.dtype, shape: [1] }]);
  const value = elementAt(result[0]!, 0);
  return value === null ? null : [{ kind: 'splat', value }];
}

function evaluateSmall(
  op: OpDefinition,
  attrs: Attrs,
  args: readonly (TypedConstant | null)[],
  outputs: readonly TensorType[],
  reader: ConstantReader,
): Constant[] | null {
  const types = [...args.flatMap((arg) => (arg === null ? [] : [arg.type])), ...outputs];
  if (types.reduce((sum, type) => sum + byteLength(type), 0) > SMALL) return null;
  const inputs = args.map((arg) => (arg === null ? null : reader.read(arg)));
  return op
    .evaluate(inputs, attrs, outputs)
    .map((tensor) => ({ kind: 'inline', bytes: bytesOf(tensor).slice() }));
}

/** An expression over the arguments, where slices of it can be evaluated alone. */
function expressionOf(
  op: OpDefinition,
  attrs: Attrs,
  args: readonly (TypedConstant | null)[],
  outputs: readonly TensorType[],
): Constant[] | null {
  const { elementwise, view, region } = op.traits;
  const sliceable = elementwise === true || view === true || region !== undefined;
  const given = args.filter((arg) => arg !== null);
  if (!sliceable || outputs.length !== 1 || given.length !== args.length) return null;
  // The other recipes know no shape: a view of one is the same recipe.
  if (view === true && given[0]!.constant.kind !== 'apply') return [given[0]!.constant];
  return [{ kind: 'apply', op: op.name, attrs, args: given }];
}
