/**
 * Random networks of branches whose parts are whole vectors of channels, so that what can share memory does:
 * concatenations (nested, repeated, of slices), splits, residuals, functions over their operands, along the channels
 * and along the batch.
 */
import type { GraphBuilder } from '../../compiler/ir/builder.ts';
import type { Attrs } from '../../compiler/ir/constant.ts';
import type { Graph, ValueId } from '../../compiler/ir/graph.ts';
import { bytesOf } from '../../compiler/ir/tensor.ts';
import type { Shape } from '../../compiler/ir/types.ts';
import { graphBuilder } from '../../compiler/ops/index.ts';
import { Random } from './random.ts';
import { randomTensor } from './tensors.ts';

/** Channels of the narrowest part: 64 bytes. */
const UNIT = 16;
const MOST_CHANNELS = 96;

export function branchingGraph(seed: number): Graph {
  return new Branching(seed).graph();
}

class Branching {
  readonly #random: Random;
  readonly #builder: GraphBuilder;
  readonly #values: ValueId[] = [];
  readonly #batch: number;
  readonly #size: number;
  #nodes = 0;

  constructor(seed: number) {
    this.#random = new Random(seed);
    this.#builder = graphBuilder(`branching ${seed}`);
    this.#batch = this.#random.integer(1, 2);
    this.#size = this.#random.integer(1, 4);
  }

  graph(): Graph {
    const shape = [this.#batch, this.#size, this.#size, UNIT * this.#random.integer(1, 3)];
    this.#values.push(this.#builder.input('x', { dtype: 'float32', shape }));
    for (let i = this.#random.integer(6, 18); i > 0; i--) this.#grow();
    const shown = new Set([this.#values.at(-1)!, this.#random.pick(this.#values)]);
    for (const id of shown) this.#builder.output(`y${id}`, id);
    return this.#builder.build();
  }

  #grow(): void {
    const ways = [this.#conv, this.#conv, this.#conv, this.#concat, this.#concat, this.#split];
    const others = [this.#sum, this.#function, this.#pool, this.#normalise, this.#batches, this.#reshaped];
    this.#random.pick([...ways, ...others]).call(this, this.#any());
  }

  /** One of the last values, as branches are. */
  #any(): ValueId {
    return this.#values.at(-this.#random.integer(1, Math.min(4, this.#values.length)))!;
  }

  #shape(id: ValueId): Shape {
    return this.#builder.typeOf(id).shape;
  }

  #channels(id: ValueId): number {
    return this.#shape(id).at(-1)!;
  }

  #node(op: string, inputs: readonly (ValueId | null)[], attrs: Attrs): readonly ValueId[] {
    const made = this.#builder.node(op, inputs, attrs, `${op}${this.#nodes++}`);
    for (const id of made) this.#values.push(id);
    return made;
  }

  #constant(shape: Shape, scale: (x: number) => number = (x) => x / 4): ValueId {
    const tensor = randomTensor({ dtype: 'float32', shape }, this.#nodes++);
    (tensor.data as Float32Array).forEach((x, i, all) => {
      all[i] = scale(x);
    });
    const bytes = bytesOf(tensor);
    return this.#builder.constant(`c${this.#nodes}`, tensor.type, { kind: 'inline', bytes });
  }

  #conv(x: ValueId): void {
    const random = this.#random;
    const [from, to] = [this.#channels(x), UNIT * random.integer(1, 3)];
    const kernel = random.pick([1, 3]);
    const pads = new Array<number>(4).fill((kernel - 1) / 2);
    const attrs = { strides: [1, 1], dilations: [1, 1], pads };
    const act = { act: random.pick(['none', 'relu', 'silu']) };
    const depthwise = random.chance(0.2);
    const w = this.#constant(depthwise ? [from, 1, kernel, kernel] : [to, from, kernel, kernel]);
    const y = { shape: [...this.#shape(x).slice(0, 3), depthwise ? from : to] };
    const residual = random.chance(0.5) ? this.#like(y.shape) : null;
    const groups = depthwise ? from : 1;
    if (!depthwise && random.chance(0.15)) {
      const transposed = this.#constant([from, to, kernel, kernel]);
      const rest = { outputPadding: [0, 0], ...act };
      this.#node('convTranspose', [x, transposed, null, residual], { ...attrs, ...rest });
    } else this.#node('conv', [x, w, null, residual], { ...attrs, groups, ...act });
  }

  #like(shape: Shape): ValueId | null {
    const alike = this.#values.filter((id) => `${this.#shape(id)}` === `${shape}`);
    return alike.length > 0 ? this.#random.pick(alike) : null;
  }

  #concat(x: ValueId): void {
    const pixels = `${this.#shape(x).slice(0, -1)}`;
    const others = this.#values.filter((id) => `${this.#shape(id).slice(0, -1)}` === pixels);
    const parts = this.#random.shuffle([...others.slice(-3), x]).slice(0, this.#random.integer(2, 3));
    const total = parts.reduce((sum, id) => sum + this.#channels(id), 0);
    if (total <= MOST_CHANNELS) this.#node('concat', parts, { axis: this.#shape(x).length - 1 });
  }

  #split(x: ValueId): void {
    const channels = this.#channels(x);
    const axis = this.#shape(x).length - 1;
    const first = this.#random.pick([UNIT, UNIT, 8, 2 * UNIT]);
    if (first < channels) this.#node('split', [x], { axis, sizes: [first, channels - first] });
  }

  #sum(x: ValueId): void {
    this.#node(this.#random.pick(['add', 'mul']), [x, this.#like(this.#shape(x))!], {});
  }

  #function(x: ValueId): void {
    this.#node(this.#random.pick(['tanh', 'sigmoid', 'relu']), [x], {});
  }

  #pool(x: ValueId): void {
    const attrs = { kernel: [3, 3], strides: [1, 1], dilations: [1, 1], pads: [1, 1, 1, 1] };
    this.#node('maxPool', [x], attrs);
  }

  #normalise(x: ValueId): void {
    const channels = [this.#channels(x)];
    const positive = (x: number) => 1 + x * x;
    const statistics = [0, 1, 2].map(() => this.#constant(channels));
    this.#node('batchNorm', [x, ...statistics, this.#constant(channels, positive)], { axis: 3 });
  }

  /** Along the batch: parts in one piece. */
  #batches(x: ValueId): void {
    const batch = this.#shape(x)[0]!;
    if (batch > 1) this.#node('split', [x], { axis: 0, sizes: [1, batch - 1] });
    else {
      const other = this.#like(this.#shape(x))!;
      this.#node('concat', this.#random.chance(0.5) ? [x, other] : [other, x], { axis: 0 });
    }
  }

  #reshaped(x: ValueId): void {
    const [n, h, w, c] = this.#shape(x) as [number, number, number, number];
    const [flat] = this.#builder.node('reshape', [x], { shape: [n * h * w, c] }, `flat${this.#nodes++}`);
    const [y] = this.#builder.node('tanh', [flat!], {}, `tanh${this.#nodes++}`);
    this.#node('reshape', [y!], { shape: [n, h, w, c] });
  }
}
