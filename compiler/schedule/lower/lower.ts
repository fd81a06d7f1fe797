/**
 * Graph → straight line of steps. Every node becomes the kernel calls its op's `lower` says, or one host step where
 * no kernel covers the case. Values get slots (numbered addresses-to-be); views share the slot of what they view.
 * Weights are whole here: `partition` cuts and merges them.
 */

import { MillraceError } from '../../../runtime/error.ts';
import type { VariantChoice } from '../../../runtime/format/format.ts';
import { isWritten } from '../../../runtime/kernels/signature.ts';
import { signatureOf } from '../../../runtime/kernels/table.ts';
import type { TypedConstant } from '../../ir/constant.ts';
import { type Graph, type Node, type ValueId, valueAt } from '../../ir/graph.ts';
import { byteLength, elementCount, type TensorType } from '../../ir/types.ts';
import type { Cost, KernelCall, Operand, PackedWeight } from '../../ops/define/lowering.ts';
import { opOf } from '../../ops/index.ts';
import { copyCall } from '../../ops/lowering/copy.ts';
import { segmentTarget } from '../cut/target.ts';
import { type Device, referenceDevice } from '../device/cost.ts';
import type { Layer, SchedulePort, Slot, SlotId, Step } from '../schedule.ts';
import { packedBytes, totalPanels } from './packed.ts';
import { kernelOfVariant, type Pins, type Selected, Selector } from './select.ts';
import { WeightIdentity } from './weight-identity.ts';

/** A schedule whose weights are not yet cut into segments. */
export interface Lowering {
  readonly name: string;
  readonly slots: readonly (Slot | null)[];
  readonly steps: readonly Step[];
  readonly layers: readonly Layer[];
  readonly inputs: readonly SchedulePort[];
  readonly outputs: readonly SchedulePort[];
}

export interface LowerOptions {
  /** The device that ways to run a node are chosen for; the reference device by default. */
  readonly device?: Device;
  /** Ways that the user wants, by kernel. */
  readonly variants?: Pins;
}

/** Throws OPTION where a variant is wanted that no node offers. */
export function lowerGraph(graph: Graph, options: LowerOptions = {}): Lowering {
  const { device = referenceDevice, variants } = options;
  const selector = new Selector(device, variants);
  const lowering = new LoweringInProgress(graph, selector);
  for (const node of graph.nodes) lowering.node(node);
  selector.checkPins();
  return lowering.finish();
}

/** What partition will aim at, as far as it can be known before weights are packed. */
function segmentBytesOf(graph: Graph): number {
  let bytes = 0;
  for (const { type, constant } of graph.values.values())
    if (constant !== undefined) bytes += byteLength(type);
  return segmentTarget(bytes);
}

class LoweringInProgress {
  readonly #graph: Graph;
  readonly #slots: (Slot | null)[] = [null];
  readonly #steps: Step[] = [];
  readonly #layers: Layer[] = [];
  readonly #slotOf = new Map<ValueId, SlotId>();
  /** Weights by the identity of their recipes, so that a weight used twice is stored once. */
  readonly #weightSlots = new Map<string, SlotId>();
  readonly #identity = new WeightIdentity();
  readonly #inputs: SchedulePort[] = [];
  readonly #selector: Selector;
  readonly #segmentBytes: number;

  constructor(graph: Graph, selector: Selector) {
    this.#graph = graph;
    this.#selector = selector;
    this.#segmentBytes = segmentBytesOf(graph);
    for (const id of graph.inputs) {
      const { name, type } = valueAt(graph, id);
      const slot = this.#activation(name, type);
      this.#slotOf.set(id, slot);
      this.#inputs.push({ name, type, slot });
    }
  }

  node(node: Node): void {
    const op = opOf(node.op);
    const inputs = node.inputs.map((id) => (id === null ? null : valueAt(this.#graph, id).type));
    const outputs = node.outputs.map((id) => valueAt(this.#graph, id).type);
    const first = node.inputs[0];
    const passesThrough = op.traits.view === true || op.traits.identity === true;
    if (passesThrough && first !== null && first !== undefined) {
      this.#view(node, first, outputs[0]!);
      return;
    }
    const constantOf = (input: number): TypedConstant | null => {
      const id = node.inputs[input];
      if (id === null || id === undefined) return null;
      const { type, constant } = valueAt(this.#graph, id);
      return constant === undefined ? null : { type, constant };
    };
    const segmentBytes = this.#segmentBytes;
    const context = { attrs: node.attrs, inputs, outputs, segmentBytes, constant: constantOf };
    const ways = op.lower?.(context) ?? null;
    const cost = op.cost(inputs, outputs, node.attrs);
    const selected = ways === null ? null : this.#selector.select(ways, cost);
    const firstStep = this.#steps.length;
    const outputSlots = node.outputs.map((id) => this.#slotFor(id));
    if (selected === null) this.#host(node, inputs, outputs, outputSlots, cost);
    else this.#calls(node, selected, outputSlots);
    const activations = inputs.filter((_, i) => constantOf(i) === null);
    this.#layer(node.name, node.op, firstStep, outputs[0]!, activations, selected?.choice ?? null);
  }

  finish(): Lowering {
    const outputs = this.#graph.outputs.map(({ name, value }): SchedulePort => {
      const sized = this.#sizedBy(value);
      return { ...this.#outputPort(name, value), ...(sized < 0 ? {} : { sized }) };
    });
    return {
      name: this.#graph.name,
      slots: this.#slots,
      steps: this.#steps,
      layers: this.#layers,
      inputs: this.#inputs,
      outputs,
    };
  }

  /** The output that says the true shape of a value; −1 where it is that of its type. */
  #sizedBy(id: ValueId): number {
    const node = this.#graph.nodes.find(
      ({ op, outputs }) => outputs[0] === id && opOf(op).traits.sized === true,
    );
    return node === undefined ? -1 : this.#graph.outputs.findIndex(({ value }) => value === node.outputs[1]);
  }

  /** An output must be an activation that a step writes: a constant or an input is copied into one. */
  #outputPort(name: string, id: ValueId): SchedulePort {
    const { type, constant } = valueAt(this.#graph, id);
    const slot = constant === undefined ? this.#operandOf(id, name) : null;
    const written = slot !== null && this.#slots[slot]!.kind !== 'weight' && !this.#isInput(slot);
    if (written) return { name, type, slot };
    const target = this.#activation(name, type);
    const firstStep = this.#steps.length;
    const flat = { dims: [elementCount(type.shape)], x: [1], y: [1], xOffset: 0, yOffset: 0 };
    const copy = copyCall(flat, type.dtype, { input: 0 }, { output: 0 });
    if (copy === null) throw new MillraceError('INTERNAL', 'a run of elements is no copy', { at: name });
    const source = slot ?? this.#operandOf(id, name);
    this.#step(copy, null, [source], [target], [], [], 0, 2 * byteLength(type));
    this.#layer(name, 'copy', firstStep, type, [type], null);
    return { name, type, slot: target };
  }

  #isInput(slot: SlotId): boolean {
    let root = slot;
    for (let s = this.#slots[root]; s?.kind !== 'weight' && s?.within; s = this.#slots[root])
      root = s.within.slot;
    return this.#inputs.some((port) => port.slot === root);
  }

  #calls(node: Node, { lowered, cost, choice }: Selected, outputs: readonly SlotId[]): void {
    const inputs = node.inputs.map((id) => (id === null ? null : id));
    const weights = lowered.weights.map((packed, i) => this.#weight(`${node.name}#${i}`, packed));
    const scratch = lowered.scratch.map((bytes, i) =>
      this.#slot((id) => ({ kind: 'scratch', id, name: `${node.name}~${i}`, byteLength: bytes })),
    );
    const share = 1 / Math.max(1, lowered.calls.length);
    for (const one of lowered.calls) {
      const inputSlots = inputs.map((id, i) =>
        id !== null && usesInput(one, i) ? this.#operandOf(id, node.name) : null,
      );
      const variant =
        choice !== null && kernelOfVariant(choice.variant) === one.kernel ? choice.variant : null;
      this.#step(one, variant, inputSlots, outputs, weights, scratch, cost.flops * share, cost.bytes * share);
    }
  }

  #step(
    one: KernelCall,
    variant: string | null,
    inputs: readonly (SlotId | null)[],
    outputs: readonly SlotId[],
    weights: readonly SlotId[],
    scratch: readonly SlotId[],
    flops: number,
    bytes: number,
  ): void {
    const slotOf = (operand: Operand): SlotId => {
      const slot =
        'input' in operand
          ? inputs[operand.input]
          : 'output' in operand
            ? outputs[operand.output]
            : 'weight' in operand
              ? weights[operand.weight]
              : scratch[operand.scratch];
      if (slot === null || slot === undefined)
        throw new MillraceError('INTERNAL', `${one.kernel}: operand ${JSON.stringify(operand)} is not there`);
      return slot;
    };
    const operands: Record<string, SlotId> = {};
    const reads: SlotId[] = [];
    const writes: SlotId[] = [];
    const given = one.operands as Readonly<Record<string, Operand | null | undefined>>;
    for (const [name, { role, optional }] of Object.entries(signatureOf(one.kernel).operands)) {
      const operand = given[name];
      if (operand === null || operand === undefined) {
        if (!optional) throw new MillraceError('INTERNAL', `${one.kernel}: operand ${name} is missing`);
        continue;
      }
      const slot = slotOf(operand);
      operands[name] = slot;
      (isWritten(role) ? writes : reads).push(slot);
    }
    this.#steps.push({
      layer: this.#layers.length,
      reads,
      writes,
      flops,
      bytes,
      action: {
        kind: 'kernel',
        kernel: one.kernel,
        ...(variant === null ? {} : { variant }),
        operands,
        params: one.params,
      },
    });
  }

  #host(
    node: Node,
    inputTypes: readonly (TensorType | null)[],
    outputTypes: readonly TensorType[],
    outputs: readonly SlotId[],
    cost: Cost,
  ): void {
    const inputs = node.inputs.map((id) => (id === null ? null : this.#operandOf(id, node.name)));
    this.#steps.push({
      layer: this.#layers.length,
      reads: inputs.filter((slot) => slot !== null),
      writes: outputs,
      flops: cost.flops,
      bytes: cost.bytes,
      action: { kind: 'host', op: node.op, attrs: node.attrs, inputs, inputTypes, outputs, outputTypes },
    });
  }

  #layer(
    name: string,
    op: string,
    firstStep: number,
    type: TensorType,
    inputs: readonly (TensorType | null)[],
    choice: VariantChoice | null,
  ) {
    const steps = this.#steps.length - firstStep;
    if (steps === 0) return;
    const inputTypes = inputs.filter((input) => input !== null);
    this.#layers.push({
      name,
      op,
      firstStep,
      steps,
      type,
      inputTypes,
      ...(choice === null ? {} : { choice }),
    });
  }

  #view(node: Node, input: ValueId, type: TensorType): void {
    const slot = this.#operandOf(input, node.name);
    const output = node.outputs[0]!;
    // A view of a weight is read as the weight itself; of an activation it gets a slot of its own name.
    if (this.#slots[slot]!.kind === 'weight') this.#slotOf.set(output, slot);
    else
      this.#slotOf.set(
        output,
        this.#slot((id) => ({
          kind: 'activation',
          id,
          name: node.name,
          byteLength: byteLength(type),
          within: { slot, offset: 0, as: 'part' },
        })),
      );
  }

  /** The slot a value is read from; a constant becomes a raw weight. */
  #operandOf(id: ValueId, user: string): SlotId {
    const { name, type, constant } = valueAt(this.#graph, id);
    if (constant === undefined) return this.#slotFor(id);
    return this.#weight(`${user}:${name}`, { layout: 'raw', parts: [{ type, constant }] });
  }

  #slotFor(id: ValueId): SlotId {
    const known = this.#slotOf.get(id);
    if (known !== undefined) return known;
    const { name, type } = valueAt(this.#graph, id);
    const slot = this.#activation(name, type);
    this.#slotOf.set(id, slot);
    return slot;
  }

  #activation(name: string, type: TensorType): SlotId {
    return this.#slot((id) => ({ kind: 'activation', id, name, byteLength: byteLength(type) }));
  }

  #weight(name: string, packed: PackedWeight): SlotId {
    const key = this.#identity.of(packed);
    const known = this.#weightSlots.get(key);
    if (known !== undefined) return known;
    const slot = this.#slot((id) => ({
      kind: 'weight',
      id,
      name,
      byteLength: packedBytes(packed),
      weight: { packed, panel0: 0, panels: totalPanels(packed) },
    }));
    this.#weightSlots.set(key, slot);
    return slot;
  }

  #slot(make: (id: SlotId) => Slot): SlotId {
    const id = this.#slots.length;
    this.#slots.push(make(id));
    return id;
  }
}

const usesInput = (one: KernelCall, input: number): boolean =>
  Object.values(one.operands as Record<string, Operand | null>).some(
    (operand) => operand !== null && 'input' in operand && operand.input === input,
  );
