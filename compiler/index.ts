/**
 * Millrace at build time: import or define a network, compile it, write the bundle.
 *
 *     import { compile, importOnnx } from 'millrace';
 *     const bundle = await compile(await importOnnx('mobilenet.onnx'), { budget: '8MiB' });
 *     await bundle.write('dist/mobilenet');
 */
export { type ErrorCode, type ErrorContext, errorCodes, MillraceError } from '../runtime/error.ts';
export type { ArrayTypes, DType, TypedArray } from '../runtime/format/dtype.ts';
export type { ModelSummary, Plan } from '../runtime/format/format.ts';
export { type Bundle, type CompileReport, compile } from './compile.ts';
export { importDarknet } from './darknet/import.ts';
export type { InputSize } from './darknet/network.ts';
export { type DarknetLayerSize, type DarknetSizes, darknetSizes } from './darknet/sizes.ts';
export type {
  ApplyConstant,
  Attrs,
  AttrValue,
  Constant,
  FileConstant,
  InlineConstant,
  RandomConstant,
  SplatConstant,
  TypedConstant,
} from './ir/constant.ts';
export type { Graph, GraphOutput, Node as GraphNode, PortDocs, Value, ValueId } from './ir/graph.ts';
export type { Tensor as TensorData } from './ir/tensor.ts';
export type { Shape, TensorType } from './ir/types.ts';
export type { ReadModel } from './memory/problem.ts';
export * from './model/index.ts';
export { type ExportOptions, type ExportReport, exportOnnx } from './onnx/export/export.ts';
export type { WriteOptions as ExternalDataOptions } from './onnx/export/initializers.ts';
export type { Bindings } from './onnx/import/dimensions.ts';
export { type ImportOptions, importOnnx } from './onnx/import/import.ts';
export type { CompileOptions } from './options.ts';
export type { Progress, Stage, WatchOptions } from './progress.ts';
export type { Device, KernelCost, StepWork } from './schedule/device/cost.ts';
export type { Timing } from './schedule/device/fit.ts';
export { deviceOf, type Profile, parseProfile } from './schedule/device/profile.ts';
