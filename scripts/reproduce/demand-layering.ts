/**
 * Demand Layering (RTSS 2022, arXiv 2210.04024): memory for weights of its five networks, and of YOLOv2, which it left
 * out. Preloading holds each weight twice (a copy for the CPU, one for the GPU); the others hold buffers of one largest
 * layer. Sizes come from the authors' network descriptions, and from the zoo, whose YOLOs are the same to the byte.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parameterCount } from 'millrace';
import { darknetSizes } from '../../compiler/darknet/sizes.ts';
import { elementCount } from '../../compiler/ir/types.ts';
import { zoo } from '../../examples/zoo/index.ts';
import { type Cell, compared, mustEqual, type Table } from './table.ts';

export const MIB = 2 ** 20;

interface Published {
  readonly cfg: string;
  readonly zoo: string;
  /** The zoo's is Darknet's own, not torchvision's network of that name. */
  readonly same: boolean;
  readonly layers: string;
  readonly file: string;
  readonly largest: string;
  /** Preloading, sequential, synchronous, two stages. */
  readonly memory: readonly [string, string, string, string];
  /** Less than two copies, and than one, in percent. */
  readonly reduction: readonly [string, string];
}

const published = (
  cfg: string,
  [layers, file, largest]: readonly [string, string, string],
  memory: Published['memory'],
  reduction: Published['reduction'],
): Published => ({
  cfg,
  zoo: cfg.replace('-', '_'),
  same: cfg.startsWith('yolo'),
  layers,
  file,
  largest,
  memory,
  reduction,
});

/** YOLOv2 is not one of the five; it is last here and does not count in the means. */
export const demandLayeringNetworks: readonly Published[] = [
  published(
    'densenet201',
    ['306/201', '65.64', '5.863'],
    ['131.3', '11.7', '23.5', '5.9'],
    ['95.53', '91.1'],
  ),
  published('resnet152', ['206/152', '219.57', '9.002'], ['439.1', '18.0', '36.0', '9.0'], ['97.95', '95.9']),
  published('yolov3', ['107/75', '236.52', '18.004'], ['473.0', '36.0', '72.0', '18.0'], ['96.19', '92.4']),
  published('yolov4', ['162/110', '245.78', '18.004'], ['491.6', '36.0', '72.0', '18.0'], ['96.34', '92.7']),
  published(
    'yolov4-p6',
    ['305/205', '487.20', '36.004'],
    ['974.4', '72.0', '144.0', '36.0'],
    ['96.31', '92.6'],
  ),
  published('yolov2', ['32/23', '194.49', '45.004'], ['389.0', '90.0', '180.0', '45.0'], ['88.43', '76.9']),
];

export const FIVE = demandLayeringNetworks.slice(0, 5);

const folder = fileURLToPath(new URL('../../../shared/darknet/', import.meta.url));

/** Null where the descriptions are not beside this checkout. */
export function cfgPath(name: string): string | null {
  const path = `${folder}${name}.cfg`;
  return existsSync(path) ? path : null;
}

interface Sizes {
  readonly layers: string | null;
  readonly fileBytes: number;
  readonly largestBytes: number;
}

function fromCfg(path: string): Sizes {
  const { layers, layersWithParameters, fileBytes, largestLayerBytes } = darknetSizes(path);
  return { layers: `${layers.length}/${layersWithParameters}`, fileBytes, largestBytes: largestLayerBytes };
}

/** The `.weights` file that the network would have, and its largest weight with the bias that goes with it. */
function fromZoo(name: string): Sizes {
  const { model, parameters } = zoo[name]!;
  const defined = model();
  if (parameterCount(defined) !== parameters) throw new Error(`${name} is not the network that is published`);
  const elements = defined.parameters.map(({ type }) => elementCount(type.shape));
  const folded = defined.parameters.map(({ type: { shape } }) =>
    shape.length > 1 ? elementCount(shape) + shape[0]! : 0,
  );
  return {
    layers: null,
    fileBytes: 20 + 4 * elements.reduce((sum, count) => sum + count, 0),
    largestBytes: 4 * Math.max(...folded),
  };
}

type Column = readonly [
  title: string,
  of: (network: Published) => string,
  ours: (sizes: Sizes) => string | null,
];

const mebibytes = (bytes: number, digits: number): string => (bytes / MIB).toFixed(digits);
const reduction = ({ fileBytes, largestBytes }: Sizes, copies: number): number =>
  100 * (1 - largestBytes / (copies * fileBytes));

const COLUMNS: readonly Column[] = [
  ['layers/with weights', ({ layers }) => layers, ({ layers }) => layers],
  ['S', ({ file }) => file, ({ fileBytes }) => mebibytes(fileBytes, 2)],
  ['s_max', ({ largest }) => largest, ({ largestBytes }) => mebibytes(largestBytes, 3)],
  ['preload', ({ memory }) => memory[0], ({ fileBytes }) => mebibytes(2 * fileBytes, 1)],
  ['seq, async-3', ({ memory }) => memory[1], ({ largestBytes }) => mebibytes(2 * largestBytes, 1)],
  ['sync', ({ memory }) => memory[2], ({ largestBytes }) => mebibytes(4 * largestBytes, 1)],
  ['2-stage', ({ memory }) => memory[3], ({ largestBytes }) => mebibytes(largestBytes, 1)],
  ['less than 2 S, %', ({ reduction }) => reduction[0], (sizes) => reduction(sizes, 2).toFixed(2)],
  ['less than S, %', ({ reduction }) => reduction[1], (sizes) => reduction(sizes, 1).toFixed(1)],
];

function row(network: Published, sizes: Sizes, name: string, exact: boolean): Table['rows'][number] {
  const cells = COLUMNS.map(([, of, ours]): Cell | null => {
    const figure = ours(sizes);
    if (figure === null) return null;
    return exact ? mustEqual(of(network), figure) : compared(of(network), figure);
  });
  return { name, cells };
}

/** Means over the five: what the headline says (96.5 %), and what one resident copy would be compared with. */
function mean(sizes: readonly Sizes[], name: string, exact: boolean): Table['rows'][number] {
  const average = (copies: number): number =>
    sizes.reduce((sum, each) => sum + reduction(each, copies), 0) / sizes.length;
  const cell = exact ? mustEqual : compared;
  const blank = COLUMNS.slice(2).map(() => null);
  return {
    name,
    cells: [...blank, cell('96.46', average(2).toFixed(2)), cell('92.9', average(1).toFixed(1))],
  };
}

export function demandLayering(): Table {
  const rows: Table['rows'][number][] = [];
  const paths = demandLayeringNetworks.map(({ cfg }) => cfgPath(cfg));
  const described = paths.flatMap((path) => (path === null ? [] : [fromCfg(path)]));
  if (described.length === paths.length) {
    demandLayeringNetworks.forEach((network, n) => {
      rows.push(row(network, described[n]!, network.cfg, true));
    });
    rows.push(mean(described.slice(0, 5), 'mean of the five', true));
  }
  const ofZoo = demandLayeringNetworks.map(({ zoo }) => fromZoo(zoo));
  demandLayeringNetworks.forEach((network, n) => {
    rows.push(row(network, ofZoo[n]!, `${network.zoo}, zoo`, network.same));
  });
  rows.push(mean(ofZoo.slice(0, 5), 'mean, zoo', false));
  return {
    title: 'Demand Layering, memory for weights in MiB',
    source:
      'arXiv 2210.04024, table rebuilt from the networks; DenseNet and ResNet of the zoo are torchvision’s',
    columns: COLUMNS.map(([title]) => title),
    rows,
  };
}
