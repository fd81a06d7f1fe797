/**
 * Evaluates constant recipes, a slice at a time: the memory it takes is that of the slice, whatever the constant's
 * size. Bytes of files are read where and when they are asked for, in few large reads; expressions are evaluated
 * over the pieces of their arguments that a slice depends on.
 */
import { MillraceError } from '../../../runtime/error.ts';
import type { ApplyConstant, TypedConstant } from '../../ir/constant.ts';
import { arrayFor, bytesOf, type Tensor, type TypedArray, tensorFromBytes, zeros } from '../../ir/tensor.ts';
import { byteLength, elementCount, elementSize, formatType, type Shape } from '../../ir/types.ts';
import type { Box } from '../define/traits.ts';
import { opOf } from '../index.ts';
import { storedElement } from '../reference/elements.ts';
import { boxesOfRange, broadcastBox, forEachRun, wholeBox } from './boxes.ts';
import { ConstantFiles } from './files.ts';
import { fillRandom } from './random.ts';

/** Runs of a slice are read together, gaps included, in windows of at most this many bytes. */
const WINDOW = 16 * 1024 * 1024;
/** A gap longer than this is skipped: a request costs about as much as copying 16 KiB. */
const GAP = 16 * 1024;
/** Expressions are evaluated in pieces of about this many bytes, so that their arguments never pile up. */
const PIECE = 512 * 1024;
/** What an op that cannot be evaluated by pieces may take, arguments and result together. */
const WHOLE = 64 * 1024 * 1024;

type ApplyRecipe = TypedConstant & { readonly constant: ApplyConstant };

export class ConstantReader {
  readonly #files = new ConstantFiles();
  /** The last expression that had to be evaluated whole: its slices come one after the other. */
  #whole: { readonly constant: ApplyConstant; readonly tensor: Tensor } | null = null;
  /** A window's memory, kept for the next one; null while in use. */
  #spare: ArrayBuffer | null = null;

  /** All elements. */
  read(constant: TypedConstant): Tensor {
    const { starts, sizes } = wholeBox(constant.type.shape);
    return this.readSlice(constant, starts, sizes);
  }

  /** The hyper-rectangle of `sizes` elements from `starts`. */
  readSlice(constant: TypedConstant, starts: readonly number[], sizes: Shape): Tensor {
    const slice = zeros({ dtype: constant.type.dtype, shape: sizes });
    this.readSliceInto(constant, starts, sizes, slice.data);
    return slice;
  }

  /** The same into memory of the caller's, an array of the constant's dtype, whatever it held. */
  readSliceInto(constant: TypedConstant, starts: readonly number[], sizes: Shape, target: TypedArray): void {
    const { dtype, shape } = constant.type;
    if (!(target instanceof arrayFor(dtype)))
      throw new MillraceError('INTERNAL', `elements of ${formatType(constant.type)} in another array`);
    const inside = sizes.every((size, axis) => starts[axis]! >= 0 && starts[axis]! + size <= shape[axis]!);
    if (!inside || sizes.length !== shape.length)
      throw new MillraceError('INTERNAL', `slice [${starts}] + [${sizes}] of ${formatType(constant.type)}`);
    this.#slice(constant, { starts, sizes }, target, 0);
  }

  /** `count` consecutive elements in row-major order, as a vector. */
  readRange(constant: TypedConstant, first: number, count: number): Tensor {
    if (first < 0 || first + count > elementCount(constant.type.shape))
      throw new MillraceError('INTERNAL', `elements ${first} + ${count} of ${formatType(constant.type)}`);
    const range = zeros({ dtype: constant.type.dtype, shape: [count] });
    this.#range(constant, first, range.data, 0, count);
    return range;
  }

  /** All elements, in row-major order, as the bytes from `target` on, at a multiple of the element's size. */
  readBytesInto(constant: TypedConstant, target: Uint8Array): void {
    const count = elementCount(constant.type.shape);
    const array = arrayFor(constant.type.dtype);
    this.#range(constant, 0, new array(target.buffer as ArrayBuffer, target.byteOffset, count), 0, count);
  }

  /** Closes the files; the reader may be used again and reopens them. */
  close(): void {
    this.#files.close();
    this.#whole = null;
    this.#spare = null;
  }

  /** Writes a box of a constant to target[at …]. */
  #slice(constant: TypedConstant, box: Box, target: TypedArray, at: number): void {
    if (elementCount(box.sizes) === 0) return;
    const expression = expressionOf(constant);
    if (expression !== null && opOf(expression.constant.op).traits.view !== true) {
      this.#expression(expression, box, target, at);
      return;
    }
    // Only sources where asking twice costs something gain from reading the gaps between runs.
    const { kind } = underViews(constant).constant;
    const windows = kind === 'file' || kind === 'apply';
    const runs: Run[] = [];
    const size = elementSize(constant.type.dtype);
    forEachRun(constant.type.shape, box, (from, to, count) => {
      const last = runs[runs.length - 1];
      const joins =
        windows &&
        last !== undefined &&
        (from - last.from - last.count) * size <= GAP &&
        (from + count - runs[0]!.from) * size <= WINDOW;
      if (!joins && last !== undefined) this.#flush(constant, runs, target);
      runs.push({ from, at: at + to, count });
    });
    this.#flush(constant, runs, target);
  }

  /** Reads runs in one go, and empties the list. */
  #flush(constant: TypedConstant, runs: Run[], target: TypedArray): void {
    const first = runs[0]!;
    const last = runs[runs.length - 1]!;
    if (runs.length === 1) this.#range(constant, first.from, target, first.at, first.count);
    else {
      const count = last.from + last.count - first.from;
      const bytes = count * elementSize(constant.type.dtype);
      const memory =
        this.#spare !== null && this.#spare.byteLength >= bytes ? this.#spare : new ArrayBuffer(bytes);
      this.#spare = null;
      const window = new (arrayFor(constant.type.dtype))(memory, 0, count);
      this.#range(constant, first.from, window, 0, count);
      // Source and target are arrays of one type.
      const to = target as Float32Array;
      for (const run of runs) {
        const from = run.from - first.from;
        to.set(window.subarray(from, from + run.count) as Float32Array, run.at);
      }
      this.#spare = memory;
    }
    runs.length = 0;
  }

  /** Writes consecutive elements of a constant to target[at …]. */
  #range(constant: TypedConstant, first: number, target: TypedArray, at: number, count: number): void {
    if (count === 0) return;
    const { constant: recipe, type } = underViews(constant);
    const size = elementSize(type.dtype);
    switch (recipe.kind) {
      case 'inline': {
        const bytes = recipe.bytes.subarray(first * size, (first + count) * size);
        (target as Float32Array).set(
          tensorFromBytes({ dtype: type.dtype, shape: [count] }, bytes).data as Float32Array,
          at,
        );
        return;
      }
      case 'splat':
        (target as Float32Array).fill(storedElement(type.dtype, recipe.value) as number, at, at + count);
        return;
      case 'random':
        fillRandom(recipe, type.dtype, first, target, at, count);
        return;
      case 'file': {
        const bytes = new Uint8Array(target.buffer, target.byteOffset + at * size, count * size);
        this.#files.read(recipe.path, recipe.offset + first * size, bytes);
        return;
      }
      case 'apply': {
        let done = 0;
        for (const box of boxesOfRange(type.shape, first, count)) {
          this.#expression({ type, constant: recipe }, box, target, at + done);
          done += elementCount(box.sizes);
        }
      }
    }
  }

  /** Evaluates a box of an expression into target[at …], in pieces cut along the outermost axis. */
  #expression(recipe: ApplyRecipe, box: Box, target: TypedArray, at: number): void {
    const axis = box.sizes.findIndex((size) => size > 1);
    const bytes = elementCount(box.sizes) * elementSize(recipe.type.dtype);
    if (bytes <= PIECE || axis < 0) {
      (target as Float32Array).set(this.#evaluate(recipe, box).data as Float32Array, at);
      return;
    }
    const half = Math.floor(box.sizes[axis]! / 2);
    const rest = box.sizes[axis]! - half;
    const lower = { ...box, sizes: box.sizes.with(axis, half) };
    const upper = {
      starts: box.starts.with(axis, box.starts[axis]! + half),
      sizes: box.sizes.with(axis, rest),
    };
    this.#expression(recipe, lower, target, at);
    this.#expression(recipe, upper, target, at + elementCount(lower.sizes));
  }

  #evaluate(recipe: ApplyRecipe, box: Box): Tensor {
    const { op: name, attrs, args } = recipe.constant;
    const op = opOf(name);
    const type = { dtype: recipe.type.dtype, shape: box.sizes };
    const types = args.map((arg) => arg.type);
    const pieces =
      op.traits.elementwise === true
        ? { attrs, inputs: types.map((arg) => broadcastBox(box, arg.shape)) }
        : op.traits.region?.(attrs, box, types, recipe.type);
    if (pieces != null) {
      const inputs = args.map((arg, i) =>
        this.readSlice(arg, pieces.inputs[i]!.starts, pieces.inputs[i]!.sizes),
      );
      return op.evaluate(inputs, pieces.attrs, [type])[0]!;
    }
    const whole = this.#evaluateWhole(recipe);
    const slice = zeros(type);
    const constant: TypedConstant = {
      type: recipe.type,
      constant: { kind: 'inline', bytes: bytesOf(whole) },
    };
    this.#slice(constant, box, slice.data, 0);
    return slice;
  }

  #evaluateWhole(recipe: ApplyRecipe): Tensor {
    const { constant, type } = recipe;
    if (this.#whole?.constant === constant) return this.#whole.tensor;
    const bytes = constant.args.reduce((sum, arg) => sum + byteLength(arg.type), byteLength(type));
    if (bytes > WHOLE)
      throw new MillraceError('MODEL_UNSUPPORTED', `a constant ${constant.op} too large to evaluate`, {
        expected: `at most ${WHOLE} bytes of arguments and result`,
        got: `${bytes} bytes, result ${formatType(type)}`,
      });
    const inputs = constant.args.map((arg) => this.read(arg));
    const tensor = opOf(constant.op).evaluate(inputs, constant.attrs, [type])[0]!;
    this.#whole = { constant, tensor };
    return tensor;
  }
}

/** `count` elements at `from` of a constant, to be written at `at`. */
interface Run {
  readonly from: number;
  readonly at: number;
  readonly count: number;
}

const expressionOf = (constant: TypedConstant): ApplyRecipe | null =>
  constant.constant.kind === 'apply' ? { type: constant.type, constant: constant.constant } : null;

/** The constant whose elements, in order, are this one's: views taken off. */
function underViews(constant: TypedConstant): TypedConstant {
  let under = constant;
  while (under.constant.kind === 'apply' && opOf(under.constant.op).traits.view === true)
    under = under.constant.args[0]!;
  return under;
}
