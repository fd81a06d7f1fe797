/**
 * Bytes in rows that may lie apart: what a call touches through an operand, or a slot in the memory of another.
 * Invariant: `rows` rows of `bytes` bytes are all of the bytes, in their order.
 */
export interface Region {
  readonly offset: number;
  readonly rows: number;
  /** Bytes of a row. */
  readonly bytes: number;
  /** Bytes from one row to the next; `bytes` where there is one row. */
  readonly stride: number;
}

export const whole = (bytes: number, offset = 0): Region => ({ offset, rows: 1, bytes, stride: bytes });

/** Rows that adjoin are one row. */
export const region = (offset: number, rows: number, bytes: number, stride: number): Region =>
  rows === 1 || stride === bytes ? whole(rows * bytes, offset) : { offset, rows, bytes, stride };

/** Bytes from the offset to the last row's end. */
export const span = ({ rows, bytes, stride }: Region): number => (rows - 1) * stride + bytes;
