/** The runtime without a platform: what every entry is made of, and the types a bundle's code is written against. */

export { Context, type RunOptions, type RunStats, type Tensors } from './context.ts';
export { crc32 } from './crc32.ts';
export type { Executor } from './engine/executor.ts';
export type { HostOp, HostOperand, HostTensor } from './engine/host-op.ts';
export type { Isa, NativeIsa, WasmIsa } from './engine/isa.ts';
export { Program } from './engine/program.ts';
export type { TraceKind } from './engine/trace-rows.ts';
export { type ErrorCode, type ErrorContext, errorCodes, MillraceError } from './error.ts';
export { choosePlan, type Mode, type PlanChoice } from './format/choose.ts';
export type { ArrayOf, DType, TypedArray } from './format/dtype.ts';
export type { Manifest, Plan, Port } from './format/format.ts';
export { readManifest } from './format/read.ts';
export { type ContextOptions, LoadedModel, type TensorPort } from './model.ts';
export { openModel } from './open.ts';
export type { LoadOptions } from './options.ts';
export type { BundleParts, Platform } from './parts.ts';
export type { EngineKind } from './pipeline/engine.ts';
export type { Verify } from './pipeline/loader-parts.ts';
export type { TraceEvent } from './pipeline/trace.ts';
export { memorySource } from './weights/memory.ts';
export type { SourceKind, SourceWish, WeightSource } from './weights/source.ts';
