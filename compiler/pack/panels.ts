/**
 * The panel layout of weights (see `runtime/kernels/layouts.ts`): biases, then K rows of 16 elements. Elements are
 * copied from a constant by strides, through the smallest box of the constant that holds what is asked for. So a
 * convolution of [out, in, h, w] and a matrix of [k, n] are read the same way.
 *
 * A constant whose output channels are its innermost axis (a matrix [k, n]) interleaves the bytes of all panels, so each
 * piece would read the whole file. Therefore a box is read for as many panels as fit BOX_BYTES, and kept for the pieces
 * that follow. That is one pass over the file for each box, rather than one for each piece.
 */
import {
  bytesOfElements,
  FLOAT_BYTES,
  PANEL,
  panelHeadBytes,
  type StoredElement,
} from '../../runtime/kernels/layouts.ts';
import type { Tensor } from '../ir/tensor.ts';
import { elementCount, type Shape, stridesOf } from '../ir/types.ts';
import type { ConstantReader } from '../ops/constants/materialize.ts';
import type { PackedWeight } from '../ops/define/lowering.ts';
import { groupPanels, panelBytes } from '../schedule/lower/packed.ts';

type Panels = Extract<PackedWeight, { layout: 'panels' }>;

/** A matrix of 4096 × 4096 is one box. */
const BOX_BYTES = 64 * 1024 * 1024;

const floatsIn = (bytes: Uint8Array): Float32Array =>
  new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / FLOAT_BYTES);

/** Rows of a panel as numbers that can be set, by what they are stored in. */
const rowsIn: Readonly<Record<StoredElement, (bytes: Uint8Array) => Float32Array>> = { f32: floatsIn };

/** A box of a constant whose elements have been read. */
interface LoadedBox {
  readonly packed: Panels;
  readonly group: number;
  /** Output channels [from, to) of the group are inside. */
  readonly from: number;
  readonly to: number;
  readonly data: Float32Array;
  readonly channelStride: number;
  readonly reduceStrides: readonly number[];
}

export class PanelPacker {
  readonly #reader: ConstantReader;
  readonly #boxBytes: number;
  #box: LoadedBox | null = null;
  /** The memory of all boxes, one after the other: nothing is left for the collector. */
  #memory: Float32Array | null = null;

  constructor(reader: ConstantReader, boxBytes: number = BOX_BYTES) {
    this.#reader = reader;
    this.#boxBytes = boxBytes;
  }

  /** Writes `panels` panels from `panel0` on into `target`, which holds zeros. */
  pack(packed: Panels, panel0: number, panels: number, target: Uint8Array): void {
    const perGroup = groupPanels(packed);
    const bytes = panelBytes(packed);
    const head = panelHeadBytes(packed.element, elementCount(packed.reduce));
    const biases = packed.bias === null ? null : floatsOf(this.#reader.read(packed.bias));
    for (let panel = panel0; panel < panel0 + panels; panel++) {
      const group = Math.floor(panel / perGroup);
      const first = (panel - group * perGroup) * PANEL;
      const lanes = Math.min(PANEL, packed.channels - first);
      const out = target.subarray((panel - panel0) * bytes, (panel - panel0 + 1) * bytes);
      if (biases !== null) {
        const from = group * packed.channels + first;
        floatsIn(out.subarray(0, bytesOfElements('f32', PANEL))).set(biases.subarray(from, from + lanes));
      }
      const lastOfGroup = Math.min(packed.channels, first + (panel0 + panels - panel) * PANEL);
      copyLanes(
        this.#boxFor(packed, group, first, first + lanes, lastOfGroup),
        first,
        lanes,
        rowsIn[packed.element](out.subarray(head)),
      );
    }
  }

  /** A box with channels [from, to), reading on to `wanted` or, where the layout interleaves, as far as allowed. */
  #boxFor(packed: Panels, group: number, from: number, to: number, wanted: number): LoadedBox {
    const box = this.#box;
    if (box?.packed === packed && box.group === group && box.from <= from && to <= box.to) return box;
    const perChannel = elementCount(packed.reduce) * FLOAT_BYTES;
    const allowed = Math.max(1, Math.floor(this.#boxBytes / perChannel));
    const interleaved = packed.channelStride < elementCount(packed.reduce);
    const end = Math.max(to, Math.min(interleaved ? packed.channels : wanted, from + allowed));
    this.#box = this.#read(packed, group, from, end);
    return this.#box;
  }

  #read(packed: Panels, group: number, from: number, to: number): LoadedBox {
    const { shape } = packed.weight.type;
    const first = group * packed.groupStride + from * packed.channelStride;
    let last = first + (to - 1 - from) * packed.channelStride;
    for (const [i, extent] of packed.reduce.entries()) last += (extent - 1) * packed.reduceStrides[i]!;
    const starts = coordinates(first, shape);
    const ends = coordinates(last, shape);
    const sizes = starts.map((start, axis) => ends[axis]! - start + 1);
    const data = this.#memoryOf(elementCount(sizes));
    this.#reader.readSliceInto(packed.weight, starts, sizes, data);
    const boxStrides = stridesOf(sizes);
    const inBox = (stride: number): number =>
      coordinates(stride, shape).reduce((sum, steps, axis) => sum + steps * boxStrides[axis]!, 0);
    return {
      packed,
      group,
      from,
      to,
      data,
      channelStride: packed.channels === 1 ? 0 : inBox(packed.channelStride),
      reduceStrides: packed.reduce.map((extent, i) => (extent === 1 ? 0 : inBox(packed.reduceStrides[i]!))),
    };
  }

  /** Memory for a box. Pages that no box reaches are never touched, so the first is as large as boxes usually get. */
  #memoryOf(floats: number): Float32Array {
    if (this.#memory === null || this.#memory.length < floats)
      this.#memory = new Float32Array(Math.max(floats, this.#boxBytes / 4));
    return this.#memory.subarray(0, floats);
  }
}

/** Multi-dimensional index of a flat element index. */
function coordinates(index: number, shape: Shape): number[] {
  const strides = stridesOf(shape);
  let rest = index;
  return strides.map((stride) => {
    const at = Math.floor(rest / stride);
    rest -= at * stride;
    return at;
  });
}

/** Fills rows of PANEL lanes, one row per reduction index in row-major order; in the order they are written. */
function copyLanes(box: LoadedBox, first: number, lanes: number, out: Float32Array): void {
  const { packed, data, channelStride, reduceStrides } = box;
  const base = (first - box.from) * channelStride;
  const inner = packed.reduce.length - 1;
  const innerExtent = packed.reduce[inner]!;
  const innerStride = reduceStrides[inner]!;
  const rows = elementCount(packed.reduce) / innerExtent;
  const index = new Array<number>(inner).fill(0);
  for (let row = 0, target = 0; row < rows; row++) {
    let start = base;
    for (let axis = 0; axis < inner; axis++) start += index[axis]! * reduceStrides[axis]!;
    if (lanes === PANEL && innerStride === 1) {
      for (let lane = 0; lane < PANEL; lane += 4)
        copyFour(out, target + lane, data, start + lane * channelStride, channelStride, innerExtent);
      target += innerExtent * PANEL;
    } else
      for (let k = 0; k < innerExtent; k++, start += innerStride, target += PANEL)
        for (let lane = 0, from = start; lane < lanes; lane++, from += channelStride)
          out[target + lane] = data[from]!;
    for (let axis = inner - 1; axis >= 0 && ++index[axis]! === packed.reduce[axis]; axis--) index[axis] = 0;
  }
}

/** Four lanes of `count` rows, from channels whose elements adjoin: by far the most weights lie so. */
function copyFour(
  out: Float32Array,
  target: number,
  data: Float32Array,
  from: number,
  channelStride: number,
  count: number,
): void {
  const [b, c, d] = [from + channelStride, from + 2 * channelStride, from + 3 * channelStride];
  for (let k = 0, at = target; k < count; k++, at += PANEL) {
    out[at] = data[from + k]!;
    out[at + 1] = data[b + k]!;
    out[at + 2] = data[c + k]!;
    out[at + 3] = data[d + k]!;
  }
}

/** Elements as float32; panels hold nothing else. */
function floatsOf(tensor: Tensor): Float32Array {
  if (tensor.data instanceof Float32Array) return tensor.data;
  throw new Error(`panels are packed from float32, not ${tensor.type.dtype}`);
}
