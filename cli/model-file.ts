/**
 * Reads a model to compile: an ONNX file, a Darknet .cfg, or a TypeScript or JavaScript module that exports a defined
 * model.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { importDarknet } from '../compiler/darknet/import.ts';
import type { Graph } from '../compiler/ir/graph.ts';
import type { Model } from '../compiler/model/define.ts';
import { type ImportOptions, importOnnx } from '../compiler/onnx/import.ts';
import { MillraceError } from '../runtime/error.ts';

export interface ModelFileOptions extends ImportOptions {
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
  if (kind === 'onnx') return importOnnx(path, options);
  if (kind === 'cfg') return loadDarknet(path, options);
  if (Object.keys(options.dims ?? {}).length + Object.keys(options.shapes ?? {}).length > 0)
    throw new MillraceError('OPTION', '--dim and --shape are for ONNX models', {
      at: path,
      hint: 'The shapes of a defined model are in its code.',
    });
  return modelOf(await importModule(path), path).graph;
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

/**
 * esbuild takes the types off and joins the modules; `millrace` resolves to this very installation, whatever the
 * model's own folder has.
 */
async function importModule(path: string): Promise<Record<string, unknown>> {
  const { build } = await import('esbuild');
  const api = new URL(`../compiler/index.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);
  try {
    const result = await build({
      entryPoints: [resolve(path)],
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      logLevel: 'silent',
      plugins: [
        {
          name: 'millrace',
          setup: ({ onResolve }) =>
            onResolve({ filter: /^millrace$/ }, () => ({ path: api.href, external: true })),
        },
      ],
    });
    const code = Buffer.from(result.outputFiles[0]!.contents).toString('base64');
    return (await import(`data:text/javascript;base64,${code}`)) as Record<string, unknown>;
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause;
    throw new MillraceError('MODEL_READ', `could not be loaded: ${(cause as Error).message}`, {
      at: pathToFileURL(path).pathname,
      cause,
    });
  }
}

/** The default export, or the only exported model. */
function modelOf(module: Record<string, unknown>, path: string): Model {
  const models = Object.entries(module).filter(([, value]) => isModel(value));
  const [first, second] = models;
  const chosen = isModel(module['default'])
    ? module['default']
    : second === undefined
      ? first?.[1]
      : undefined;
  if (isModel(chosen)) return chosen;
  throw new MillraceError('MODEL_INVALID', 'does not say which model to compile', {
    at: path,
    expected: 'a default export, or exactly one export, that defineModel returned',
    got: models.length === 0 ? 'no exported model' : models.map(([name]) => name).join(', '),
  });
}

const isModel = (value: unknown): value is Model =>
  typeof value === 'object' && value !== null && 'graph' in value && 'name' in value;
