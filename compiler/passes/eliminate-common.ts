/**
 * Computes equal things once: nodes of one op with the same attributes and inputs become one, and so do equal
 * constants (their recipes are compared, not their elements). Exports repeat shape constants, scalars and, where a
 * network branches, the transposes that imports wrap around each op.
 */
import type { Attrs, Constant } from '../ir/constant.ts';
import type { Graph, ValueId } from '../ir/graph.ts';
import { formatTyped } from '../ir/print.ts';
import { rebuildGraph } from '../ir/rebuild.ts';
import { byteLength } from '../ir/types.ts';
import { graphBuilder, signatures } from '../ops/index.ts';
import type { Pass } from './pass.ts';

/**
 * Constants larger than this are left alone. What repeats in exports is small: shapes, scalars, rows of biases. A
 * weight may equal another by chance, as all do in a network filled with one value. As one value it would be held from
 * its first use to its last, while two are each read when needed.
 */
const LARGEST_BYTES = 4096;

export const eliminateCommon: Pass = {
  name: 'eliminate-common',
  why: 'equal constants are stored once and equal nodes computed once',
  run(graph) {
    const known = new Map<string, readonly ValueId[]>();
    return rebuildGraph(
      graph,
      graphBuilder,
      (node, inputs) => {
        const key = JSON.stringify([node.op, inputs, attrsKey(node.attrs)]);
        const before = known.get(key);
        if (before === undefined) known.set(key, node.outputs);
        return before ?? null;
      },
      { begin: () => equalConstants(graph) },
    );
  },
};

/** Attributes as text; numbers that JSON has no word for must not all become null. */
const attrsKey = (attrs: Attrs): string =>
  JSON.stringify(
    Object.entries(attrs).sort(([a], [b]) => (a < b ? -1 : 1)),
    (_, value: unknown) =>
      Object.is(value, -0) || (typeof value === 'number' && !Number.isFinite(value))
        ? [Object.is(value, -0) ? '-0' : String(value)]
        : value,
  );

/** For each constant that equals an earlier one, that one. */
function equalConstants(graph: Graph): Map<ValueId, ValueId> {
  const first = new Map<string, ValueId>();
  const same = new Map<ValueId, ValueId>();
  for (const { id, type, constant } of graph.values.values()) {
    if (constant === undefined || byteLength(type) > LARGEST_BYTES) continue;
    // A small result may be made of much, and comparing costs more than a second copy.
    if (inlineBytes(constant) > LARGEST_BYTES) continue;
    const key = formatTyped({ type, constant }, signatures);
    const before = first.get(key);
    if (before === undefined) first.set(key, id);
    else same.set(id, before);
  }
  return same;
}

function inlineBytes(constant: Constant): number {
  if (constant.kind === 'inline') return constant.bytes.byteLength;
  if (constant.kind !== 'apply') return 0;
  return constant.args.reduce((sum, arg) => sum + inlineBytes(arg.constant), 0);
}
