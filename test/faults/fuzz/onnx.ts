/** ONNX files: messages changed field by field and encoded again, or their bytes changed; then imported and compiled. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile, importOnnx } from '../../../compiler/index.ts';
import { type ModelParts, modelBytes } from '../../onnx/make-model.ts';
import { ended, type MakeFuzzer } from './fuzzer.ts';
import { mutateBytes, mutateValue } from './mutate.ts';
import { models, onnxFiles, wave } from './onnx-models.ts';

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
