/** Files of tensors: safetensors, npz and npy, Darknet's cfg and weights; each read as a compilation reads it. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importDarknet, loadWeights } from '../../../compiler/index.ts';
import { fromNumbers } from '../../../compiler/ir/tensor.ts';
import { elementCount } from '../../../compiler/ir/types.ts';
import { encodeNpy } from '../../../compiler/model/weights/npy.ts';
import { ConstantReader } from '../../../compiler/ops/constants/materialize.ts';
import { weightsFile } from '../../darknet/reference.ts';
import { safetensorsBytes } from '../../model/safetensors-file.ts';
import { type Part, zipBytes } from '../../model/zip-file.ts';
import type { Random } from '../../support/random.ts';
import { ended, type Fuzzer, type MakeFuzzer } from './fuzzer.ts';
import { mutateBytes, mutateText, mutateValue } from './mutate.ts';

/** Elements that are worth reading: what is larger is only described. */
const READ_AT_MOST = 2 ** 20;

/** Every tensor of a file of weights, read. */
function readAll(path: string): void {
  const set = loadWeights(path);
  const reader = new ConstantReader();
  try {
    for (const name of set.names()) {
      const tensor = set.get(name)!;
      if (elementCount(tensor.type.shape) <= READ_AT_MOST) reader.read(tensor);
    }
  } finally {
    reader.close();
  }
}

/** A fuzzer of one file that `readAll` takes. */
function fileFuzzer(
  path: string,
  honest: readonly Uint8Array[],
  mutated: (random: Random) => Uint8Array,
): Fuzzer {
  const read = async (bytes: Uint8Array): Promise<number> => {
    writeFileSync(path, bytes);
    readAll(path);
    return 0;
  };
  return {
    honest: async () => {
      for (const bytes of honest) await read(bytes);
    },
    mutated: (random) => ended(() => read(mutated(random))),
  };
}

export const safetensorsFuzzer: MakeFuzzer = async (folder) => {
  mkdirSync(folder, { recursive: true });
  const header = () => ({
    __metadata__: { format: 'pt' },
    a: { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] },
    b: { dtype: 'F16', shape: [5], data_offsets: [24, 34] },
    c: { dtype: 'I64', shape: [], data_offsets: [34, 42] },
    d: { dtype: 'BF16', shape: [0, 4], data_offsets: [42, 42] },
  });
  const buffer = new Uint8Array(42).fill(1);
  const file = safetensorsBytes(header(), buffer);
  return fileFuzzer(join(folder, 'w.safetensors'), [file], (random) => {
    if (random.chance(0.3)) return mutateBytes(file, random);
    if (random.chance(0.3))
      return safetensorsBytes(mutateText(JSON.stringify(header(), null, 1), random), buffer);
    const changed = header();
    mutateValue(changed, random);
    return safetensorsBytes(changed, buffer);
  });
};

export const npzFuzzer: MakeFuzzer = async (folder) => {
  mkdirSync(folder, { recursive: true });
  const npy = (shape: readonly number[]): Uint8Array =>
    encodeNpy(
      fromNumbers(
        { dtype: 'float32', shape },
        Array.from({ length: elementCount(shape) }, (_, i) => i),
      ),
    );
  const parts = (): Part[] => [
    { name: 'a.npy', bytes: npy([2, 3]) },
    { name: 'b.npy', bytes: npy([7]), deflate: true },
  ];
  const numpy = ['stored.npz', 'deflated.npz'].map((name) =>
    readFileSync(fileURLToPath(new URL(`../../model/npz/${name}`, import.meta.url))),
  );
  const honest = [...numpy, zipBytes(parts())];
  return fileFuzzer(join(folder, 'w.npz'), honest, (random) => {
    if (random.chance(0.4)) return mutateBytes(random.pick(honest), random);
    const changed = parts().map((part) => ({
      ...part,
      bytes: random.chance(0.5) ? mutateBytes(part.bytes, random) : part.bytes,
      claims: random.chance(0.5) ? claims(random) : {},
    }));
    return zipBytes(changed, random.chance(0.2) ? { count: random.integer(0, 65_535) } : {});
  });
};

const claims = (random: Random): NonNullable<Part['claims']> => {
  const all = { bytes: 100, storedBytes: 100, crc: 1, method: 8, flags: 1, header: 0, name: 'x' };
  const numbers = [0, 1, 60, 1000, 2 ** 31 - 1, 2 ** 32 - 1];
  const picked = random.pick(Object.keys(all) as (keyof typeof all)[]);
  return picked === 'name'
    ? { name: random.pick(['', '../x.npy', '__proto__.npy', 'a.npy']) }
    : { [picked]: random.pick(picked === 'method' || picked === 'flags' ? [0, 1, 8, 99] : numbers) };
};

const cfg = `[net]
width=8
height=8
channels=3

[convolutional]
batch_normalize=1
filters=4
size=3
stride=1
pad=1
activation=leaky

[maxpool]
size=2
stride=2

[convolutional]
filters=4
size=1
activation=linear

[shortcut]
from=-2
activation=linear

[route]
layers=-1,-3

[upsample]
stride=2

[convolutional]
filters=18
size=1
activation=linear

[yolo]
mask=0,1,2
anchors=10,13, 16,30, 33,23
classes=1
num=3
`;
/** Of the three convolutions: scales and shifts, biases, kernels. */
const CFG_WEIGHTS = 4 * 4 + 4 * 27 + (4 + 16) + (18 + 18 * 8);

export const darknetFuzzer: MakeFuzzer = async (folder) => {
  mkdirSync(folder, { recursive: true });
  const paths = { cfg: join(folder, 'a.cfg'), weights: join(folder, 'a.weights') };
  const weights = weightsFile(new Float32Array(CFG_WEIGHTS).fill(0.5));
  const imported = async (text: string, bytes: Uint8Array): Promise<number> => {
    writeFileSync(paths.cfg, text);
    writeFileSync(paths.weights, bytes);
    await importDarknet(paths.cfg, paths.weights);
    return 0;
  };
  return {
    honest: async () => {
      await imported(cfg, weights);
    },
    mutated: (random) =>
      ended(() =>
        random.chance(0.7)
          ? imported(mutateText(cfg, random), weights)
          : imported(cfg, mutateBytes(weights, random)),
      ),
  };
};
