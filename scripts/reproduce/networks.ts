/** The networks that plans are made for: the zoo's, Darknet's, and ONNX models where they are beside this checkout. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importDarknet } from '../../compiler/darknet/import.ts';
import type { Graph } from '../../compiler/ir/graph.ts';
import { importOnnx } from '../../compiler/onnx/import/import.ts';
import { zoo } from '../../examples/zoo/index.ts';

export interface Network {
  readonly name: string;
  readonly graph: () => Promise<Graph>;
}

const shared = fileURLToPath(new URL('../../../shared/', import.meta.url));

function under(folder: string, extension: string): string[] {
  const root = `${shared}${folder}`;
  if (!existsSync(root)) return [];
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(extension))
    .sort()
    .map((name) => `${root}/${name}`);
}

export const zooNetworks = (): Network[] =>
  Object.entries(zoo).map(([name, { model }]) => ({ name, graph: async () => model().graph }));

export const darknetNetworks = (): Network[] =>
  under('darknet', '.cfg').map((path) => ({
    name: basename(path, '.cfg'),
    graph: () => importDarknet(path, { seed: 1 }),
  }));

/** Extents that these models leave open. */
const OPEN: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  tract_byte_sb_bidi_lstm: { batch: 1, length: 16 },
  vespa_random_encoder: { batch: 1, tokens: 16 },
};

/** `light`, `models` or `cases`. */
export const onnxNetworks = (folder: string): Network[] =>
  under(`onnx/${folder}`, '.onnx').map((path) => {
    const name = relative(`${shared}onnx/${folder}`, path).replace(/(\/model|\/network)?\.onnx$/, '');
    const dims = OPEN[name];
    return { name, graph: () => importOnnx(path, dims === undefined ? {} : { dims }) };
  });
