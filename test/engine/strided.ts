/** Loops over up to six dimensions for the kernel tests, and dimensions and strides as numbered parameters. */
type Numbered<P extends string> = Record<`${P}${0 | 1 | 2 | 3 | 4 | 5}`, number>;

/** d0…d5 of [2, 3] with fill 1: 1, 1, 1, 1, 2, 3. */
export const numbered = <P extends string>(
  prefix: P,
  values: readonly number[],
  fill: number,
): Numbered<P> => {
  const padded = [...new Array<number>(6 - values.length).fill(fill), ...values];
  return Object.fromEntries(padded.map((value, i) => [`${prefix}${i}`, value])) as Numbered<P>;
};

/** Dense row-major strides. */
export const dense = (dims: readonly number[]): number[] => {
  const strides: number[] = [];
  let stride = 1;
  for (const dim of [...dims].reverse()) {
    strides.unshift(stride);
    stride *= dim;
  }
  return strides;
};

/** Calls visit with Σ i·stride for each list of strides, for all indices, the last fastest. */
export const forEachIndex = (
  dims: readonly number[],
  strides: readonly (readonly number[])[],
  visit: (positions: readonly number[]) => void,
): void => {
  const count = dims.reduce((product, dim) => product * dim, 1);
  for (let n = 0; n < count; n++) {
    const index: number[] = [];
    let left = n;
    for (const dim of [...dims].reverse()) {
      index.unshift(left % dim);
      left = Math.floor(left / dim);
    }
    visit(strides.map((list) => list.reduce((sum, stride, axis) => sum + stride * index[axis]!, 0)));
  }
};
