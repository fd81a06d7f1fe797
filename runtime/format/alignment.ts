/** Rounding to multiples; exact above 2³², unlike the bit trick. */

/** The smallest multiple of `alignment` not below `bytes`. */
export const alignUp = (bytes: number, alignment: number): number => Math.ceil(bytes / alignment) * alignment;

/** The largest multiple of `alignment` not above `bytes`. */
export const alignDown = (bytes: number, alignment: number): number =>
  Math.floor(bytes / alignment) * alignment;
