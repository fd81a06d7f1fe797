/**
 * Reads a model to compile: an ONNX file, a Darknet .cfg, or a TypeScript or JavaScript module that exports a defined
 * model.
 */
import { existsSync } from 'node:fs';
import { importDarknet } from '../compiler/darknet/import.ts';
import type { Graph } from '../compiler/ir/graph.ts';
import { type ImportOptions, importOnnx } from '../compiler/onnx/import/import.ts';
import { MillraceError } from '../runtime/error.ts';
import { boundConstants } from './bind.ts';

export interface ModelFileOptions extends ImportOptions {
  /** Values of inputs as text, which become constants. */
  readonly binds?: ReadonlyMap<string, string>;
  /** Makes up the weights of a .cfg. */
  readonly seed?: number;
}

export async function loadModelFile(path: string, options: ModelFileOptions): Promise<Graph> {
  const kind = /\.(onnx|cfg|[cm]?[tj]s)$/i.exec(path)?.[1]?.toLowerCase();
  if (kind === undefined)
    throw new MillraceError('MODEL_READ', 'is no model file', {
      at: path,
      expected: 'a name that ends in .onnx, .cfg, .ts, .mts, .js or .mjs',
    });
  if (kind !== 'cfg' && options.seed !== undefined)
    throw new MillraceError('OPTION', '--seed is for Darknet models', { at: path });
  if (kind === 'onnx') return loadOnnx(path, options);
  if ((options.binds?.size ?? 0) > 0)
    throw new MillraceError('OPTION', '--bind is for ONNX models', { at: path });
  if (kind === 'cfg') return loadDarknet(path, options);
  if (Object.keys(options.dims ?? {}).length + Object.keys(options.shapes ?? {}).length > 0)
    throw new MillraceError('OPTION', '--dim and --shape are for ONNX models', {
      at: path,
      hint: 'The shapes of a defined model are in its code.',
    });
  const { loadModelModule } = await import('../compiler/model/module/load.ts');
  return loadModelModule(path);
}

function loadOnnx(path: string, { binds, ...options }: ModelFileOptions): Promise<Graph> {
  const constants = boundConstants(path, binds ?? new Map());
  return importOnnx(path, constants === null ? options : { ...options, constants });
}

/** The weights are in the file beside it, `yolov4.weights` for `yolov4.cfg`, or made up. */
async function loadDarknet(path: string, { seed, dims = {}, shapes = {} }: ModelFileOptions): Promise<Graph> {
  const { width, height, ...others } = dims;
  const [strange] = [...Object.keys(others), ...Object.keys(shapes)];
  if (strange !== undefined)
    throw new MillraceError('OPTION', `there is no "${strange}" to bind`, {
      at: path,
      expected: '--dim width=N or --dim height=N',
    });
  const size = { ...(width === undefined ? {} : { width }), ...(height === undefined ? {} : { height }) };
  if (seed !== undefined) return importDarknet(path, { seed }, size);
  const weights = path.replace(/\.cfg$/i, '.weights');
  if (!existsSync(weights))
    throw new MillraceError('MODEL_READ', 'has no weights beside it', {
      at: path,
      expected: weights,
      hint: 'Put the file there, or compile with --seed N to have weights made up.',
    });
  return importDarknet(path, weights, size);
}
