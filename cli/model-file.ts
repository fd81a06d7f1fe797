/** Reads a model: an ONNX file, or a TypeScript or JavaScript module that exports a defined model. */
import type { Graph } from '../compiler/ir/graph.ts';
import { type ImportOptions, importOnnx } from '../compiler/onnx/import.ts';
import { MillraceError } from '../runtime/error.ts';

export async function loadModelFile(path: string, options: ImportOptions): Promise<Graph> {
  if (/\.onnx$/i.test(path)) return importOnnx(path, options);
  if (!/\.[cm]?[tj]s$/i.test(path))
    throw new MillraceError('MODEL_READ', 'is no model file', {
      at: path,
      expected: 'a name that ends in .onnx, .ts, .mts, .js or .mjs',
    });
  if (Object.keys(options.dims ?? {}).length + Object.keys(options.shapes ?? {}).length > 0)
    throw new MillraceError('OPTION', '--dim and --shape are for ONNX models', {
      at: path,
      hint: 'The shapes of a defined model are in its code.',
    });
  const { loadModelModule } = await import('../compiler/model/module/load.ts');
  return loadModelModule(path);
}
