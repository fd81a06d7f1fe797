/**
 * The nodes of a model, in execution order: those of the graph, of bodies where control flow runs them, and of functions
 * where they are called. One that cannot be imported is noted and its outputs are marked; the walk goes on, so that one
 * error names everything that stands between the model and Millrace.
 */
import { MillraceError } from '../../../runtime/error.ts';
import type { ValueId } from '../../ir/graph.ts';
import { entryOf } from '../ops/index.ts';
import {
  functionKey,
  type OnnxAttribute,
  type OnnxFunction,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
} from '../read/schema.ts';
import { bodiesOf, inExecutionOrder } from './execution-order.ts';
import type { ImportGraph } from './graph.ts';
import { ImportNode } from './node.ts';
import { type AttributeMap, attributesOf, resolved } from './references.ts';
import { type ImportReport, Unavailable, Unsupported } from './report.ts';
import { Scope } from './scope.ts';

/** Versions of the default opset whose definitions `../ops` follows. */
export const opsets = { first: 1, last: 28 } as const;

/** Nodes that functions and unrolled loops may come to. */
export const mostExpanded = 1 << 16;
/** Calls and bodies within one another. */
const deepest = 64;

/** What nodes mean where they stand. */
interface Place {
  readonly scope: Scope;
  readonly opsets: ReadonlyMap<string, number>;
  /** Of the call, where the nodes are a function's. */
  readonly attributes: AttributeMap | null;
  /** Goes before names of nodes, so that they say where they come from. */
  readonly prefix: string;
  readonly depth: number;
}

export class Nodes {
  readonly #graph: ImportGraph;
  readonly #report: ImportReport;
  readonly #functions: ReadonlyMap<string, OnnxFunction>;
  #expanded = 0;

  constructor({ functions }: OnnxModel, graph: ImportGraph, report: ImportReport) {
    this.#graph = graph;
    this.#report = report;
    this.#functions = new Map(
      functions.map((one) => [functionKey(one.domain, one.name, one.overload), one] as const),
    );
  }

  /** A scope for a graph, or for a function, that sees nothing else. */
  scope(initializers: OnnxGraph['initializers']): Scope {
    return new Scope(initializers, (name, tensor) => {
      try {
        return this.#graph.embed(name, tensor);
      } catch (error) {
        if (!(error instanceof Unsupported)) throw error;
        this.#report.unsupported(`initializer "${name}"`, error.message);
        return null;
      }
    });
  }

  main({ nodes }: OnnxGraph, scope: Scope, versions: ReadonlyMap<string, number>): void {
    this.#all(nodes, { scope, opsets: versions, attributes: null, prefix: '', depth: 0 });
  }

  #all(nodes: readonly OnnxNode[], place: Place): void {
    if (place.depth > 0) this.#expanded += nodes.length;
    if (this.#expanded > mostExpanded || place.depth > deepest)
      throw new MillraceError('MODEL_INVALID', 'functions and loops expand without measure', {
        at: place.prefix || 'graph',
        expected: `at most ${mostExpanded} nodes, ${deepest} deep`,
      });
    for (const node of inExecutionOrder(nodes)) this.#one(resolved(node, place.attributes), place);
  }

  #one(node: OnnxNode, place: Place): void {
    const name = place.prefix + (node.name || node.outputs.find((output) => output !== '') || node.op);
    const inputs = node.inputs.map((input) =>
      input === '' ? null : place.scope.lookup(input, `node "${name}"`),
    );
    const outputs = this.#outputsOf(node, name, inputs, place);
    node.outputs.forEach((output, i) => {
      if (output === '') return;
      const id = outputs === null ? null : (outputs[i] ?? null);
      if (outputs !== null && id === null) this.#refuse(node, `output ${i}`, name, place);
      place.scope.define(output, id);
    });
  }

  #refuse({ op, domain }: OnnxNode, reason: string, name: string, { opsets: versions }: Place): void {
    const version = versions.get(domain);
    const known = version === undefined ? 'opset not imported' : `opset ${version}`;
    this.#report.unsupported(`${op} (${domain || 'ai.onnx'}, ${known})`, reason, name);
  }

  #outputsOf(
    node: OnnxNode,
    name: string,
    inputs: readonly (ValueId | null)[],
    place: Place,
  ): readonly (ValueId | null)[] | null {
    const called = this.#functions.get(functionKey(node.domain, node.op, node.overload));
    const entry = called === undefined ? entryOf(node.domain, node.op) : undefined;
    // What stands in the way is noted already: the opset, or something before this node. Its bodies are still looked at.
    if (!isKnown(place.opsets) || node.inputs.some((input, i) => input !== '' && inputs[i] === null)) {
      this.#look(node, name, place, new Set());
      return null;
    }
    if (called !== undefined) return this.#call(called, node, name, inputs, place);
    if (entry === undefined) {
      this.#look(node, name, place, new Set());
      return null;
    }
    const run = (body: OnnxGraph, given: readonly ValueId[], part: string): ValueId[] =>
      this.#body(body, given, part === '' ? place.prefix : `${name}.${part}.`, place);
    const opset = place.opsets.get('') ?? opsets.last;
    try {
      return entry.import(new ImportNode(node, name, opset, inputs, entry.constants ?? {}, this.#graph, run));
    } catch (error) {
      if (error instanceof Unavailable) return null;
      if (error instanceof Unsupported) {
        this.#refuse(node, error.message, name, place);
        return null;
      }
      throw this.#named(error, node, name);
    }
  }

  /** The outputs of a body on these inputs. */
  #body(body: OnnxGraph, given: readonly ValueId[], prefix: string, place: Place): ValueId[] {
    const inputs = body.inputs.filter((input) => !body.initializers.has(input.name));
    if (inputs.length !== given.length)
      throw new MillraceError('MODEL_INVALID', 'a body with other inputs than it is given', {
        at: body.name || 'body',
        expected: `${given.length}`,
        got: `${inputs.length}`,
      });
    const scope = place.scope.body(body.initializers);
    for (const [i, input] of inputs.entries()) scope.define(input.name, given[i]!);
    this.#all(body.nodes, { ...place, scope, prefix, depth: place.depth + 1 });
    return body.outputs.map((output) => {
      const id = scope.lookup(output.name, 'the outputs of a body');
      if (id === null) throw new Unavailable();
      return id;
    });
  }

  #call(
    called: OnnxFunction,
    node: OnnxNode,
    name: string,
    inputs: readonly (ValueId | null)[],
    place: Place,
  ): (ValueId | null)[] | null {
    const versions = new Map([...place.opsets, ...called.opsets]);
    if (!isKnown(versions)) this.#report.opset(versions.get('') ?? 0, opsets);
    const scope = this.scope(new Map());
    for (const [i, input] of called.inputs.entries()) scope.define(input, inputs[i] ?? null);
    const inner: Place = {
      scope,
      opsets: versions,
      attributes: attributesOf(called, node.attributes),
      prefix: `${name}.`,
      depth: place.depth + 1,
    };
    // A parameter that the call leaves out is absent in the function's nodes too.
    const absent = new Set(called.inputs.filter((_, i) => (inputs[i] ?? null) === null));
    const present = called.nodes.map((one) => without(one, absent));
    this.#all(present, inner);
    const outputs = called.outputs.map((output) => scope.lookup(output, `function "${called.name}"`));
    return outputs.slice(0, node.outputs.length).some((id, i) => id === null && node.outputs[i] !== '')
      ? null
      : outputs;
  }

  /** Errors that say already which node they are about: a body's pass through the node that runs it. */
  readonly #saying = new WeakSet<MillraceError>();

  /** Ops complain without knowing for which node they were asked. */
  #named(error: unknown, { op }: OnnxNode, name: string): unknown {
    if (!(error instanceof MillraceError) || this.#saying.has(error)) return error;
    const told = error.at?.includes(`"${name}"`)
      ? error
      : new MillraceError(error.code, error.message.split('\n')[0] ?? '', {
          at: `${op} "${name}"`,
          ...(error.expected === undefined ? {} : { expected: error.expected }),
          ...(error.got === undefined ? {} : { got: error.got }),
          ...(error.hint === undefined ? {} : { hint: error.hint }),
          cause: error,
        });
    this.#saying.add(told);
    return told;
  }

  /** Ops that are not supported, in a node that is not imported: itself, its bodies, the function it calls. */
  #look(node: OnnxNode, name: string, place: Place, seen: Set<OnnxFunction>): void {
    const called = this.#functions.get(functionKey(node.domain, node.op, node.overload));
    if (called === undefined && entryOf(node.domain, node.op) === undefined)
      this.#refuse(node, 'op not supported', name, place);
    if (called !== undefined && !seen.has(called)) {
      seen.add(called);
      const inner = { ...place, opsets: new Map([...place.opsets, ...called.opsets]) };
      for (const one of called.nodes) this.#look(one, `${name}.${labelOf(one)}`, inner, seen);
    }
    for (const body of bodiesOf(node))
      for (const one of body.nodes) this.#look(one, place.prefix + labelOf(one), place, seen);
  }
}

const labelOf = (node: OnnxNode): string =>
  node.name || node.outputs.find((output) => output !== '') || node.op;

const isKnown = (versions: ReadonlyMap<string, number>): boolean => {
  const version = versions.get('');
  return version === undefined || (version >= opsets.first && version <= opsets.last);
};

/** The node with absent operands where it, or a body of it, names one that a call leaves out. */
function without(node: OnnxNode, absent: ReadonlySet<string>): OnnxNode {
  if (absent.size === 0) return node;
  const attributes = new Map(
    [...node.attributes].map(([key, attribute]): [string, OnnxAttribute] => {
      if (attribute.kind !== 'graph') return [key, attribute];
      const nodes = attribute.value.nodes.map((one) => without(one, absent));
      return [key, { kind: 'graph', value: { ...attribute.value, nodes } }];
    }),
  );
  return { ...node, attributes, inputs: node.inputs.map((input) => (absent.has(input) ? '' : input)) };
}
