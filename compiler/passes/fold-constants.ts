/**
 * Nodes of constants become constants. Shape arithmetic of exports is evaluated. What weights go through before their use
 * (transpose, cast, dequantisation) becomes part of their recipe, which is evaluated when they are packed.
 */
import type { TypedConstant } from '../ir/constant.ts';
import { rebuildGraph } from '../ir/rebuild.ts';
import { foldNode } from '../ops/constants/fold.ts';
import { ConstantReader } from '../ops/constants/materialize.ts';
import { graphBuilder } from '../ops/index.ts';
import type { Pass } from './pass.ts';

export const foldConstants: Pass = {
  name: 'fold-constants',
  why: 'what depends on constants only is computed now, not on every run',
  run(graph) {
    // One reader for the pass: weights of one file are read through one open file.
    const reader = new ConstantReader();
    try {
      return rebuildGraph(graph, graphBuilder, (node, inputs, { builder }) => {
        const args: (TypedConstant | null)[] = [];
        for (const id of inputs) {
          const value = id === null ? null : builder.lookup(id);
          if (value !== null && value.constant === undefined) return null;
          args.push(value && { type: value.type, constant: value.constant! });
        }
        const values = node.outputs.map((id) => builder.lookup(id));
        const types = values.map((value) => value.type);
        const folded = foldNode(node.op, node.attrs, args, types, reader);
        return folded && values.map(({ name, type }, i) => builder.constant(name, type, folded[i]!));
      });
    } finally {
      reader.close();
    }
  },
};
