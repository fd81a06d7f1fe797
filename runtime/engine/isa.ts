/** The instruction sets that kernels are compiled for. Bits are equal on one of them, whatever the mode and budget. */

/** Of the native engine, in the order in which they are asked for; `baseline` is what every machine has. */
export const nativeIsas = ['avx512', 'avx2', 'neon', 'baseline'] as const;
export type NativeIsa = (typeof nativeIsas)[number];

export const wasmIsas = ['wasm-relaxed-simd', 'wasm-simd128'] as const;
export type WasmIsa = (typeof wasmIsas)[number];

export type Isa = WasmIsa | NativeIsa;
export const isas: readonly Isa[] = [...nativeIsas, ...wasmIsas];
