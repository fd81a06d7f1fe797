/** A `.cfg` as layers with extents and parameters: everything but the weights themselves. */
import { MillraceError } from '../../runtime/error.ts';
import { isActivation } from './activation.ts';
import type { Cfg, Section } from './cfg.ts';
import { checkedExtent, type Extent, type Layer, type Surroundings } from './layer.ts';
import { kindNames, kindOf } from './layers/index.ts';

/** Height and width of the image, in pixels. */
export interface InputSize {
  /** Instead of the height and width of `[net]`. */
  readonly height?: number;
  readonly width?: number;
}

export interface NamedLayer extends Layer {
  /** Its section's type and its index, as routes count: "convolutional0". */
  readonly name: string;
  readonly section: Section;
}

export interface Network {
  readonly input: Extent;
  /** Whether the input is an image, or a vector. */
  readonly image: boolean;
  readonly layers: readonly NamedLayer[];
}

export function resolveNetwork({ net, layers: sections }: Cfg, size: InputSize): Network {
  refuseUnsupported(net, sections);
  const { input, image } = inputOf(net, size);
  const layers: NamedLayer[] = [];
  for (const [index, section] of sections.entries()) {
    const around: Surroundings = {
      index,
      input: layers.at(-1)?.out ?? input,
      layers: (option) => earlierLayers(section, option, index),
      extentOf: (layer) => layers[layer]!.out,
    };
    const layer = kindOf(section.type)!.resolve(section, around);
    layers.push({ ...layer, name: `${section.type}${index}`, section });
  }
  return { input, image, layers };
}

/** Everything that stands in the way, in one error, before any of it is computed with. */
function refuseUnsupported(net: Section, sections: readonly Section[]): void {
  const reasons: string[] = [];
  if (net.int('time_steps', 1, 0) > 1) reasons.push(`${net.at}: time_steps above 1`);
  for (const section of sections) {
    const kind = kindOf(section.type);
    if (kind === undefined) {
      reasons.push(`${section.at}: no such layer`);
      continue;
    }
    for (const [option, harmless] of Object.entries(kind.refuses ?? {})) {
      const value = section.text(option);
      const isZero = value !== undefined && Number(value) === 0 && harmless.includes('0');
      if (value !== undefined && !isZero && !harmless.includes(value))
        reasons.push(`${section.at}: ${option}=${value}`);
    }
    const activation = section.text('activation');
    if (activation !== undefined && !isActivation(activation))
      reasons.push(`${section.at}: activation=${activation}`);
  }
  if (reasons.length === 0) return;
  throw new MillraceError('MODEL_UNSUPPORTED', 'the network uses what is not supported', {
    expected: `layers ${kindNames.join(', ')}`,
    got: `\n    ${reasons.slice(0, 20).join('\n    ')}${reasons.length > 20 ? `\n    … and ${reasons.length - 20} more` : ''}`,
  });
}

function inputOf(net: Section, { height, width }: InputSize): { input: Extent; image: boolean } {
  for (const [name, value] of Object.entries({ height, width }))
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0))
      throw new MillraceError('OPTION', `${name} of the input`, {
        expected: 'a whole number from 1 on',
        got: `${value}`,
      });
  const h = height ?? net.int('height', 0);
  const w = width ?? net.int('width', 0);
  const c = net.int('channels', 0);
  const inputs = net.int('inputs', 0);
  if (h * w * c === 0 && inputs > 0) return { input: checkedExtent(net, 1, 1, inputs), image: false };
  return { input: checkedExtent(net, h, w, c), image: true };
}

/** Layers before this one; below zero they are counted back from it. */
function earlierLayers(section: Section, option: string, index: number): number[] {
  return section.ints(option).map((given) => {
    const layer = given < 0 ? index + given : given;
    if (layer < 0 || layer >= index)
      throw section.invalid(option, {
        expected: `layers before layer ${index}`,
        got: `${given}`,
      });
    return layer;
  });
}
