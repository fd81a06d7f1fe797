/**
 * What the table says of a kernel. Whoever adds one must say all of it: an entry without extent, work or split does not
 * compile. The program encoder, the C header, the checks at load, cost, capture and the tests read nothing else.
 */
import { type EnumName, type EnumValue, enums } from './functions.ts';
import type { Element } from './layouts.ts';
import type { Region } from './region.ts';

/** What a call does to an operand. Scratch is written and then read by the same call. */
export type OperandRole = 'out' | 'in' | 'weight' | 'scratch';

export interface OperandSpec {
  readonly role: OperandRole;
  /** 'any': what the parameters say. */
  readonly element: Element | 'any';
  readonly optional?: true;
}

export const isWritten = (role: OperandRole): boolean => role === 'out' || role === 'scratch';

/** Integers that a parameter may be; each is a 32-bit word. */
export const integerTypes = {
  i32: () => true,
  /** A number of things, or a step over them: none is possible. */
  count: (value) => value >= 0,
  /** Something that is divided by, or that a loop advances by. */
  size: (value) => value >= 1,
  flag: (value) => value === 0 || value === 1,
  elementBytes: (value) => value === 1 || value === 2 || value === 4 || value === 8,
  indexBytes: (value) => value === 4 || value === 8,
} as const satisfies Readonly<Record<string, (value: number) => boolean>>;
export type IntegerType = keyof typeof integerTypes;

/** 'f32' is a float; the name of a list in `functions.ts` one of its names. */
export type ParamType = IntegerType | 'f32' | EnumName;
export type ParamValue<T extends ParamType> = T extends EnumName
  ? EnumValue<T>
  : T extends 'flag'
    ? 0 | 1
    : number;
export type ParamsOf<P> = { readonly [N in keyof P]: P[N] extends ParamType ? ParamValue<P[N]> : never };
/** Parameters of a call of any kernel. */
export type Params = Readonly<Record<string, number | string>>;

export const isEnum = (type: ParamType): type is EnumName => Object.hasOwn(enums, type);
export const isInteger = (type: ParamType): type is IntegerType => Object.hasOwn(integerTypes, type);

/**
 * How much a call has to do, as a product of parameters and numbers over a product of the same: multiply-adds where
 * there are sums of products, else elements. An estimate: it says what is worth sharing among threads.
 */
export interface Work<N extends string = string> {
  readonly unit: 'products' | 'elements';
  readonly times: readonly (N | number)[];
  readonly over?: readonly (N | number)[];
}

/**
 * How a call is divided. 'panels': pieces of a layer are runs of panels (parameters `panel0` and `panels`), threads
 * share panels and rows. 'rows', 'elements': threads share rows that are computed whole, or elements. 'steps': steps
 * depend on each other, threads share sequences, or the panels of a step. 'none': one thread does it all.
 */
export type Split = 'panels' | 'rows' | 'elements' | 'steps' | 'none';
type SplitOf<P> = P extends { readonly panel0: ParamType; readonly panels: ParamType }
  ? 'panels'
  : Exclude<Split, 'panels'>;

/** A method, so that a kernel's own parameters are parameters. */
type Extent<P> = { from(params: P): readonly Region[] }['from'];

export interface Signature<
  O extends Readonly<Record<string, OperandSpec>>,
  P extends Readonly<Record<string, ParamType>>,
> {
  /** In the order of the C struct; parameters follow. */
  readonly operands: O;
  readonly params: P;
  /** Which bytes a call touches through each operand, from its parameters alone, relative to the operand's address. */
  readonly extent: { readonly [N in keyof O]: Extent<ParamsOf<P>> };
  readonly work: Work<keyof P & string>;
  readonly split: SplitOf<P>;
  /**
   * Operands that y may coincide with, element for element: each is read before y is written in its place. The
   * operand must have as many bytes as y.
   */
  readonly inPlace?: readonly (keyof O & string)[];
  /**
   * Operands whose rows may lie apart in memory: parameter `step` is the number of elements from one row to the
   * next, and a row has as many as parameter `width` says.
   */
  readonly rows?: {
    readonly [N in keyof O]?: { readonly step: keyof P & string; readonly width: keyof P & string };
  };
  /** Operands addressed by a stride for each of d0 … d5; the strides' names begin with this. */
  readonly strides?: { readonly [N in keyof O]?: string };
}

/** A signature without its literal types, for code that walks the table. */
export interface KernelSignature {
  readonly operands: Readonly<Record<string, OperandSpec>>;
  readonly params: Readonly<Record<string, ParamType>>;
  readonly extent: Readonly<Record<string, Extent<Params>>>;
  readonly work: Work;
  readonly split: Split;
  readonly inPlace?: readonly string[];
  readonly rows?: Readonly<Record<string, { readonly step: string; readonly width: string }>>;
  readonly strides?: Readonly<Record<string, string>>;
}

/** What the compiler and the C header alone read of a kernel: a bundle's code goes without. */
export const compilerOnly = ['work', 'split', 'inPlace', 'rows', 'strides'] as const;
export type CarriedSignature = Omit<KernelSignature, (typeof compilerOnly)[number]>;

export const defineKernel = <
  const O extends Readonly<Record<string, OperandSpec>>,
  const P extends Readonly<Record<string, ParamType>>,
>(
  signature: Signature<O, P>,
): Signature<O, P> => signature;
