/**
 * Darknet to Graph: `.cfg` and `.weights` become the nodes and recipes that a defined network has. The input is `image`,
 * [1, height, width, channels] of numbers from 0 to 1, as Darknet scales them (or `input`, [1, inputs], of a network
 * without images). Outputs are the detection layers, by name, or else the last layer, as `output`.
 */
import { basename, resolve } from 'node:path';
import { MillraceError } from '../../runtime/error.ts';
import type { AttrsArgument, GraphBuilder } from '../ir/builder.ts';
import type { Graph, ValueId } from '../ir/graph.ts';
import { withWeightsFile } from '../model/weights/weights-file.ts';
import { type GivenAttrs, graphBuilder, type OpBuilder, type OpName } from '../ops/index.ts';
import { parseCfg } from './cfg.ts';
import type { Emitter, Role } from './layer.ts';
import { type InputSize, type NamedLayer, type Network, resolveNetwork } from './network.ts';
import { fileWeights, seededWeights, type Weights } from './weights.ts';

/** The longest networks have 25 KB. */
const MAX_CFG = 16 * 1024 * 1024;

/**
 * Reads a network. Its weights stay in their file; `{ seed }` makes some up instead. Throws MillraceError: MODEL_INVALID
 * for files that are broken or do not belong together, MODEL_UNSUPPORTED with all that is in the way.
 * @example const graph = await importDarknet('yolov4.cfg', 'yolov4.weights', { width: 416, height: 416 });
 */
export async function importDarknet(
  cfgPath: string,
  weights: string | { readonly seed: number },
  size: InputSize = {},
): Promise<Graph> {
  const network = readNetwork(cfgPath, size);
  const recipes =
    typeof weights === 'string'
      ? fileWeights(resolve(weights), network.layers)
      : seededWeights(weights.seed, network.layers);
  return emit(basename(cfgPath).replace(/\.cfg$/i, ''), network, recipes);
}

export function readNetwork(path: string, size: InputSize): Network {
  const text = withWeightsFile(path, (file) => {
    if (file.size > MAX_CFG)
      throw file.invalid('is too large for a .cfg', {
        expected: `at most ${MAX_CFG} bytes`,
        got: `${file.size}`,
      });
    return new TextDecoder().decode(file.bytes(0, file.size));
  });
  return resolveNetwork(parseCfg(text, basename(path)), size);
}

function emit(name: string, { input, image, layers }: Network, weights: Weights): Graph {
  const builder = graphBuilder(name);
  const { h, w, c } = input;
  let x: ValueId;
  if (image) x = builder.input('image', { dtype: 'float32', shape: [1, h, w, c] });
  else {
    const vector = builder.input('input', { dtype: 'float32', shape: [1, c] });
    [x] = builder.node('reshape', [vector], { shape: [1, 1, 1, c] }, 'input.image') as [ValueId];
  }
  const outputs: ValueId[] = [];
  for (const layer of layers)
    outputs.push(layer.emit(emitterOf(builder, layer, layers, outputs, weights, x)));
  const detections = layers.flatMap((layer, i) => (layer.detection ? [i] : []));
  for (const i of detections) builder.output(layers[i]!.name, outputs[i]!);
  if (detections.length === 0) outputLast(builder, layers, outputs);
  return builder.build();
}

/** The last layer that computes; what is no image, as a vector. */
function outputLast(builder: OpBuilder, layers: readonly NamedLayer[], outputs: readonly ValueId[]): void {
  const last = layers.findLastIndex((layer) => layer.passive !== true);
  const { name, out } = layers[Math.max(0, last)]!;
  const value = outputs[Math.max(0, last)]!;
  const vector = out.h * out.w === 1;
  const shape = [1, out.c];
  builder.output(
    'output',
    vector ? builder.node('reshape', [value], { shape }, `${name}.vector`)[0]! : value,
  );
}

function emitterOf(
  builder: GraphBuilder,
  layer: NamedLayer,
  layers: readonly NamedLayer[],
  outputs: readonly ValueId[],
  weights: Weights,
  image: ValueId,
): Emitter {
  const index = outputs.length;
  const outputOf = (from: number): ValueId => {
    // Its output has another form than the image that Darknet goes on with.
    if (layers[from]!.detection)
      throw new MillraceError('MODEL_UNSUPPORTED', `reads the detection layer ${layers[from]!.name}`, {
        at: layer.section.at,
      });
    return outputs[from]!;
  };
  let first = true;
  const nodes = <N extends OpName>(
    op: N,
    inputs: readonly (ValueId | null)[],
    ...[attrs]: AttrsArgument<GivenAttrs[N]>
  ): ValueId[] => {
    const name = first ? layer.name : `${layer.name}.${op}`;
    first = false;
    return builder.node(op, inputs, attrs, name);
  };
  const parameter = (role: Role): ValueId => {
    const found = layer.parameters.find((each) => each.role === role);
    if (found === undefined) throw new MillraceError('INTERNAL', `${layer.name} has no ${role}`);
    const { type, constant } = weights(layer, found);
    return builder.constant(`${layer.name}.${role}`, type, constant);
  };
  return {
    get input() {
      return index === 0 ? image : outputOf(index - 1);
    },
    outputOf,
    typeOf: (id) => builder.typeOf(id),
    parameter,
    scalar: (value) =>
      builder.constant(String(value), { dtype: 'float32', shape: [] }, { kind: 'splat', value }),
    node: (op, inputs, ...attrs) => nodes(op, inputs, ...attrs)[0]!,
    nodes,
  };
}
