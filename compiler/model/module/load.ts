/**
 * Loads a model module, TypeScript or JavaScript: checked, its types taken off and its files joined by esbuild, run, and
 * the one model it exports taken from it. `millrace` and its other entries are this very installation, so that what the
 * module defines is of the classes that compile it.
 */
import { access, constants, readFile } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Loader, Plugin } from 'esbuild';
import { MillraceError } from '../../../runtime/error.ts';
import type { Graph, PortDocs } from '../../ir/graph.ts';
import { checkModule } from './check.ts';
import type { DocumentedModel } from './docs.ts';
import { entryFiles } from './entries.ts';

/** As much of a model as this needs to know. */
interface ExportedModel {
  readonly name: string;
  readonly graph: Graph;
}

/** The graph of the model that a module exports, with its author's words. */
export async function loadModelModule(path: string): Promise<Graph> {
  const file = resolve(path);
  await access(file, constants.R_OK).catch((cause: Error) => {
    throw new MillraceError('MODEL_READ', 'cannot be read', { at: path, got: cause.message, cause });
  });
  const described = await checkModule(file, path);
  const { name, graph } = modelOf(await importModule(file), path);
  const docs = docsOf(name, graph, described);
  return docs === null ? graph : { ...graph, docs };
}

const api = entryFiles(import.meta.url.endsWith('.ts') ? 'ts' : 'js');

const installation: Plugin = {
  name: 'millrace',
  setup({ onResolve }) {
    onResolve({ filter: /^millrace(\/|$)/ }, ({ path }) => {
      const file = api.get(path);
      if (file !== undefined) return { path: file.href, external: true };
      return { errors: [{ text: `"${path}" is no entry; there are ${[...api.keys()].join(', ')}` }] };
    });
  },
};

/** Once joined, files have no places of their own: those they ask for (weights beside the model) are written in. */
const places: Plugin = {
  name: 'places',
  setup({ onLoad }) {
    onLoad({ filter: /\.[cm]?[jt]s$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      if (!text.includes('import.meta')) return null;
      const values: Record<string, string> = {
        url: pathToFileURL(path).href,
        dirname: dirname(path),
        filename: path,
      };
      const contents = text.replace(/\bimport\.meta\.(url|dirname|filename)\b/g, (_, name: string) =>
        JSON.stringify(values[name]),
      );
      return { contents, loader: extname(path).replace(/[.cm]/g, '') as Loader };
    });
  },
};

async function importModule(file: string): Promise<Record<string, unknown>> {
  const { build } = await import('esbuild');
  try {
    const result = await build({
      entryPoints: [file],
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      logLevel: 'silent',
      plugins: [installation, places],
    });
    const code = Buffer.from(result.outputFiles[0]!.contents).toString('base64');
    return (await import(`data:text/javascript;base64,${code}`)) as Record<string, unknown>;
  } catch (cause) {
    // By name: what the module imported as `millrace` may have been loaded apart from this.
    if (cause instanceof Error && cause.name === 'MillraceError') throw cause;
    throw new MillraceError('MODEL_READ', `could not be loaded: ${(cause as Error).message}`, {
      at: file,
      cause,
    });
  }
}

/** The default export, or the only exported model. */
function modelOf(module: Record<string, unknown>, path: string): ExportedModel {
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

const isModel = (value: unknown): value is ExportedModel =>
  typeof value === 'object' && value !== null && 'graph' in value && 'name' in value;

/** Of the definition with the model's name; where names are computed, of the only one. */
function docsOf(name: string, graph: Graph, described: readonly DocumentedModel[]): PortDocs | null {
  const found =
    described.find((one) => one.name === name) ??
    (described.length === 1 && described[0]!.name === null ? described[0] : undefined);
  if (found === undefined) return null;
  const inputs = new Set(graph.inputs.map((id) => graph.values.get(id)?.name));
  const outputs = new Set(graph.outputs.map((output) => output.name));
  const docs = {
    inputs: new Map([...found.inputs].filter(([port]) => inputs.has(port))),
    outputs: new Map([...found.outputs].filter(([port]) => outputs.has(port))),
  };
  return docs.inputs.size + docs.outputs.size > 0 ? docs : null;
}
