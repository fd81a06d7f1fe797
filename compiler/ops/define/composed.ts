/**
 * Ops that others express. Such an op says `decompose` instead of loops and kernels: types, reference and cost follow
 * from the ops it is made of, and an early pass puts those in its place. An op that is rare so costs the engine nothing.
 */
import type { AttrsArgument } from '../../ir/builder.ts';
import type { Attrs } from '../../ir/constant.ts';
import { fromNumbers, type Tensor } from '../../ir/tensor.ts';
import { elementCount, type TensorType } from '../../ir/types.ts';
import type { AttrsLike, ComposedNode, Composition, Given, Op, OpDefinition, Part } from './op.ts';
import type { Traits } from './traits.ts';

/** What `decompose` makes nodes with: by their definitions, so that attributes are typed and a bundle takes what it needs. */
export interface Composer {
  /** The first output of a node. */
  node<A extends Attrs, R extends keyof A & string>(
    op: Op<string, A, R>,
    inputs: readonly (Part | null)[],
    ...attrs: AttrsArgument<Given<A, R>>
  ): Part;
  /** One number everywhere. */
  splat(type: TensorType, value: number): Part;
}

type Decompose<A extends Attrs> = (
  make: Composer,
  inputs: readonly (Part | null)[],
  attrs: A,
) => readonly Part[];

function compositionOf<A extends Attrs>(
  decompose: Decompose<A>,
  types: readonly (TensorType | null)[],
  attrs: A,
): Composition {
  const inputs = types.map((type): Part | null => type && { type });
  const splats = new Map<Part, number>();
  const nodes: ComposedNode[] = [];
  const make: Composer = {
    node(op, given, ...[own]) {
      const complete = { ...op.attrs, ...own };
      const made = op.infer(
        given.map((part) => part?.type ?? null),
        complete,
      );
      const outputs = made.map((type): Part => ({ type }));
      nodes.push({ op, attrs: complete, inputs: given, outputs });
      return outputs[0]!;
    },
    splat(type, value) {
      const part: Part = { type };
      splats.set(part, value);
      return part;
    },
  };
  return { inputs, splats, nodes, outputs: decompose(make, inputs, attrs) };
}

/** The reference of a composition: that of its nodes, one after the other. */
function run(composition: Composition, inputs: readonly (Tensor | null)[]): Tensor[] {
  const tensors = new Map<Part, Tensor>();
  for (const [i, part] of composition.inputs.entries()) if (part !== null) tensors.set(part, inputs[i]!);
  for (const [part, value] of composition.splats) {
    const values = new Array<number>(elementCount(part.type.shape)).fill(value);
    tensors.set(part, fromNumbers(part.type, values));
  }
  for (const node of composition.nodes) {
    const given = node.inputs.map((part) => part && tensors.get(part)!);
    const types = node.outputs.map((part) => part.type);
    const results = node.op.evaluate(given, node.attrs, types);
    for (const [i, part] of node.outputs.entries()) tensors.set(part, results[i]!);
  }
  return composition.outputs.map((part) => tensors.get(part)!);
}

/** Defines an op by others. What is left out of types and reference follows from `decompose`. */
export function defineComposed<
  N extends string,
  D extends Attrs,
  R extends keyof D & string = never,
>(definition: {
  readonly name: N;
  readonly inputs: readonly string[];
  readonly attrs: D & AttrsLike<D>;
  readonly required?: readonly R[];
  readonly traits: NoInfer<Traits<AttrsLike<D>>>;
  /** Throws where types or attributes are wrong, in words of this op: else an error speaks of the ops it is made of. */
  check?(inputs: readonly (TensorType | null)[], attrs: NoInfer<AttrsLike<D>>): void;
  decompose: Decompose<NoInfer<AttrsLike<D>>>;
  /** The reference, where a composition would be less exact than it should. */
  readonly evaluate?: OpDefinition<NoInfer<AttrsLike<D>>>['evaluate'];
}): Op<N, AttrsLike<D>, R> {
  const { check, decompose, ...rest } = definition;
  const decomposed = (types: readonly (TensorType | null)[], attrs: AttrsLike<D>): Composition => {
    check?.(types, attrs);
    return compositionOf<AttrsLike<D>>(decompose, types, attrs);
  };
  return {
    evaluate(inputs, attrs) {
      const types = inputs.map((input) => input?.type ?? null);
      return run(decomposed(types, attrs), inputs);
    },
    ...rest,
    decompose: decomposed,
    infer: (types, attrs) => decomposed(types, attrs).outputs.map((part) => part.type),
    cost(types, _outputs, attrs) {
      let [flops, bytes] = [0, 0];
      for (const node of decomposed(types, attrs).nodes) {
        const cost = node.op.cost(
          node.inputs.map((part) => part?.type ?? null),
          node.outputs.map((part) => part.type),
          node.attrs,
        );
        flops += cost.flops;
        bytes += cost.bytes;
      }
      return { flops, bytes };
    },
  };
}
