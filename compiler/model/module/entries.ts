/**
 * What a model module may import of this installation, and the module behind each name, from the root, without its
 * extension. `exports` of package.json and `paths` of tsconfig.json say the same; a test compares them.
 */
export const entries: Readonly<Record<string, string>> = {
  millrace: 'compiler/index',
  'millrace/layers': 'compiler/model/layers/index',
  'millrace/weights': 'compiler/model/weights/index',
  'millrace/runtime': 'runtime/node',
};

/** An address for each name; `extension` is that of sources, modules or declarations. */
export const entryFiles = (extension: 'ts' | 'js' | 'd.ts'): ReadonlyMap<string, URL> =>
  new Map(
    Object.entries(entries).map(([name, path]) => [
      name,
      new URL(`../../../${path}.${extension}`, import.meta.url),
    ]),
  );
