/**
 * A network in float16 is computed in float32, as the kernels compute in float32. Its constants become casts of what is
 * stored, which are evaluated when they are packed. Its inputs are cast as they come in and its outputs as they go out.
 * Results differ from float16 arithmetic by having been rounded less often.
 */
import type { Attrs, SplatConstant, TypedConstant } from '../ir/constant.ts';
import type { Graph, GraphOutput, ValueId } from '../ir/graph.ts';
import { rebuildGraph } from '../ir/rebuild.ts';
import { applied, splat } from '../ops/constants/recipes.ts';
import { graphBuilder, type OpRebuild } from '../ops/index.ts';
import type { Pass } from './pass.ts';

export const widenFloat16: Pass = {
  name: 'widen-float16',
  why: 'kernels are float32; weights that are stored in float16 are widened when they are packed',
  run(graph) {
    if (![...graph.values.values()].some((value) => value.type.dtype === 'float16')) return graph;
    return rebuildGraph(
      graph,
      graphBuilder,
      (node, inputs, { builder }) => builder.again(node, inputs, widened(node.attrs)),
      { begin: (rebuild) => widenSources(graph, rebuild), output: narrowOutput(graph) },
    );
  },
};

/** An attribute that names float16 says what to convert to (a cast's `to`). */
const widened = (attrs: Attrs): Attrs =>
  Object.fromEntries(
    Object.entries(attrs).map(([key, value]) => [key, value === 'float16' ? 'float32' : value]),
  );

/** What stands for each float16 input and constant. */
function widenSources(graph: Graph, { builder, fresh }: OpRebuild): Map<ValueId, ValueId> {
  const wide = new Map<ValueId, ValueId>();
  for (const { id, name, type, constant } of graph.values.values()) {
    if (type.dtype !== 'float16') continue;
    if (constant !== undefined) {
      const recipe = wideRecipe({ type, constant });
      wide.set(id, builder.constant(name, recipe.type, recipe.constant));
    } else if (graph.inputs.includes(id))
      wide.set(id, builder.node('cast', [id], { to: 'float32' }, fresh(`${name}.float32`))[0]!);
  }
  return wide;
}

function wideRecipe(recipe: TypedConstant): TypedConstant {
  const { type, constant } = recipe;
  if (constant.kind !== 'splat') return applied('cast', [recipe], { to: 'float32' });
  // The value as float16 holds it.
  const { value } = splat(type, constant.value).constant as SplatConstant;
  return { type: { dtype: 'float32', shape: type.shape }, constant: { kind: 'splat', value } };
}

/** An input or constant shown as it is stays what it was. */
function narrowOutput(graph: Graph) {
  return (output: GraphOutput, value: ValueId, { builder, fresh }: OpRebuild): ValueId => {
    const before = graph.values.get(output.value)!;
    if (before.type.dtype !== 'float16') return value;
    if (before.constant !== undefined || graph.inputs.includes(before.id)) return before.id;
    return builder.node('cast', [value], { to: 'float16' }, fresh(`${output.name}.float16`))[0]!;
  };
}
