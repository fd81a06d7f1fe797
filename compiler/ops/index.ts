/** The ops by name: for passes and the schedule as definitions, for frontends as a typed builder of nodes. */
import { MillraceError } from '../../runtime/error.ts';
import { GraphBuilder, type OpSignatures } from '../ir/builder.ts';
import type { Attrs, AttrValue } from '../ir/constant.ts';
import type { Graph } from '../ir/graph.ts';
import type { Rebuild } from '../ir/rebuild.ts';
import { Rewrite } from '../ir/rewrite.ts';
import type { TensorType } from '../ir/types.ts';
import type { Given, Op, OpDefinition } from './define/op.ts';
import * as ops from './list.ts';

type Listed = (typeof ops)[keyof typeof ops];

/** Name of an op of the list. */
export type OpName = Listed['name'];

/** Every attribute of an op, as its definition gets them. */
export type AttrsOf<N extends OpName> = Extract<Listed, { readonly name: N }>['attrs'];

type GivenTo<O> = O extends Op<string, infer A, infer R> ? Given<A, R> : never;

/** The attributes that a node may and must be given, by op. */
export type GivenAttrs = { readonly [O in Listed as O['name']]: GivenTo<O> };

/** Names of ops that need no attributes. */
export type PlainOp = {
  [N in OpName]: Record<never, never> extends GivenAttrs[N] ? N : never;
}[OpName];

const byName = new Map(Object.values<OpDefinition>(ops).map((op) => [op.name, op]));

export const opNames: readonly string[] = [...byName.keys()];

export const findOp = (name: string): OpDefinition | undefined => byName.get(name);

/** The definition of an op that is known to exist (names come from a built graph). */
export function opOf(name: string): OpDefinition {
  const op = byName.get(name);
  if (op === undefined) throw new MillraceError('INTERNAL', `no op named ${name}`);
  return op;
}

function complete(name: string, given: Attrs): Attrs {
  const op = opOf(name);
  for (const key of Object.keys(given))
    if (!(key in op.attrs)) throw new MillraceError('MODEL_INVALID', `unknown attribute "${key}" of ${name}`);
  for (const key of op.required ?? [])
    if (!(key in given))
      throw new MillraceError('MODEL_INVALID', `attribute "${key}" of ${name} is required`);
  for (const [key, value] of Object.entries(given))
    if (kindOf(value) !== kindOf(op.attrs[key]!))
      throw new MillraceError('MODEL_INVALID', `attribute "${key}" of ${name}`, {
        expected: kindOf(op.attrs[key]!),
        got: kindOf(value),
      });
  return { ...op.attrs, ...given };
}

/** Lists are not told apart by what they hold: an empty default fits both. */
const kindOf = (value: AttrValue): string => (Array.isArray(value) ? 'list' : typeof value);

/** Types of the outputs; that the number of inputs is right is checked here, for all ops. */
function infer(name: string, inputs: readonly (TensorType | null)[], attrs: Attrs): readonly TensorType[] {
  const op = opOf(name);
  const open = op.inputs.at(-1)?.startsWith('...') === true;
  if (inputs.length > op.inputs.length && !open)
    throw new MillraceError('MODEL_INVALID', `number of inputs of ${name}`, {
      expected: `at most ${op.inputs.length}`,
      got: `${inputs.length}`,
    });
  const count = Math.max(inputs.length, op.inputs.length);
  for (let i = 0; i < count; i++) {
    const input = op.inputs[Math.min(i, op.inputs.length - 1)]!;
    if (inputs[i] == null && !input.endsWith('?'))
      throw new MillraceError('MODEL_INVALID', `input "${input}" of ${name} is required`);
  }
  return op.infer(inputs, attrs);
}

export const signatures: OpSignatures = { complete, infer };

export type OpBuilder = GraphBuilder<GivenAttrs>;
export type OpRebuild = Rebuild<GivenAttrs>;
export type OpRewrite = Rewrite<GivenAttrs>;

/** A builder that knows the ops. */
export const graphBuilder = (name: string, from?: Graph): OpBuilder =>
  new GraphBuilder<GivenAttrs>(name, signatures, from);

/** A working copy of a graph that knows the ops. */
export const rewriteOf = (graph: Graph): OpRewrite => new Rewrite<GivenAttrs>(graph, signatures);
