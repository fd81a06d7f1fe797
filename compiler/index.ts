/** Millrace at build time: import or define a network, compile it, write the bundle. */
export { MillraceError } from '../runtime/error.ts';
export type { WriteOptions } from './bundle/write.ts';
export { type Bundle, type CompileReport, compile } from './compile.ts';
export { importDarknet } from './darknet/import.ts';
export { type DarknetLayerSize, type DarknetSizes, darknetSizes } from './darknet/sizes.ts';
export * from './model/index.ts';
export { type ExportOptions, type ExportReport, exportOnnx } from './onnx/export/export.ts';
export { type ImportOptions, importOnnx } from './onnx/import/import.ts';
export type { CompileOptions } from './options.ts';
export type { Device } from './schedule/device/cost.ts';
export { deviceOf, type Profile, parseProfile } from './schedule/device/profile.ts';
