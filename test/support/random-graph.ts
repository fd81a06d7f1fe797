/**
 * Random networks as importers make them: channels-first values, each channels-last op between two transposes, with
 * all the ops that passes move, fold or fuse, and constants of every kind.
 */
import type { GraphBuilder } from '../../compiler/ir/builder.ts';
import type { Attrs, Constant } from '../../compiler/ir/constant.ts';
import type { Graph, ValueId } from '../../compiler/ir/graph.ts';
import { bytesOf, fromNumbers } from '../../compiler/ir/tensor.ts';
import { type DType, elementCount, type Shape, sameShape } from '../../compiler/ir/types.ts';
import { graphBuilder } from '../../compiler/ops/index.ts';
import { Random } from './random.ts';

/** Values with more elements are not built upon: the reference is slow. */
const MOST_ELEMENTS = 1200;

export function randomGraph(seed: number, dtype: DType = 'float32'): Graph {
  const network = new RandomNetwork(seed, dtype);
  return network.graph();
}

class RandomNetwork {
  readonly #random: Random;
  readonly #dtype: DType;
  readonly #builder: GraphBuilder;
  readonly #values: ValueId[] = [];

  constructor(seed: number, dtype: DType) {
    this.#random = new Random(seed);
    this.#dtype = dtype;
    this.#builder = graphBuilder(`random ${seed}`);
  }

  graph(): Graph {
    const random = this.#random;
    for (let i = random.integer(1, 2); i > 0; i--) {
      const shape = [
        random.integer(1, 2),
        2 * random.integer(1, 3),
        random.integer(1, 5),
        random.integer(1, 5),
      ];
      this.#values.push(this.#builder.input(`x${i}`, { dtype: this.#dtype, shape }));
    }
    for (let i = random.integer(4, 16); i > 0; i--) this.#grow();
    const shown = new Set([this.#values.at(-1)!, random.pick(this.#values), random.pick(this.#values)]);
    for (const id of shown) this.#builder.output(`y${id}`, id);
    return this.#builder.build();
  }

  /** Adds an op on one of the last values; some are left to have several readers. */
  #grow(): void {
    const x = this.#values.at(-this.#random.integer(1, Math.min(4, this.#values.length)))!;
    const shape = this.#shape(x);
    const image = shape.length === 4 && !shape.includes(0);
    const any = [this.#unary, this.#binary, this.#transpose, this.#reduce, this.#movement, this.#other];
    const make = this.#random.pick(image ? [...any, this.#image, this.#image, this.#image] : any);
    for (const id of make.call(this, x))
      if (elementCount(this.#shape(id)) <= MOST_ELEMENTS) this.#values.push(id);
  }

  #shape(id: ValueId): Shape {
    return this.#builder.typeOf(id).shape;
  }

  #node(op: string, inputs: (ValueId | null)[], attrs: Attrs = {}): ValueId[] {
    return this.#builder.node(op, inputs, attrs);
  }

  #constant(shape: Shape, low = -0.5, high = 0.5): ValueId {
    const random = this.#random;
    const seed = random.integer(1, 5);
    const uniform = { kind: 'random', distribution: 'uniform', seed } as const;
    const recipes: Constant[] = [
      { kind: 'splat', value: random.pick([low, high, Math.max(low, 0), 1].filter((v) => v >= low)) },
      { ...uniform, mean: (low + high) / 2, scale: (high - low) / 2 },
    ];
    const type = { dtype: this.#dtype, shape };
    if (elementCount(shape) < 40) {
      const values = Array.from({ length: elementCount(shape) }, () => low + random.next() * (high - low));
      recipes.push({ kind: 'inline', bytes: bytesOf(fromNumbers(type, values)) });
    }
    return this.#builder.constant(`c${random.integer(0, 3)}`, type, random.pick(recipes));
  }

  #unary(x: ValueId): ValueId[] {
    if (this.#random.chance(0.15)) return this.#spelledOut(x);
    const ops: [string, Attrs][] = [
      ['relu', {}],
      ['sigmoid', {}],
      ['tanh', {}],
      ['clip', { min: -0.5, max: 0.75 }],
      ['leakyRelu', { alpha: 0.2 }],
      ['abs', {}],
      ['hardSwish', {}],
      ['identity', {}],
      ['cast', { to: this.#dtype }],
    ];
    return this.#node(...this.#withInputs(this.#random.pick(ops), [x]));
  }

  /** x·sigmoid(x) or x·clip(x + 3, 0, 6)/6. */
  #spelledOut(x: ValueId): ValueId[] {
    if (this.#random.chance(0.5)) return this.#node('mul', [x, this.#node('sigmoid', [x])[0]!]);
    const number = (value: number) =>
      this.#builder.constant('n', { dtype: this.#dtype, shape: [] }, { kind: 'splat', value });
    const [sum] = this.#node('add', [x, number(3)]);
    const [clipped] = this.#node('clip', [sum!], { min: 0, max: 6 });
    return this.#node('div', [this.#node('mul', [x, clipped!])[0]!, number(6)]);
  }

  #withInputs([op, attrs]: [string, Attrs], inputs: ValueId[]): [string, ValueId[], Attrs] {
    return [op, inputs, attrs];
  }

  /** With a value of the same shape, directly or through a transpose; or with a constant that broadcasts. */
  #binary(x: ValueId): ValueId[] {
    const random = this.#random;
    const shape = this.#shape(x);
    const op = random.pick(['add', 'add', 'mul', 'sub', 'max', 'prelu']);
    const others = this.#values.filter((id) => sameShape(this.#shape(id), shape));
    if (random.chance(0.5) && others.length > 1) return this.#node(op, [x, random.pick(others)]);
    if (random.chance(0.2)) {
      const perm = random.shuffle(shape.map((_, axis) => axis));
      const from = this.#values.find((id) =>
        sameShape(
          this.#shape(id),
          perm.map((_, k) => shape[perm.indexOf(k)]!),
        ),
      );
      if (from !== undefined) return this.#node(op, [x, this.#node('transpose', [from], { perm })[0]!]);
    }
    const kept = random.integer(0, Math.max(0, shape.length - 1));
    const constantShape = random.pick([
      [],
      [1],
      shape.map((dim, axis) => (axis === kept ? dim : 1)),
      shape.slice(kept).map((dim, axis) => (axis === 0 ? dim : 1)),
      shape,
    ]);
    const constant = this.#constant(constantShape);
    const swap = op !== 'prelu' && random.chance(0.3);
    return this.#node(op, swap ? [constant, x] : [x, constant]);
  }

  #transpose(x: ValueId): ValueId[] {
    const perm = this.#random.shuffle(this.#shape(x).map((_, axis) => axis));
    return this.#node('transpose', [x], { perm });
  }

  #reduce(x: ValueId): ValueId[] {
    const axes = this.#shape(x).flatMap((_, axis) => (this.#random.chance(0.4) ? [axis] : []));
    const op = this.#random.pick(['reduceMean', 'reduceMax', 'reduceSum']);
    return this.#node(op, [x], { axes, keepDims: this.#random.chance(0.6) });
  }

  #movement(x: ValueId): ValueId[] {
    const random = this.#random;
    const shape = this.#shape(x);
    const rank = shape.length;
    if (rank === 0) return this.#node('reshape', [x], { shape: [1] });
    const axis = random.integer(0, rank - 1);
    const dim = shape[axis]!;
    const alike = this.#values.filter(
      (id) =>
        this.#shape(id).length === rank && sameShape(this.#shape(id).with(axis, 0), shape.with(axis, 0)),
    );
    switch (random.integer(0, 6)) {
      case 0:
        return this.#node(
          'concat',
          random.chance(0.2) ? [x] : [x, random.pick(alike), this.#constant(shape)],
          { axis },
        );
      case 1: {
        const first = random.integer(0, dim);
        return this.#node('split', [x], { axis, sizes: random.chance(0.2) ? [dim] : [first, dim - first] });
      }
      case 2: {
        const sizes = shape.map((size) => (random.chance(0.3) && size > 1 ? size - 1 : size));
        const back = random.chance(0.3);
        const steps = shape.map((_, k) => (back && k === axis ? -1 : 1));
        const starts = shape.map((size, k) => (steps[k]! < 0 ? size - 1 : size - sizes[k]!));
        return this.#node('slice', [x], { starts, steps, sizes });
      }
      case 3: {
        const pads = [...shape, ...shape].map(() => (random.chance(0.3) ? 1 : 0));
        return this.#node('pad', [x], { pads: random.chance(0.2) ? pads.map(() => 0) : pads, value: 0.25 });
      }
      case 4:
        return this.#node('expand', [x], {
          shape: shape.map((size) => (size === 1 ? random.integer(1, 3) : size)),
        });
      case 5: {
        const indices = fromNumbers({ dtype: 'int64', shape: [2] }, [0, -1]);
        if (dim === 0) return [];
        const id = this.#builder.constant('i', indices.type, { kind: 'inline', bytes: bytesOf(indices) });
        return this.#node('gather', [x, id], { axis });
      }
      default:
        return this.#reshape(x);
    }
  }

  #reshape(x: ValueId): ValueId[] {
    const random = this.#random;
    const shape = this.#shape(x);
    const count = elementCount(shape);
    const even = shape.findIndex((dim) => dim > 0 && dim % 2 === 0);
    const shapes: number[][] = [
      [count],
      [1, ...shape],
      shape.filter((dim) => dim !== 1),
      [shape[0]!, count === 0 ? 0 : count / shape[0]!],
      [...shape, 1],
    ];
    if (even >= 0) shapes.push([...shape.slice(0, even), 2, shape[even]! / 2, ...shape.slice(even + 1)]);
    if (shape.length >= 3) shapes.push([shape[0]!, shape[1]! * shape[2]!, ...shape.slice(3)]);
    return this.#node('reshape', [x], { shape: random.pick(shapes) });
  }

  #other(x: ValueId): ValueId[] {
    const random = this.#random;
    const shape = this.#shape(x);
    const rank = shape.length;
    if (rank === 0 || shape.includes(0)) return this.#unary(x);
    if (rank >= 2 && random.chance(0.4)) {
      const columns = random.integer(1, 4);
      const transB = random.chance(0.3);
      const w = this.#constant(transB ? [columns, shape[rank - 1]!] : [shape[rank - 1]!, columns]);
      const bias = random.chance(0.5) ? [this.#constant([columns])] : [];
      return this.#node('matmul', [x, w, ...bias], { transB });
    }
    const axis = random.integer(0, rank - 1);
    if (random.chance(0.4)) return this.#node('softmax', [x], { axis });
    const channels = [shape[axis]!];
    const parameters = [0.5, -0.5, -0.5, 0.5].map((low) => this.#constant(channels, low, low + 1));
    return this.#node('batchNorm', [x, ...parameters], { axis });
  }

  /** A channels-last op on a channels-first image. */
  #image(x: ValueId): ValueId[] {
    const random = this.#random;
    const [, channels] = this.#shape(x) as [number, number];
    const last = this.#node('transpose', [x], { perm: [0, 2, 3, 1] })[0]!;
    const groups = channels % 2 === 0 ? random.pick([1, 2, channels]) : 1;
    const k = random.pick([1, 3]);
    const pads = [0, 0, 0, 0].map(() => k >> 1);
    const window = { strides: [1, random.pick([1, 2])], dilations: [1, 1], pads };
    const y = (() => {
      switch (random.integer(0, 4)) {
        case 0: {
          const w = this.#constant([channels, random.integer(1, 2), k, k]);
          return this.#node('convTranspose', [last, w], { ...window, outputPadding: [0, 0], groups });
        }
        case 1: {
          const op = random.pick(['maxPool', 'averagePool']);
          return this.#node(op, [last], { kernel: [k, k], ...window });
        }
        default: {
          const out = groups * random.integer(1, 2);
          const w = this.#constant([out, channels / groups, k, k]);
          const bias = random.chance(0.4) ? [this.#constant([out])] : [];
          return this.#node('conv', [last, w, ...bias], { ...window, groups });
        }
      }
    })();
    return this.#node('transpose', y, { perm: [0, 3, 1, 2] });
  }
}
