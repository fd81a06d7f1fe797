/**
 * What every graph must be, whoever made it. Run on the result of every pass in tests, so that a wrong rewrite is
 * found at the pass that made it and not in a kernel.
 *
 *   values   ids are their keys; each is an input, a constant or the output of one node, and something refers to it
 *   nodes    unique names, producers before consumers, attributes complete, types those that the op infers
 *   names    output i of node n is called `n`, then `n:i`; names of inputs and of outputs are unique
 *   recipes  the right number of bytes, random only of floating point, expressions that the ops can type
 */
import { MillraceError } from '../../runtime/error.ts';
import type { OpSignatures } from './builder.ts';
import type { TypedConstant } from './constant.ts';
import type { Graph, Node, ValueId } from './graph.ts';
import { byteLength, formatType, isFloat, sameType, type TensorType } from './types.ts';

/** Recipes nested deeper would make evaluating them overflow the stack; `parse` has the same bound. */
const MAX_RECIPE_DEPTH = 200;

/** Problems reported at once. */
const MAX_PROBLEMS = 10;

/** Throws if the graph is not well-formed. `at` says where it comes from, such as the name of a pass. */
export function verify(graph: Graph, signatures: OpSignatures, at: string = graph.name): void {
  const problems = problemsOf(graph, signatures);
  if (problems.length === 0) return;
  const shown = problems.slice(0, MAX_PROBLEMS);
  const rest = problems.length - shown.length;
  const what = ['graph is not well-formed', ...shown.map((line) => `  ${line}`)];
  if (rest > 0) what.push(`  and ${rest} more`);
  throw new MillraceError('INTERNAL', what.join('\n'), { at });
}

/** Everything wrong with a graph, in the order of its nodes. */
export function problemsOf(graph: Graph, signatures: OpSignatures): string[] {
  return new Verifier(graph, signatures).problems();
}

class Verifier {
  readonly #graph: Graph;
  readonly #signatures: OpSignatures;
  readonly #problems: string[] = [];
  readonly #available = new Set<ValueId>();
  readonly #used = new Set<ValueId>();

  constructor(graph: Graph, signatures: OpSignatures) {
    this.#graph = graph;
    this.#signatures = signatures;
  }

  problems(): string[] {
    this.#values();
    this.#inputs();
    const names = new Set<string>();
    for (const node of this.#graph.nodes) {
      if (names.has(node.name)) this.#problem(`two nodes are named "${node.name}"`);
      names.add(node.name);
      this.#node(node);
    }
    this.#outputs();
    for (const [id, value] of this.#graph.values) {
      if (!this.#available.has(id)) this.#problem(`nothing makes value ${id} (${value.name})`);
      if (!this.#used.has(id)) this.#problem(`nothing refers to value ${id} (${value.name})`);
    }
    return this.#problems;
  }

  #problem(what: string): void {
    this.#problems.push(what);
  }

  #values(): void {
    for (const [id, value] of this.#graph.values) {
      if (value.id !== id || !Number.isSafeInteger(id) || id < 0)
        this.#problem(`value ${value.name} has id ${value.id} under key ${id}`);
      if (!value.type.shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0))
        this.#problem(`value ${value.name} has type ${formatType(value.type)}`);
      if (value.constant === undefined) continue;
      this.#available.add(id);
      this.#recipe(value.name, { type: value.type, constant: value.constant }, 0);
    }
  }

  #inputs(): void {
    const names = new Set<string>();
    for (const id of this.#graph.inputs) {
      const value = this.#graph.values.get(id);
      if (value === undefined) {
        this.#problem(`input ${id} is no value`);
        continue;
      }
      if (value.constant !== undefined) this.#problem(`input ${value.name} is a constant`);
      if (this.#used.has(id)) this.#problem(`input ${value.name} is listed twice`);
      if (names.has(value.name)) this.#problem(`two inputs are named "${value.name}"`);
      names.add(value.name);
      this.#available.add(id);
      // An input that no node reads is the model's business, not a defect.
      this.#used.add(id);
    }
  }

  #node(node: Node): void {
    const inputs = node.inputs.map((id) => {
      if (id === null) return null;
      if (!this.#available.has(id)) this.#problem(`${node.name} reads value ${id} before it is made`);
      this.#used.add(id);
      return this.#graph.values.get(id)?.type ?? null;
    });
    this.#typing(node, inputs);
    node.outputs.forEach((id, i) => {
      const value = this.#graph.values.get(id);
      this.#used.add(id);
      if (value === undefined) {
        this.#problem(`output ${i} of ${node.name} is no value`);
        return;
      }
      if (value.constant !== undefined) this.#problem(`${node.name} writes constant ${value.name}`);
      else if (this.#available.has(id)) this.#problem(`${node.name} writes ${value.name} again`);
      const name = i === 0 ? node.name : `${node.name}:${i}`;
      if (value.name !== name) this.#problem(`output ${i} of ${node.name} is named "${value.name}"`);
      this.#available.add(id);
    });
  }

  #typing(node: Node, inputs: readonly (TensorType | null)[]): void {
    this.#reported(node.name, () => {
      const complete = this.#signatures.complete(node.op, node.attrs);
      const missing = Object.keys(complete).filter((key) => !Object.hasOwn(node.attrs, key));
      if (missing.length > 0) this.#problem(`${node.name} lacks attributes ${missing.join(', ')}`);
      const types = this.#signatures.infer(node.op, inputs, complete);
      if (types.length !== node.outputs.length)
        this.#problem(`${node.name} has ${node.outputs.length} outputs, ${node.op} makes ${types.length}`);
      types.forEach((type, i) => {
        const actual = this.#graph.values.get(node.outputs[i] ?? -1)?.type;
        if (actual !== undefined && !sameType(actual, type))
          this.#problem(
            `output ${i} of ${node.name} is ${formatType(actual)}, ${node.op} makes ${formatType(type)}`,
          );
      });
    });
  }

  #outputs(): void {
    const names = new Set<string>();
    for (const { name, value } of this.#graph.outputs) {
      if (names.has(name)) this.#problem(`two outputs are named "${name}"`);
      names.add(name);
      if (!this.#available.has(value)) this.#problem(`nothing makes output "${name}"`);
      this.#used.add(value);
    }
  }

  #recipe(name: string, { type, constant }: TypedConstant, depth: number): void {
    if (depth > MAX_RECIPE_DEPTH) {
      this.#problem(`the recipe of ${name} is nested deeper than ${MAX_RECIPE_DEPTH}`);
      return;
    }
    const wrong = (what: string): void => this.#problem(`constant ${name}: ${what}`);
    switch (constant.kind) {
      case 'inline':
        if (constant.bytes.byteLength !== byteLength(type))
          wrong(`${constant.bytes.byteLength} bytes for ${formatType(type)}`);
        return;
      case 'splat':
        return;
      case 'file':
        if (!Number.isSafeInteger(constant.offset) || constant.offset < 0) wrong(`offset ${constant.offset}`);
        return;
      case 'random':
        if (!isFloat(type.dtype)) wrong(`random elements of ${formatType(type)}`);
        if (constant.seed >>> 0 !== constant.seed) wrong(`seed ${constant.seed}`);
        return;
      case 'apply': {
        for (const arg of constant.args) this.#recipe(name, arg, depth + 1);
        this.#reported(`constant ${name}`, () => {
          const attrs = this.#signatures.complete(constant.op, constant.attrs);
          const types = constant.args.map((arg) => arg.type);
          const [made] = this.#signatures.infer(constant.op, types, attrs);
          if (made === undefined || !sameType(made, type))
            wrong(`${constant.op} makes ${made ? formatType(made) : 'nothing'}, not ${formatType(type)}`);
        });
      }
    }
  }

  /** Runs a check by the ops, which throw where they cannot type something. */
  #reported(at: string, check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#problem(`${at}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
