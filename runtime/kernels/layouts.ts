/**
 * Layouts of weights: how many bytes each takes, for every element that weights may be stored in. Packing, cutting,
 * `extent` and the C header read this table; nobody else knows the size of an element.
 *
 * Panels serve every instruction set. For N output channels and a reduction of length K: ceil(N/16) panels (for g
 * groups: ceil(N/g/16) per group, groups in order), each [bias][scales][K rows of 16 elements]. Lane j of panel p is
 * channel 16·p + j; lanes past the end are zero. A piece of a layer is a run of panels, so a layer can be cut anywhere
 * between panels.
 *
 *     f32:  16 biases (64 bytes), no scales, K rows of 64 bytes
 */

/** Output channels of one panel: one AVX-512 vector, two AVX2, four NEON or WASM. */
export const PANEL = 16;

/** Rows of a panel that share a scale, where there is one for each block. */
export const SCALE_BLOCK = 32;

/** Bits of what tensors and weights are stored in. */
export const elementBits = { f32: 32, f16: 16, i8: 8, i4: 4 } as const;
export type Element = keyof typeof elementBits;

/** Bytes of so many elements, the last byte counted whole. */
export const bytesOfElements = (element: Element, count: number): number =>
  Math.ceil((count * elementBits[element]) / 8);

export const FLOAT_BYTES = bytesOfElements('f32', 1);

interface PanelElement {
  readonly bias: Element;
  /** null: elements are the weights themselves. Else an element is multiplied by its channel's scale, or by the one of
   * its channel and block of SCALE_BLOCK rows. */
  readonly scale: { readonly element: Element; readonly per: 'channel' | 'block' } | null;
}

/** What panels may be stored in. An element that is not here has no kernel yet. */
export const panelElements = {
  f32: { bias: 'f32', scale: null },
} as const satisfies { readonly [E in Element]?: PanelElement };
export type StoredElement = keyof typeof panelElements;
const stored: Readonly<Record<StoredElement, PanelElement>> = panelElements;

/** Bytes of a panel of K rows: fixed + perBlock·ceil(K / SCALE_BLOCK) + perRow·K. The rows come last. */
export interface PanelBytes {
  readonly fixed: number;
  readonly perBlock: number;
  readonly perRow: number;
}

export function panelBytesOf(element: StoredElement): PanelBytes {
  const { bias, scale } = stored[element];
  const scales = scale === null ? 0 : bytesOfElements(scale.element, PANEL);
  return {
    fixed: bytesOfElements(bias, PANEL) + (scale?.per === 'channel' ? scales : 0),
    perBlock: scale?.per === 'block' ? scales : 0,
    perRow: bytesOfElements(element, PANEL),
  };
}

/** Bytes of a panel before its rows: biases and scales. */
export function panelHeadBytes(element: StoredElement, depth: number): number {
  const { fixed, perBlock } = panelBytesOf(element);
  return fixed + perBlock * Math.ceil(depth / SCALE_BLOCK);
}

/** Bytes of a panel over a reduction of length `depth`. */
export const panelBytes = (element: StoredElement, depth: number): number =>
  panelHeadBytes(element, depth) + panelBytesOf(element).perRow * depth;

/** Panels of a layer; each group begins one of its own. */
export const panelCount = (groups: number, channels: number): number => groups * Math.ceil(channels / PANEL);
