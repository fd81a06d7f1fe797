/**
 * The kernels' interface: for each kernel its operands and parameters, in the order of the C struct, how far a call
 * reaches, how much it has to do and how it is divided. This table is the one truth: the program encoder packs by it,
 * the C header is generated from it, the compiler's lowering is typed by it, and the kernel tests enumerate it.
 *
 * Operands are value ids, resolved by the engine against the address table of the plan in force; id 0 is "absent".
 * All tensors are row-major, channels-last, and dense but for what `rows` and `strides` allow; sizes and strides are in
 * elements unless a name says bytes. Layouts of weights are in `layouts.ts`, functions and modes in `functions.ts`.
 */
import type { CarriedSignature, KernelSignature, Params, ParamsOf, Work } from './signature.ts';
import { convolutionKernels } from './table/convolution.ts';
import { elementwiseKernels } from './table/elementwise.ts';
import { movementKernels } from './table/movement.ts';
import { normalizationKernels } from './table/normalization.ts';
import { productKernels } from './table/product.ts';

export const kernels = {
  ...convolutionKernels,
  ...productKernels,
  ...elementwiseKernels,
  ...normalizationKernels,
  ...movementKernels,
} as const satisfies Record<string, KernelSignature>;

export type KernelName = keyof typeof kernels;
export const kernelNames = Object.keys(kernels) as KernelName[];

export type OperandName<K extends KernelName> = keyof (typeof kernels)[K]['operands'] & string;
export type ParamName<K extends KernelName> = keyof (typeof kernels)[K]['params'] & string;
export type KernelParams<K extends KernelName> = ParamsOf<(typeof kernels)[K]['params']>;

/** The table without its literal types, for code that walks it. */
export const signatureOf = (name: KernelName): KernelSignature => kernels[name];

/** The same for code that bundles carry: `compiler/codegen/carried.ts` takes the rest of the table out of them. */
export const carriedOf = (name: KernelName): CarriedSignature => kernels[name];

/** A parameter that is a number; throws where the call has none of that name. */
export function numberOf(params: Params, name: string): number {
  const value = params[name];
  if (typeof value === 'number') return value;
  throw new TypeError(`parameter ${name} is ${value === undefined ? 'missing' : `"${value}"`}, not a number`);
}

/** What `work` of the kernel comes to for a call: multiply-adds or elements. */
export function workOf(name: KernelName, params: Params): number {
  const { times, over = [] }: Work = signatureOf(name).work;
  const product = (factors: readonly (string | number)[]): number =>
    factors.reduce<number>((n, one) => n * (typeof one === 'number' ? one : numberOf(params, one)), 1);
  return product(times) / product(over);
}
