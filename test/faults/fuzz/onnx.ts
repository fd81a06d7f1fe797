/** ONNX files: messages changed field by field and encoded again, or their bytes changed; then imported and compiled. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile, importOnnx } from '../../../compiler/index.ts';
import { initializer, int64s, type ModelParts, modelBytes, node, tensor } from '../../onnx/make-model.ts';
import { ended, type MakeFuzzer } from './fuzzer.ts';
import { mutateBytes, mutateValue } from './mutate.ts';

const wave = (shape: readonly number[]) =>
  tensor(
    'float32',
    shape,
    Array.from({ length: shape.reduce((n, extent) => n * extent, 1) }, (_, i) => Math.sin(i)),
  );

const models: Readonly<Record<string, () => ModelParts>> = {
  convolutions: () => ({
    nodes: [
      node('Conv', ['x', 'w', 'b'], ['c'], { pads: [1, 1, 1, 1], strides: [1, 1], group: 1 }),
      node('BatchNormalization', ['c', 's', 's', 's', 'v'], ['n'], { epsilon: 1e-5 }),
      node('Relu', ['n'], ['r']),
      node('MaxPool', ['r'], ['p'], { kernel_shape: [2, 2], strides: [2, 2] }),
      node('Resize', ['p', '', 'scales'], ['u'], { mode: 'nearest' }),
      node('Concat', ['u', 'r'], ['y'], { axis: 1 }),
    ],
    inputs: { x: [1, 2, 6, 6] },
    outputs: ['y'],
    initializers: [
      ...[initializer('w', wave([4, 2, 3, 3])), initializer('b', wave([4])), initializer('s', wave([4]))],
      ...[initializer('v', tensor('float32', [4], [1, 2, 3, 4]))],
      initializer('scales', tensor('float32', [4], [1, 1, 2, 2])),
    ],
  }),
  shapes: () => ({
    nodes: [
      node('Shape', ['x'], ['shape']),
      node('Gather', ['shape', 'zero'], ['batch'], { axis: 0 }),
      node('Concat', ['batch', 'rest'], ['target'], { axis: 0 }),
      node('Reshape', ['x', 'target'], ['flat']),
      node('Gemm', ['flat', 'w', 'b'], ['g'], { transB: 1, alpha: { f: 1 } }),
      node('Slice', ['g', 'zero', 'two', 'one'], ['cut']),
      node('Softmax', ['cut'], ['y'], { axis: -1 }),
      node('Transpose', ['g'], ['t'], { perm: [1, 0] }),
      node('ReduceMean', ['t'], ['m'], { axes: [0], keepdims: 0 }),
    ],
    inputs: { x: ['N', 3, 4] },
    outputs: ['y', 'm'],
    initializers: [
      ...[initializer('w', wave([5, 12])), initializer('b', wave([5])), int64s('zero', [0])],
      ...[int64s('rest', [-1]), int64s('two', [2]), int64s('one', [1])],
    ],
  }),
  recurrence: () => ({
    nodes: [
      node('LSTM', ['x', 'w', 'r', 'b'], ['h', 'last'], { hidden_size: 3, direction: 'forward' }),
      node('Squeeze', ['last', 'axes'], ['s']),
      node('MatMul', ['s', 'm'], ['y']),
    ],
    inputs: { x: [4, 1, 2] },
    outputs: ['y'],
    initializers: [
      ...[
        initializer('w', wave([1, 12, 2])),
        initializer('r', wave([1, 12, 3])),
        initializer('b', wave([1, 24])),
      ],
      ...[int64s('axes', [0]), initializer('m', wave([3, 2]))],
    ],
  }),
  externalData: () => ({
    nodes: [node('MatMul', ['x', 'w'], ['y'])],
    inputs: { x: [2, 4] },
    outputs: ['y'],
    initializers: [
      {
        name: 'w',
        dims: [4n, 3n],
        dataType: 1,
        dataLocation: 1,
        externalData: [
          { key: 'location', value: 'data.bin' },
          { key: 'offset', value: '0' },
          { key: 'length', value: '48' },
        ],
      },
    ],
  }),
};

/** The models as they should be. */
export const onnxFiles = (): readonly Uint8Array[] => Object.values(models).map((make) => modelBytes(make()));

export const onnxFuzzer: MakeFuzzer = async (folder) => {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'model.onnx');
  writeFileSync(join(folder, 'data.bin'), new Uint8Array(wave([12]).data.buffer as ArrayBuffer));
  const files = onnxFiles();
  const compiled = async (bytes: Uint8Array): Promise<number> => {
    writeFileSync(path, bytes);
    await compile(await importOnnx(path));
    return 0;
  };
  return {
    honest: async () => {
      for (const bytes of files) await compiled(bytes);
    },
    mutated(random) {
      const which = random.integer(0, files.length - 1);
      if (random.chance(0.3)) return ended(() => compiled(mutateBytes(files[which]!, random)));
      const parts = structuredClone(Object.values(models)[which]!());
      mutateValue(parts, random);
      return ended(() => compiled(encoded(parts) ?? mutateBytes(files[which]!, random)));
    },
  };
};

/** null: the mutated message is none that can be encoded. */
function encoded(parts: ModelParts): Uint8Array | null {
  try {
    return modelBytes(parts);
  } catch {
    return null;
  }
}
