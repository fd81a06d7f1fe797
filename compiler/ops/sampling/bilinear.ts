/** One place of an image between four pixels, as regions and deformable windows read it. */

/** Offsets and weights of four pixels; a weight of 0 where one is outside. */
export interface Corners {
  readonly offsets: Int32Array;
  readonly weights: Float64Array;
}

export const newCorners = (): Corners => ({ offsets: new Int32Array(4), weights: new Float64Array(4) });

/** The four pixels around (y, x) in an image of height × width, in elements of one channel. */
export function setCorners(
  { offsets, weights }: Corners,
  y: number,
  x: number,
  height: number,
  width: number,
): void {
  const [top, left] = [Math.floor(y), Math.floor(x)];
  for (let i = 0; i < 4; i++) {
    const [row, column] = [top + (i >> 1), left + (i & 1)];
    const inside = row >= 0 && row < height && column >= 0 && column < width;
    offsets[i] = inside ? row * width + column : 0;
    weights[i] = inside ? (1 - Math.abs(y - row)) * (1 - Math.abs(x - column)) : 0;
  }
}
