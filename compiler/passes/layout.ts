/**
 * Puts transposes where they cost least. Frontends wrap each op in transposes to the layout it is defined in
 * (channels last) and back; most meet their inverse once the nodes between them run permuted. Which nodes those are
 * is decided for the whole graph at once, as a minimum cut over the bytes transposed (`layout-choice.ts`). This file
 * rebuilds the graph by that choice. It makes a transpose where an orientation is first read, and all other readers use
 * that one. Transposes that only move axes of 1 become views, those of constants recipes.
 */
import type { Node, ValueId } from '../ir/graph.ts';
import { rebuildGraph } from '../ir/rebuild.ts';
import { applied, reshaped } from '../ops/constants/recipes.ts';
import { graphBuilder, type OpRebuild, opOf } from '../ops/index.ts';
import { chooseMoved, demandsOf } from './layout-choice.ts';
import {
  type Demand,
  type NodePlan,
  type Orientations,
  orientationKey,
  orientationsOf,
  type TensorClass,
} from './orientation.ts';
import type { Pass } from './pass.ts';
import {
  identityOf,
  inverseOf,
  memoryOrder,
  type Permutation,
  permuteShape,
  samePermutation,
} from './permutation.ts';

export const layout: Pass = {
  name: 'layout',
  why: 'a transpose is a pass over memory that computes nothing; one per network is enough',
  run(graph) {
    if (!graph.nodes.some((node) => opOf(node.op).traits.permutation !== undefined)) return graph;
    const orientations = orientationsOf(graph);
    const shown = graph.outputs.map(({ value }): Demand => {
      const oriented = orientations.values.get(value)!;
      return { ...oriented, rank: oriented.perm.length };
    });
    const moved = chooseMoved(orientations, shown);
    const plans = new Map(orientations.plans.map((plan) => [plan.node.name, plan]));
    let made: Made | null = null;
    return rebuildGraph(
      graph,
      graphBuilder,
      (node, _inputs, rebuild) => {
        made ??= new Made(orientations, rebuild);
        const plan = plans.get(node.name);
        // What reads a transpose asks for the orientation itself; its own value is never looked at.
        if (plan === undefined) return node.outputs;
        return run(plan, moved, made, rebuild);
      },
      {
        output: (output, _value, rebuild) => {
          made ??= new Made(orientations, rebuild);
          return made.get(shown[graph.outputs.indexOf(output)]!);
        },
      },
    );
  },
};

/** Emits a node one way or the other. */
function run(
  plan: NodePlan,
  moved: ReadonlySet<NodePlan>,
  made: Made,
  { builder }: OpRebuild,
): readonly ValueId[] {
  const { node } = plan;
  const inputs = demandsOf(plan, moved).map((demand) => demand && made.get(demand));
  if (plan.moved === null || !moved.has(plan)) {
    const kept: Node = { ...node, inputs };
    builder.keep(kept);
    for (const [i, tensor] of plan.outputs.entries()) made.put(tensor, tensor.asIs, node.outputs[i]!);
    return node.outputs;
  }
  const outputs = builder.again(node, inputs, plan.moved.attrs);
  for (const [i, tensor] of plan.outputs.entries())
    made.put(tensor, identityOf(tensor.type.shape.length), outputs[i]!);
  return outputs;
}

interface Held {
  readonly perm: Permutation;
  readonly id: ValueId;
}

/** The orientations of tensors that exist in the new graph, the one that was made first in front. */
class Made {
  readonly #held = new Map<TensorClass, Held[]>();
  readonly #padded = new Map<string, ValueId>();
  readonly #names: ReadonlyMap<string, string>;
  readonly #named = new Set<string>();
  readonly #rebuild: OpRebuild;

  constructor({ tensors, names }: Orientations, rebuild: OpRebuild) {
    this.#names = names;
    this.#rebuild = rebuild;
    for (const tensor of tensors) if (tensor.producer === null) this.put(tensor, tensor.asIs, tensor.value);
  }

  put(tensor: TensorClass, perm: Permutation, id: ValueId): void {
    this.#held.set(tensor, [{ perm, id }]);
  }

  /** The value of an orientation, made now if nobody asked for it before. */
  get(demand: Demand): ValueId {
    const { tensor, perm, rank } = demand;
    const { shape } = tensor.type;
    const held = this.#held.get(tensor)!;
    if (rank === shape.length) {
      const known = held.find((each) => samePermutation(each.perm, perm));
      if (known !== undefined) return known.id;
      const id = this.#make(held, shape, demand);
      held.push({ perm, id });
      return id;
    }
    const key = `${rank}|${orientationKey(demand)}`;
    const known = this.#padded.get(key);
    if (known !== undefined) return known;
    const lead = rank - shape.length;
    const padded = held.map((each) => ({
      id: each.id,
      perm: [...identityOf(lead), ...each.perm.map((axis) => lead + axis)],
    }));
    const id = this.#make(padded, [...new Array<number>(lead).fill(1), ...shape], demand);
    this.#padded.set(key, id);
    return id;
  }

  /** From one that has the same order in memory by a view, else from the one that was there first. */
  #make(held: readonly Held[], root: readonly number[], demand: Demand): ValueId {
    const { tensor, perm } = demand;
    const { builder, fresh } = this.#rebuild;
    const shape = permuteShape(root, perm);
    const order = memoryOrder(root, perm);
    const alike = held.find((each) => memoryOrder(root, each.perm) === order);
    const source = alike ?? held[0]!;
    const { name, type, constant } = builder.lookup(source.id);
    const before = permuteShape(root, source.perm);
    const step = inverseOf(source.perm);
    const turn = perm.map((axis) => step[axis]!);
    if (constant !== undefined) {
      const typed = reshaped({ type, constant }, before);
      const recipe =
        alike !== undefined || constant.kind === 'splat'
          ? reshaped(typed, shape)
          : applied('transpose', [typed], { perm: turn });
      return builder.constant(name, recipe.type, recipe.constant);
    }
    const given = this.#names.get(orientationKey(demand));
    const named = given === undefined || this.#named.has(given) ? null : given;
    if (named !== null) this.#named.add(named);
    const origin = builder.lookup(tensor.value).name;
    if (alike !== undefined)
      return builder.node('reshape', [source.id], { shape }, named ?? fresh(`${origin}.reshape`))[0]!;
    const flat =
      before.length === type.shape.length ? source.id : this.#unsqueezed(source.id, before, origin);
    return builder.node('transpose', [flat], { perm: turn }, named ?? fresh(`${origin}.transpose`))[0]!;
  }

  #unsqueezed(id: ValueId, shape: readonly number[], origin: string): ValueId {
    return this.#rebuild.builder.node(
      'reshape',
      [id],
      { shape },
      this.#rebuild.fresh(`${origin}.reshape`),
    )[0]!;
  }
}
