/**
 * What the reader makes of a model file: the parts of ONNX's messages that the importer needs, with tensors as
 * places in the file. Source: onnx.proto, IR 14.
 */
import type { DType } from '../../ir/types.ts';
import type { Narrow } from './narrow.ts';

/** Where the elements of a tensor are: little-endian and row-major in each case. */
export type Payload =
  | { readonly kind: 'range'; readonly offset: number; readonly length: number }
  | { readonly kind: 'inline'; readonly bytes: Uint8Array }
  | { readonly kind: 'external'; readonly entries: readonly (readonly [string, string])[] }
  /** Of an element type Millrace does not have; fatal only if the tensor is used. */
  | { readonly kind: 'unsupported'; readonly reason: string };

export interface OnnxTensor {
  readonly name: string;
  readonly dims: readonly number[];
  /** Null where the payload is unsupported. */
  readonly dtype: DType | null;
  readonly payload: Payload;
  /** Present where the payload is of a type that only stores; `dtype` is then that of how it lies (`narrow.ts`). */
  readonly narrow?: Narrow;
  /** Byte offset in the file, for complaints. */
  readonly at: number;
}

/** What the kinds of attributes hold. */
export interface AttributeValues {
  readonly float: number;
  readonly int: bigint;
  readonly string: string;
  readonly tensor: OnnxTensor;
  readonly floats: readonly number[];
  readonly ints: readonly bigint[];
  readonly strings: readonly string[];
  /** The body of control flow. */
  readonly graph: OnnxGraph;
  /** In a function: its value is that of the call's attribute of this name. */
  readonly reference: string;
  /** A list of graphs, a sparse tensor, a type, …: says which. */
  readonly other: string;
}
export type OnnxAttribute = {
  [K in keyof AttributeValues]: { readonly kind: K; readonly value: AttributeValues[K] };
}[keyof AttributeValues];

export interface OnnxNode {
  readonly name: string;
  readonly op: string;
  /** '' for the default domain. */
  readonly domain: string;
  /** Tells functions of the same name apart. */
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
  readonly at: number;
}

/** A fixed extent, the name of a symbolic one, or null where the file says nothing. */
export type OnnxDimension = number | string | null;

export interface OnnxValueInfo {
  readonly name: string;
  /** ONNX's number of the element type, 0 where it is not given; null where the value is no tensor. */
  readonly elementType: number | null;
  /** Null where even the rank is unknown. */
  readonly shape: readonly OnnxDimension[] | null;
  /** What the author says of it. */
  readonly doc?: string;
}

export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: ReadonlyMap<string, OnnxTensor>;
  readonly sparseInitializers: number;
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
}

/** An op that the model defines by nodes of others. */
export interface OnnxFunction {
  readonly name: string;
  readonly domain: string;
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Attributes that a call may leave out. */
  readonly defaults: ReadonlyMap<string, OnnxAttribute>;
  readonly nodes: readonly OnnxNode[];
  /** What its nodes mean, by domain. */
  readonly opsets: ReadonlyMap<string, number>;
}

/** Under which a function is found by the nodes that call it. */
export const functionKey = (domain: string, name: string, overload: string): string =>
  `${domain}\0${name}\0${overload}`;

export interface OnnxModel {
  readonly irVersion: number;
  /** Version by domain; the default domain is ''. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly functions: readonly OnnxFunction[];
  readonly graph: OnnxGraph;
}

/** TensorProto.DataType, by number. */
const elementTypes: readonly [name: string, dtype: DType | null][] = [
  ['undefined', null],
  ['float', 'float32'],
  ['uint8', 'uint8'],
  ['int8', 'int8'],
  ['uint16', 'uint16'],
  ['int16', 'int16'],
  ['int32', 'int32'],
  ['int64', 'int64'],
  ['string', null],
  ['bool', 'bool'],
  ['float16', 'float16'],
  ['double', 'float64'],
  ['uint32', 'uint32'],
  ['uint64', 'uint64'],
  ['complex64', null],
  ['complex128', null],
  ['bfloat16', null],
  ['float8e4m3fn', null],
  ['float8e4m3fnuz', null],
  ['float8e5m2', null],
  ['float8e5m2fnuz', null],
  ['uint4', null],
  ['int4', null],
  ['float4e2m1', null],
  ['float8e8m0', null],
  ['uint2', null],
  ['int2', null],
];

/** Our element type of an ONNX one, or null. */
export const dtypeOf = (elementType: number): DType | null => elementTypes[elementType]?.[1] ?? null;

export const elementTypeName = (elementType: number): string =>
  elementTypes[elementType]?.[0] ?? `type ${elementType}`;

/** ONNX's number of an element type; −1 for a name that it does not have. */
export const elementTypeNamed = (name: string): number => elementTypes.findIndex(([known]) => known === name);

export const elementTypeOf = (dtype: DType): number => elementTypes.findIndex(([, own]) => own === dtype);
