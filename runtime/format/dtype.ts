/**
 * Element types, and the typed array each is given and returned as. The compiler's tensors are of these types too (it
 * imports them from here, as the runtime imports nothing of the compiler). float16 travels as its 16 bits (Node 20 has no Float16Array), bool as
 * one byte of 0 or 1, 64-bit integers as BigInt arrays.
 */
const arrays = {
  float32: Float32Array,
  float16: Uint16Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const satisfies Readonly<Record<DType, unknown>>;

/** Element types, and the array of each. */
export interface ArrayTypes {
  readonly float32: Float32Array;
  readonly float16: Uint16Array;
  readonly float64: Float64Array;
  readonly int8: Int8Array;
  readonly uint8: Uint8Array;
  readonly int16: Int16Array;
  readonly uint16: Uint16Array;
  readonly int32: Int32Array;
  readonly uint32: Uint32Array;
  readonly int64: BigInt64Array;
  readonly uint64: BigUint64Array;
  readonly bool: Uint8Array;
}

/** The element types. */
export type DType = keyof ArrayTypes;
/** The array of one dtype: `ArrayOf<'float32'>` is Float32Array, over shared memory or not. */
export type ArrayOf<D extends DType> = ArrayTypes[D];

/** The array of some element type. */
export type TypedArray = ArrayTypes[DType];

export const dtypes = Object.keys(arrays) as DType[];

export const isDType = (name: string): name is DType => Object.hasOwn(arrays, name);
export const arrayFor = (dtype: DType): (typeof arrays)[DType] => arrays[dtype];
/** Bytes of one element. */
export const elementSize = (dtype: DType): number => arrays[dtype].BYTES_PER_ELEMENT;

/** Number of elements of a shape; a scalar has one. */
export const elementCount = (shape: readonly number[]): number =>
  shape.reduce((count, dim) => count * dim, 1);
