/**
 * The ONNX graph that an export builds: nodes over named tensors, weights as recipes. Invariant: every name is given once
 * and every tensor has a type. Names that the outside knows (inputs, outputs, weights) are taken first. The result of a
 * node bears the node's name where that is free.
 */
import type { TypedConstant } from '../../ir/constant.ts';
import type { TensorType } from '../../ir/types.ts';

export type Attribute =
  | { readonly kind: 'int' | 'float'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'ints' | 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'strings'; readonly value: readonly string[] };
export type Attributes = Readonly<Record<string, Attribute>>;

export const int = (value: number | boolean): Attribute => ({ kind: 'int', value: Number(value) });
export const float = (value: number): Attribute => ({ kind: 'float', value });
export const string = (value: string): Attribute => ({ kind: 'string', value });
export const floats = (value: readonly number[]): Attribute => ({ kind: 'floats', value });
export const strings = (value: readonly string[]): Attribute => ({ kind: 'strings', value });
export const ints = (value: readonly number[]): Attribute => ({ kind: 'ints', value });

export interface ExportedNode {
  readonly op: string;
  readonly name: string;
  /** '' for an optional input that is absent. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

export interface ExportedPort {
  readonly name: string;
  readonly type: TensorType;
}

/** A set of names in which a second of one name gets a number. */
class Names {
  /** By name: the next number for another one of it. */
  readonly #taken = new Map<string, number>();

  unique(wanted: string): string {
    let name = wanted;
    for (let n = this.#taken.get(wanted) ?? 1; this.#taken.has(name); n++) {
      name = `${wanted}_${n}`;
      this.#taken.set(wanted, n + 1);
    }
    this.#taken.set(name, 1);
    return name;
  }
}

export class ExportGraph {
  readonly inputs: ExportedPort[] = [];
  readonly outputs: ExportedPort[] = [];
  /** Weights and operands, by tensor name. */
  readonly constants = new Map<string, TypedConstant>();
  readonly #nodes: ExportedNode[] = [];
  readonly #types = new Map<string, TensorType>();
  readonly #values = new Names();
  readonly #nodeNames = new Names();
  /** What a node calls its result, by the name under which the outside knows it. */
  readonly #renamed = new Map<string, string>();

  /** Takes a name for a tensor, and returns it or the nearest free one. */
  reserve(wanted: string): string {
    return this.#values.unique(wanted);
  }

  /** An input, under a reserved name. */
  input(name: string, type: TensorType): void {
    this.#types.set(name, type);
    this.inputs.push({ name, type });
  }

  /** A weight, under a reserved name. */
  constant(name: string, constant: TypedConstant): void {
    this.#types.set(name, constant.type);
    this.constants.set(name, constant);
  }

  /** Adds a node; returns the names of its outputs, one for each type. */
  node(
    op: string,
    inputs: readonly string[],
    attributes: Attributes,
    wanted: string,
    types: readonly TensorType[],
  ): string[] {
    const name = this.#nodeNames.unique(wanted);
    const outputs = types.map((type, i) => {
      const output = this.reserve(i === 0 ? name : `${name}:${i}`);
      this.#types.set(output, type);
      return output;
    });
    this.#nodes.push({ op, name, inputs, outputs, attributes });
    return outputs;
  }

  typeOf(name: string): TensorType {
    const type = this.#types.get(name);
    if (type === undefined) throw new Error(`no tensor ${name}`);
    return type;
  }

  /** Makes a tensor an output, under a reserved name: by renaming what a node makes, else by a node that forwards it. */
  output(name: string, tensor: string): void {
    const type = this.typeOf(tensor);
    const made = !this.constants.has(tensor) && !this.inputs.some((input) => input.name === tensor);
    if (made && !this.#renamed.has(tensor)) this.#renamed.set(tensor, name);
    else if (tensor !== name) {
      const [forwarded] = this.node('Identity', [tensor], {}, `${name}.output`, [type]);
      this.#renamed.set(forwarded!, name);
    }
    this.outputs.push({ name, type });
  }

  /** The nodes, with tensors under their final names. */
  nodes(): ExportedNode[] {
    const now = (name: string): string => this.#renamed.get(name) ?? name;
    return this.#nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(now),
      outputs: node.outputs.map(now),
    }));
  }

  /** What lies between nodes, for viewers: tensors that are neither inputs, nor outputs, nor constants. */
  inner(): ExportedPort[] {
    return this.#nodes.flatMap(({ outputs }) =>
      outputs.flatMap((name) => (this.#renamed.has(name) ? [] : [{ name, type: this.typeOf(name) }])),
    );
  }
}
