/** The instruction sets that kernels are compiled for. Bits are equal on one of them, whatever the mode and budget. */

/** Of the native engine, in the order in which they are asked for; `baseline` is what every machine has. */
export const nativeIsas = ['avx512', 'avx2', 'neon', 'baseline'] as const;

/** Instruction sets of the native engine. */
export type NativeIsa = (typeof nativeIsas)[number];

export const wasmIsas = ['wasm-relaxed-simd', 'wasm-simd128'] as const;

/** Instruction sets of the WASM engine. */
export type WasmIsa = (typeof wasmIsas)[number];

/** Instruction sets, of both engines. */
export type Isa = WasmIsa | NativeIsa;
export const isas: readonly Isa[] = [...nativeIsas, ...wasmIsas];
