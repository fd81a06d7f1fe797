/**
 * Graph to ONNX file: for viewers, other runtimes and other tools. The graph may be any, as defined or imported or as
 * passes left it. Files are complete before they have their names; a failed export leaves what was there.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { MillraceError } from '../../../runtime/error.ts';
import type { Constant } from '../../ir/constant.ts';
import type { Graph } from '../../ir/graph.ts';
import type { ExportGraph } from './graph.ts';
import { type Placement, placeInitializers, type WriteOptions, writeExternal } from './initializers.ts';
import { NeedsOpset } from './node.ts';
import { writeGraph } from './write-graph.ts';

/** Options of `exportOnnx`. */
export interface ExportOptions extends WriteOptions {
  /** Version of the default opset. Default 17, or the first in which the network can be said. */
  readonly opset?: number;
  /** What the model is, for viewers. */
  readonly doc?: string;
  /** Further entries for the model's metadata. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What `exportOnnx` wrote. */
export interface ExportReport {
  readonly model: string;
  /** The file with the large weights, or null where there are none. */
  readonly data: string | null;
  readonly opset: number;
  readonly nodes: number;
  readonly initializers: number;
  /** Size of the file with the large weights. */
  readonly dataBytes: number;
}

/** Versions of the default opset that can be written. */
export const exportOpsets = { first: 13, last: 22 } as const;
const defaultOpset = 17;
const producer = { name: 'millrace', version: '0.1.0' };

/**
 * Writes `path`, and `<path>.data` beside it if there are weights of more than 1 KiB.
 * @throws MillraceError MODEL_UNSUPPORTED for what ONNX can not say, OPTION, OUTPUT where it can not be written, ABORTED.
 * @example await exportOnnx(model, 'digits.onnx');
 */
export async function exportOnnx(
  model: Graph | { readonly graph: Graph },
  path: string,
  options: ExportOptions = {},
): Promise<ExportReport> {
  const graph = 'graph' in model ? model.graph : model;
  const { exported, opset } = writeFor(graph, checkOpset(options.opset));
  const file = resolve(path);
  const dataFile = `${file}.data`;
  refuseOwnSources(exported, [file, dataFile]);
  const { encodeModel } = await import('./encode.ts');
  const placement = placeInitializers(exported.constants);
  const bytes = encodeModel({
    name: graph.name,
    graph: exported,
    opset,
    initializers: placement.initializers,
    location: basename(dataFile),
    ...(graph.docs === undefined ? {} : { docs: graph.docs }),
    doc: options.doc ?? '',
    metadata: options.metadata ?? {},
    producer,
  });
  await writeFiles(file, dataFile, bytes, exported, placement, options);
  return {
    model: path,
    data: placement.externalBytes > 0 ? `${path}.data` : null,
    opset,
    nodes: exported.nodes().length,
    initializers: placement.initializers.length,
    dataBytes: placement.externalBytes,
  };
}

function checkOpset(opset: number | undefined): number | undefined {
  const { first, last } = exportOpsets;
  if (opset === undefined || (Number.isInteger(opset) && opset >= first && opset <= last)) return opset;
  throw new MillraceError('OPTION', 'opset cannot be written', {
    at: 'opset',
    expected: `${first} to ${last}`,
    got: `${opset}`,
  });
}

/** In the given opset, or the default one and upwards. */
function writeFor(graph: Graph, given: number | undefined): { exported: ExportGraph; opset: number } {
  let opset = given ?? defaultOpset;
  for (;;)
    try {
      return { exported: writeGraph(graph, opset), opset };
    } catch (error) {
      if (!(error instanceof NeedsOpset)) throw error;
      if (given !== undefined)
        throw new MillraceError('MODEL_OPSET', error.message, {
          expected: `opset ${error.opset} or later`,
          got: `opset ${given}`,
        });
      opset = error.opset;
    }
}

/** A graph reads its weights when they are wanted: overwriting their file would leave it with none. */
function refuseOwnSources(exported: ExportGraph, files: readonly string[]): void {
  const sources = new Set<string>();
  const visit = (constant: Constant): void => {
    if (constant.kind === 'file') sources.add(constant.path);
    if (constant.kind === 'apply') for (const arg of constant.args) visit(arg.constant);
  };
  for (const { constant } of exported.constants.values()) visit(constant);
  for (const file of files) {
    if (!existsSync(file)) continue;
    const real = realpathSync(file);
    if ([...sources].some((source) => existsSync(source) && realpathSync(source) === real))
      throw new MillraceError('OUTPUT', 'holds weights that the model is read from', {
        at: file,
        hint: 'Export to another file.',
      });
  }
}

async function writeFiles(
  file: string,
  dataFile: string,
  model: Uint8Array,
  exported: ExportGraph,
  placement: Placement,
  options: WriteOptions,
): Promise<void> {
  const mark = `.tmp-${randomBytes(6).toString('hex')}`;
  const temporary = (path: string): string => join(dirname(path), `.${basename(path)}${mark}`);
  const files = placement.externalBytes > 0 ? [dataFile, file] : [file];
  try {
    if (placement.externalBytes > 0)
      await writeExternal(temporary(dataFile), placement, exported.constants, options);
    await writeFile(temporary(file), model, { flush: true });
    options.signal?.throwIfAborted();
    for (const name of files) await rename(temporary(name), name);
  } catch (cause) {
    for (const name of files) await rm(temporary(name), { force: true });
    if (options.signal?.aborted === true)
      throw new MillraceError('ABORTED', 'was not written', { at: file, cause });
    if (cause instanceof MillraceError) throw cause;
    throw new MillraceError('OUTPUT', `could not be written: ${(cause as Error).message}`, {
      at: file,
      hint: 'Check that the folder exists and is writable, and that the disk has room.',
      cause,
    });
  }
}
