/**
 * The graph that an import builds. A node whose inputs are all constants is evaluated as it is added, so shape arithmetic
 * is gone before anything asks for a shape. Large constants stay recipes: no weight is read for it.
 */
import { MillraceError } from '../../../runtime/error.ts';
import { GraphBuilder } from '../../ir/builder.ts';
import type { Attrs, Constant, TypedConstant } from '../../ir/constant.ts';
import type { ValueId } from '../../ir/graph.ts';
import { bytesOf, fromNumbers, type Tensor } from '../../ir/tensor.ts';
import { byteLength, type DType, elementCount, type TensorType } from '../../ir/types.ts';
import { foldNode } from '../../ops/constants/fold.ts';
import { ConstantReader } from '../../ops/constants/materialize.ts';
import { type OpName, signatures } from '../../ops/index.ts';
import { ByteSource } from '../read/byte-source.ts';
import { ExternalFolder } from '../read/external.ts';
import { type Narrow, numbersOf, storageOf } from '../read/narrow.ts';
import type { OnnxTensor } from '../read/schema.ts';
import { type Bound, carriedBound } from './bounds.ts';
import { Unsupported } from './report.ts';

/** Initialisers up to this size become bytes of the graph: they are biases and scalars, and print well. */
const smallBytes = 1024;
/** Shapes and indices take part in the arithmetic of shapes, even when there are many. */
const smallIndexBytes = 64 * 1024;
/** No operand that says a shape, axes or pads is larger. */
const largestOperand = 1024 * 1024;

/** Elements of few bits that are unpacked when they are read. */
const largestUnpacked = 1 << 24;

const isSmall = (dtype: DType, length: number): boolean =>
  length <= (dtype === 'int64' ? smallIndexBytes : smallBytes);

export class ImportGraph {
  readonly builder: GraphBuilder;
  readonly #source: ByteSource;
  readonly #reader = new ConstantReader();
  readonly #bounds = new Map<ValueId, Bound>();
  #folder: ExternalFolder | null = null;

  constructor(name: string, path: string) {
    this.builder = new GraphBuilder(name, signatures);
    this.#source = ByteSource.open(path);
  }

  close(): void {
    this.#source.close();
    this.#reader.close();
  }

  typeOf(id: ValueId): TensorType {
    return this.builder.typeOf(id);
  }

  /** The elements of a value, or null if it is not a constant. */
  read(id: ValueId): Tensor | null {
    const { constant, type } = this.builder.lookup(id);
    if (constant === undefined) return null;
    if (byteLength(type) > largestOperand)
      throw new MillraceError('MODEL_INVALID', 'a constant operand is too large', {
        expected: `at most ${largestOperand} bytes`,
        got: `${byteLength(type)}`,
      });
    return this.#reader.read({ type, constant });
  }

  /** Adds a node, or, where all inputs are constants, what it evaluates to. */
  emit(op: OpName, inputs: readonly (ValueId | null)[], attrs: Attrs, name: string): ValueId[] {
    const folded = this.#fold(op, inputs, attrs, name);
    if (folded !== null) return folded;
    const bounds = inputs.map((id) => (id === null ? null : (this.#bounds.get(id) ?? null)));
    const outputs = this.builder.node(op, inputs, attrs, name);
    if (bounds.every((bound) => bound === null)) return outputs;
    const typeOf = (id: ValueId | null): TensorType | null => (id === null ? null : this.typeOf(id));
    const types = outputs.map((id) => this.typeOf(id));
    const bound = carriedBound(op, signatures.complete(op, attrs), inputs.map(typeOf), types, bounds);
    if (bound !== null) for (const id of outputs) this.#bounds.set(id, bound);
    return outputs;
  }

  /** Of the value's axis, the first elements are true, as many as the other value says. */
  bind(id: ValueId, bound: Bound): void {
    this.#bounds.set(id, bound);
  }

  /** How much of a value is true; null for all. */
  boundOf(id: ValueId): Bound | null {
    return this.#bounds.get(id) ?? null;
  }

  /** The outputs as constants, if all inputs are and folding can keep them small or lazy. */
  #fold(op: OpName, inputs: readonly (ValueId | null)[], given: Attrs, name: string): ValueId[] | null {
    const args: (TypedConstant | null)[] = [];
    for (const id of inputs) {
      if (id === null) {
        args.push(null);
        continue;
      }
      const { type, constant } = this.builder.lookup(id);
      if (constant === undefined) return null;
      args.push({ type, constant });
    }
    const attrs = signatures.complete(op, given);
    const types = signatures.infer(
      op,
      args.map((arg) => arg?.type ?? null),
      attrs,
    );
    const folded = foldNode(op, attrs, args, types, this.#reader);
    if (folded === null) return null;
    return folded.map((constant, i) =>
      this.builder.constant(i === 0 ? name : `${name}:${i}`, types[i]!, constant),
    );
  }

  constant(name: string, tensor: Tensor): ValueId {
    return this.builder.constant(name, tensor.type, { kind: 'inline', bytes: bytesOf(tensor) });
  }

  splat(name: string, type: TensorType, value: number): ValueId {
    return this.builder.constant(name, type, { kind: 'splat', value });
  }

  /** A tensor of the model file. */
  embed(name: string, tensor: OnnxTensor): ValueId {
    const { dtype, payload } = tensor;
    if (payload.kind === 'unsupported')
      throw new Unsupported(`tensor "${tensor.name || name}": ${payload.reason}`);
    if (dtype === null) throw new Unsupported(`tensor "${tensor.name || name}"`);
    if (tensor.narrow !== undefined) return this.#embedNarrow(name, tensor, tensor.narrow);
    const type: TensorType = { dtype, shape: tensor.dims };
    return this.builder.constant(name, type, this.#recipe(tensor, type));
  }

  /** bfloat16 is widened where it is read, however large; what is packed is unpacked here, up to a size. */
  #embedNarrow(name: string, tensor: OnnxTensor, narrow: Narrow): ValueId {
    const count = elementCount(tensor.dims);
    if (narrow.bits === 16) {
      const type: TensorType = { dtype: 'uint16', shape: tensor.dims };
      const bits = this.builder.constant(name, type, this.#recipe(tensor, type));
      return this.markNarrow(this.emit('fromBfloat16', [bits], {}, name)[0]!);
    }
    if (count > largestUnpacked)
      throw new Unsupported(`tensor "${tensor.name || name}": ${count} elements of ${narrow.name}`);
    const { dtype, count: items } = storageOf(narrow, count);
    const type: TensorType = { dtype, shape: [items] };
    const lying = this.#reader.read({ type, constant: this.#recipe(tensor, type) });
    const numbers = numbersOf(narrow, lying.data as ArrayLike<number>, count);
    return this.markNarrow(
      this.constant(name, fromNumbers({ dtype: narrow.wide, shape: tensor.dims }, numbers)),
    );
  }

  /** Values whose type in the model has fewer bits than here. */
  readonly #narrow = new Set<ValueId>();

  markNarrow(id: ValueId): ValueId {
    this.#narrow.add(id);
    return id;
  }

  isNarrow(id: ValueId): boolean {
    return this.#narrow.has(id);
  }

  #recipe(tensor: OnnxTensor, type: TensorType): Constant {
    const { payload } = tensor;
    if (payload.kind === 'inline') return payload;
    const length = byteLength(type);
    let recipe: Constant & { kind: 'file' };
    if (payload.kind === 'external') {
      this.#folder ??= new ExternalFolder(this.#source.path);
      recipe = this.#folder.resolve(tensor.name, payload.entries, length);
    } else if (payload.kind === 'range') {
      recipe = { kind: 'file', path: this.#source.path, offset: payload.offset };
      if (isSmall(type.dtype, length))
        return { kind: 'inline', bytes: this.#source.copy(payload.offset, payload.offset + length) };
    } else throw new Unsupported(payload.kind);
    if (!isSmall(type.dtype, length)) return recipe;
    return { kind: 'inline', bytes: bytesOf(this.#reader.read({ type, constant: recipe })) };
  }
}
