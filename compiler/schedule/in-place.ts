/**
 * Which inputs of a node die there, so that its result may take their memory. Values that are views of one another
 * live in the same bytes and die together; inputs of the network, constants and outputs keep theirs.
 *
 * Example: in a residual block, conv(x, residual) is the last reader of the residual; its result is written over it,
 * element by element as each is added, and the block's peak is smaller by one activation.
 */
import { type Graph, type Node, type ValueId, valueAt } from '../ir/graph.ts';
import { byteLength } from '../ir/types.ts';
import { opOf } from '../ops/index.ts';
import type { Lowered, Operand } from '../ops/op.ts';

export class Lenders {
  readonly #graph: Graph;
  /** Of each view, the value whose bytes it shows. */
  readonly #shown = new Map<ValueId, ValueId>();
  readonly #lastReader = new Map<ValueId, Node>();
  readonly #kept: ReadonlySet<ValueId>;

  constructor(graph: Graph, isView: (node: Node) => boolean) {
    this.#graph = graph;
    for (const node of graph.nodes) {
      const [first] = node.inputs;
      if (isView(node) && typeof first === 'number') this.#shown.set(node.outputs[0]!, this.#root(first));
      for (const id of node.inputs) if (id !== null) this.#lastReader.set(this.#root(id), node);
    }
    this.#kept = new Set([...graph.inputs, ...graph.outputs.map(({ value }) => this.#root(value))]);
  }

  /** The input whose memory the first output of a node may take; `lowered` is null for a host op. */
  lenderOf(node: Node, lowered: Lowered | null): ValueId | null {
    const { inPlace, linear } = opOf(node.op).traits;
    // A kernel reads the residual of an element just before it writes that element.
    const candidates = [...(inPlace ?? []), ...(linear?.residual === undefined ? [] : [linear.residual])];
    for (const input of candidates) {
      const id = node.inputs[input];
      if (typeof id !== 'number' || !this.#diesAt(node, id, input)) continue;
      if (lowered === null || lowered.calls.every((call, n) => readsInput(call, input) === (n === 0)))
        return id;
    }
    return null;
  }

  #diesAt(node: Node, id: ValueId, input: number): boolean {
    const root = this.#root(id);
    if (this.#kept.has(root) || this.#lastReader.get(root) !== node) return false;
    const lender = valueAt(this.#graph, root);
    if (lender.constant !== undefined) return false;
    // Read at another place too, as what is convolved, it would be overwritten before it is read.
    if (node.inputs.some((other, i) => i !== input && other !== null && this.#root(other) === root))
      return false;
    return byteLength(lender.type) === byteLength(valueAt(this.#graph, node.outputs[0]!).type);
  }

  #root(id: ValueId): ValueId {
    return this.#shown.get(id) ?? id;
  }
}

/** Later calls of a lowering work on the output: who lends its memory must have been read by then. */
export const readsInput = (call: Lowered['calls'][number], input: number): boolean =>
  Object.values(call.operands as Readonly<Record<string, Operand | null | undefined>>).some(
    (operand) => operand != null && 'input' in operand && operand.input === input,
  );
