/** Names are data: members of Object.prototype, controls, paths and code, as names of everything that has one. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineModel, dense, importOnnx, relu, scope, tensor } from '../../../compiler/index.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import { initializer, modelBytes, node, tensor as onnxTensor } from '../../onnx/make-model.ts';
import { compileInMemory, open } from '../../support/network.ts';
import type { Random } from '../../support/random.ts';
import { ended, type MakeFuzzer, WrongResult } from './fuzzer.ts';
import { edgeText } from './mutate.ts';

const honestNames = ['x', 'y', 'layer', 'model', 'w'];

/** A dense layer in TypeScript, every name given. */
const defined = ([x, y, layer, model, group]: readonly string[]): Graph =>
  defineModel(model!, { [x!]: tensor('float32', [1, 4]) }, (inputs) => ({
    [y!]: scope(group!, () => relu(dense(inputs[x!]!, { name: layer!, units: 3 }))),
  })).graph;

/** The same from a file. */
async function imported(path: string, [x, y, layer, , w]: readonly string[]): Promise<Graph> {
  const nodes = [{ ...node('MatMul', [x!, w!], [layer!]), name: layer! }, node('Relu', [layer!], [y!])];
  const weights = initializer(w!, onnxTensor('float32', [4, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]));
  writeFileSync(
    path,
    modelBytes({ nodes, inputs: { [x!]: [1, 4] }, outputs: [y!], initializers: [weights] }),
  );
  return importOnnx(path);
}

async function run(graph: Graph, [x, y]: readonly string[]): Promise<number> {
  const model = await open(await compileInMemory(graph));
  try {
    const outputs = await model.run(Object.fromEntries([[x!, new Float32Array(4).fill(1)]]));
    if (!Object.hasOwn(outputs, y!) || outputs[y!]!.length !== 3)
      throw new WrongResult(`no output of the name ${JSON.stringify(y)}`);
    return model.plan.peakBytes;
  } finally {
    await model.close();
  }
}

export const namesFuzzer: MakeFuzzer = async (folder) => {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'model.onnx');
  const namesOf = (random: Random): string[] =>
    honestNames.map((name) => (random.chance(0.4) ? edgeText(random, name) : name));
  return {
    honest: async () => {
      await run(defined(honestNames), honestNames);
      await run(await imported(path, honestNames), honestNames);
    },
    mutated: (random) =>
      ended(async () => {
        const names = namesOf(random);
        if (random.chance(0.5)) return run(defined(names), names);
        // A file's text is UTF-8: a lone surrogate is written as another character.
        const written = names.map((name) => name.toWellFormed());
        return run(await imported(path, written), written);
      }),
  };
};
