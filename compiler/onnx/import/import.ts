/**
 * ONNX to Graph. Nodes are imported in execution order. One that cannot be is noted and its outputs are marked, so that
 * one error names everything that stands between the model and Millrace.
 */
import { resolve } from 'node:path';
import { MillraceError } from '../../../runtime/error.ts';
import type { Graph, ValueId } from '../../ir/graph.ts';
import type { Tensor } from '../../ir/tensor.ts';
import { entryOf } from '../ops/index.ts';
import { readModel } from '../read/model.ts';
import type { OnnxModel, OnnxNode, OnnxValueInfo } from '../read/schema.ts';
import { type Bindings, bindInputs } from './dimensions.ts';
import { inExecutionOrder } from './execution-order.ts';
import { ImportGraph } from './graph.ts';
import { ImportNode } from './node.ts';
import { commandFor, describeOpen } from './open-inputs.ts';
import { ImportReport, Unsupported } from './report.ts';

/** Options of `importOnnx`. */
export interface ImportOptions extends Bindings {
  /** Inputs whose value is known now: they become constants, and are inputs no more. */
  readonly constants?: Readonly<Record<string, Tensor>>;
}

/** Versions of the default opset whose definitions `../ops` follows. */
export const opsets = { first: 1, last: 28 } as const;

/**
 * Reads a model file; its weights stay where they are.
 * @throws MillraceError MODEL_READ; MODEL_INVALID for a file that is damaged; MODEL_OPSET, MODEL_UNSUPPORTED with all that is in
 * the way; MODEL_DIMENSION for a dimension that has no value; MODEL_EXTERNAL_DATA for weights outside of its folder.
 * @example const graph = await importOnnx('mobilenet.onnx', { dims: { batch: 1 } });
 */
export async function importOnnx(path: string, options: ImportOptions = {}): Promise<Graph> {
  const file = resolve(path);
  const model = readModel(file);
  const opset =
    model.opsets.get('') ?? (model.graph.nodes.some(({ domain }) => domain === '') ? 0 : opsets.last);
  const built = new ImportGraph(model.graph.name || 'model', file);
  try {
    return new Import(model, path, built, opset).run(options);
  } finally {
    built.close();
  }
}

const docsOf = (ports: readonly OnnxValueInfo[]): Map<string, string> =>
  new Map(ports.flatMap(({ name, doc }) => (doc === undefined ? [] : [[name, doc]])));

/** A graph may list an output more than once: the second `y` is called `y_2`, or what comes next and is free. */
function outputNames(outputs: readonly OnnxValueInfo[]): string[] {
  const taken = new Set(outputs.map(({ name }) => name));
  /** By name listed before: the next number for another one of it. */
  const next = new Map<string, number>();
  return outputs.map(({ name }) => {
    let number = next.get(name);
    let unique = name;
    if (number !== undefined) {
      for (unique = `${name}_${number}`; taken.has(unique); unique = `${name}_${number}`) number++;
      taken.add(unique);
    }
    next.set(name, (number ?? 1) + 1);
    return unique;
  });
}

class Import {
  readonly #model: OnnxModel;
  readonly #graph: ImportGraph;
  readonly #report: ImportReport;
  readonly #path: string;
  readonly #opset: number;
  /** Nodes of an opset that is not known are looked at for their op only. */
  readonly #knowsOpset: boolean;
  /** By ONNX name; null for outputs of nodes that could not be imported. */
  readonly #values = new Map<string, ValueId | null>();

  constructor(model: OnnxModel, path: string, graph: ImportGraph, opset: number) {
    this.#model = model;
    this.#path = path;
    this.#graph = graph;
    this.#report = new ImportReport(model);
    this.#opset = opset;
    this.#knowsOpset = opset >= opsets.first && opset <= opsets.last;
    if (!this.#knowsOpset) this.#report.opset(opset, opsets);
  }

  run(options: ImportOptions): Graph {
    const { graph } = this.#model;
    // Until IR 3 initialisers had to be listed as inputs too; they are constants all the same.
    const fixed = new Map(Object.entries(options.constants ?? {}));
    const inputs = graph.inputs.filter(({ name }) => !graph.initializers.has(name) && !fixed.has(name));
    this.#defineInputs(inputs, options);
    for (const [name, tensor] of fixed) {
      if (graph.initializers.has(name) || !graph.inputs.some((input) => input.name === name))
        throw new MillraceError('OPTION', 'the model has no such input', { at: `constant "${name}"` });
      this.#define(name, this.#graph.constant(name, tensor));
    }
    for (const [name] of graph.initializers) this.#pending.add(name);
    for (const node of inExecutionOrder(graph.nodes)) this.#import(node);
    const names = outputNames(graph.outputs);
    graph.outputs.forEach(({ name }, i) => {
      const id = this.#lookup(name, 'the outputs of the graph');
      if (id !== null) this.#graph.builder.output(names[i]!, id);
    });
    this.#report.throwIfAny();
    const built = this.#graph.builder.build();
    const docs = { inputs: docsOf(inputs), outputs: docsOf(graph.outputs) };
    return docs.inputs.size + docs.outputs.size > 0 ? { ...built, docs } : built;
  }

  #defineInputs(inputs: readonly OnnxValueInfo[], options: ImportOptions): void {
    const { types, open, foreign, bound } = bindInputs(inputs, options);
    for (const { name } of inputs) {
      const type = types.get(name);
      this.#define(name, type === undefined ? null : this.#graph.builder.input(name, type));
    }
    for (const [name, reason] of foreign) this.#report.unsupported(`input "${name}"`, reason);
    if (open.length > 0)
      this.#report.open(
        open.map((input) => describeOpen(input, bound)),
        `Give extents, for example: ${commandFor(this.#path, open, bound)}`,
      );
  }

  /** Initialisers not used so far: one that nothing uses may be of any kind. */
  readonly #pending = new Set<string>();

  #define(name: string, id: ValueId | null): void {
    if (this.#values.has(name) || this.#pending.has(name))
      throw new MillraceError('MODEL_INVALID', 'is defined twice', { at: `value "${name}"` });
    this.#values.set(name, id);
  }

  #lookup(name: string, user: string): ValueId | null {
    const known = this.#values.get(name);
    if (known !== undefined) return known;
    const tensor = this.#model.graph.initializers.get(name);
    if (tensor === undefined || !this.#pending.has(name))
      throw new MillraceError('MODEL_INVALID', 'is not defined', {
        at: `value "${name}"`,
        expected: 'an input, an initializer or the output of a node',
        got: `a use by ${user}`,
      });
    this.#pending.delete(name);
    const id = this.#attempt(`initializer "${name}"`, () => this.#graph.embed(name, tensor));
    this.#values.set(name, id);
    return id;
  }

  /** The result, or null, having noted why not. */
  #attempt<T>(what: string, action: () => T): T | null {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof Unsupported)) throw error;
      this.#report.unsupported(what, error.message);
      return null;
    }
  }

  #import(node: OnnxNode): void {
    const name = node.name || node.outputs.find((output) => output !== '') || node.op;
    const inputs = node.inputs.map((input) => (input === '' ? null : this.#lookup(input, `node "${name}"`)));
    const outputs = this.#outputsOf(node, name, inputs);
    node.outputs.forEach((output, i) => {
      if (output === '') return;
      const id = outputs === null ? null : (outputs[i] ?? null);
      if (outputs !== null && id === null) this.#report.unsupported(node, `output ${i}`, name);
      this.#define(output, id);
    });
  }

  #outputsOf(
    node: OnnxNode,
    name: string,
    inputs: readonly (ValueId | null)[],
  ): readonly (ValueId | null)[] | null {
    const entry = entryOf(node.domain, node.op);
    if (entry === undefined) {
      this.#report.unsupported(node, 'op not supported', name);
      return null;
    }
    // What stands in the way is noted already: the opset, or something before this node.
    if (!this.#knowsOpset || node.inputs.some((input, i) => input !== '' && inputs[i] === null)) return null;
    try {
      return entry.import(
        new ImportNode(node, name, this.#opset, inputs, entry.constants ?? {}, this.#graph),
      );
    } catch (error) {
      if (error instanceof Unsupported) {
        this.#report.unsupported(node, error.message, name);
        return null;
      }
      // Ops complain without knowing for which node they were asked.
      if (error instanceof MillraceError && !error.at?.includes(`"${name}"`))
        throw new MillraceError(error.code, error.message.split('\n')[0] ?? '', {
          at: `${node.op} "${name}"`,
          ...(error.expected === undefined ? {} : { expected: error.expected }),
          ...(error.got === undefined ? {} : { got: error.got }),
          ...(error.hint === undefined ? {} : { hint: error.hint }),
          cause: error,
        });
      throw error;
    }
  }
}
