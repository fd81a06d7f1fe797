/** ONNX to Graph: a model's inputs get their types, its nodes are imported, and what stands in the way is one error. */
import { resolve } from 'node:path';
import { MillraceError } from '../../../runtime/error.ts';
import type { Graph, ValueId } from '../../ir/graph.ts';
import type { Tensor } from '../../ir/tensor.ts';
import { formatType } from '../../ir/types.ts';
import { readModel } from '../read/model.ts';
import { narrowOf } from '../read/narrow.ts';
import { dtypeOf, elementTypeName, type OnnxModel, type OnnxValueInfo } from '../read/schema.ts';
import { type Bindings, bindInputs } from './dimensions.ts';
import { ImportGraph } from './graph.ts';
import { Nodes, opsets } from './nodes.ts';
import { commandFor, describeOpen, formatShape } from './open-inputs.ts';
import { ImportReport } from './report.ts';
import type { Scope } from './scope.ts';

/** Options of `importOnnx`. */
export interface ImportOptions extends Bindings {
  /** Inputs whose value is known now: they become constants, and are inputs no more. */
  readonly constants?: Readonly<Record<string, Tensor>>;
}

export { opsets } from './nodes.ts';

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

  constructor(model: OnnxModel, path: string, graph: ImportGraph, opset: number) {
    this.#model = model;
    this.#path = path;
    this.#graph = graph;
    this.#report = new ImportReport(model);
    if (opset < opsets.first || opset > opsets.last) this.#report.opset(opset, opsets);
  }

  run(options: ImportOptions): Graph {
    const { graph } = this.#model;
    const nodes = new Nodes(this.#model, this.#graph, this.#report);
    const scope = nodes.scope(graph.initializers);
    // Until IR 3 initialisers had to be listed as inputs too; they are constants all the same.
    const fixed = new Map(Object.entries(options.constants ?? {}));
    const inputs = graph.inputs.filter(({ name }) => !graph.initializers.has(name) && !fixed.has(name));
    const assumed = this.#defineInputs(inputs, options, scope);
    for (const [name, tensor] of fixed) {
      if (graph.initializers.has(name) || !graph.inputs.some((input) => input.name === name))
        throw new MillraceError('OPTION', 'the model has no such input', { at: `constant "${name}"` });
      this.#checkConstant(graph.inputs.find((input) => input.name === name)!, tensor);
      const id = this.#graph.constant(name, tensor);
      const { elementType } = graph.inputs.find((input) => input.name === name)!;
      scope.define(name, narrowOf(elementType ?? 0) === null ? id : this.#graph.markNarrow(id));
    }
    nodes.main(graph, scope, this.#opsets);
    const missing: string[] = [];
    const names = outputNames(graph.outputs);
    graph.outputs.forEach(({ name }, i) => {
      const id = scope.lookup(name, 'the outputs of the graph');
      if (id === null) missing.push(name);
      else this.#output(names[i]!, id);
    });
    this.#report.throwIfAny();
    if (missing.length > 0)
      throw new MillraceError('MODEL_INVALID', 'depends on a value that is absent', {
        at: `output "${missing[0]}"`,
      });
    const built = this.#graph.builder.build();
    const docs = { inputs: docsOf(inputs), outputs: docsOf(graph.outputs) };
    return {
      ...built,
      ...(docs.inputs.size + docs.outputs.size > 0 ? { docs } : {}),
      ...(assumed.length > 0 ? { assumed } : {}),
    };
  }

  /** One whose shape depends on data is cut where it ends; what shape that is comes out beside it. */
  #output(name: string, id: ValueId): void {
    const bound = this.#graph.boundOf(id);
    if (bound === null) {
      this.#graph.builder.output(name, id);
      return;
    }
    const { builder } = this.#graph;
    const [cut, shape] = builder.node('trim', [id, bound.count], { axis: bound.axis }, `${name}.true`);
    this.#graph.builder.output(name, cut!);
    this.#graph.builder.output(`${name}.shape`, shape!);
  }

  /** A value that is baked in must be one that the input takes. */
  #checkConstant({ name, elementType, shape }: OnnxValueInfo, { type }: Tensor): void {
    const known = dtypeOf(elementType ?? 0) ?? narrowOf(elementType ?? 0)?.wide ?? null;
    const dtype = elementType === null || elementType === 0 ? type.dtype : known;
    const fits =
      shape === null ||
      (shape.length === type.shape.length &&
        shape.every((dim, i) => typeof dim !== 'number' || dim === type.shape[i]));
    if (dtype === type.dtype && fits) return;
    throw new MillraceError('OPTION', 'does not fit the input', {
      at: `constant "${name}"`,
      expected: `${elementTypeName(elementType ?? 0)} ${formatShape(shape ?? [])}`,
      got: formatType(type),
    });
  }

  /** A graph that uses the default domain has to import it: 0 is no opset. */
  get #opsets(): ReadonlyMap<string, number> {
    const { opsets: given, graph } = this.#model;
    const imports = given.has('') || graph.nodes.every(({ domain }) => domain !== '');
    return imports ? given : new Map([...given, ['', 0]]);
  }

  /** What was assumed of them. */
  #defineInputs(inputs: readonly OnnxValueInfo[], options: ImportOptions, scope: Scope): readonly string[] {
    const { types, open, foreign, bound, assumed } = bindInputs(inputs, options);
    for (const { name, elementType } of inputs) {
      const type = types.get(name);
      const id = type === undefined ? null : this.#graph.builder.input(name, type);
      if (id !== null && narrowOf(elementType ?? 0) !== null) this.#graph.markNarrow(id);
      scope.define(name, id);
    }
    for (const [name, reason] of foreign) this.#report.unsupported(`input "${name}"`, reason);
    if (open.length > 0)
      this.#report.open(
        open.map((input) => describeOpen(input, bound)),
        `Give extents, for example: ${commandFor(this.#path, open, bound)}`,
      );
    return assumed;
  }
}
