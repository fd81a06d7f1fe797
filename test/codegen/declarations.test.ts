/** The bundle's declarations: what is generated for a model's ports, and that the rest is what the runtime says. */
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { Project, ts } from 'ts-morph';
import { emitDeclarations } from '../../compiler/codegen/declarations.ts';
import type { DType } from '../../compiler/ir/types.ts';
import { dtypes } from '../../runtime/format/dtype.ts';

const port = (name: string, dtype: DType, ...shape: number[]) => ({ name, type: { dtype, shape }, slot: 1 });
const inputs = [
  port('image', 'float32', 1, 8, 8, 3),
  port('a "quoted"\nname', 'float16', 2),
  port('class', 'int64'),
];
const outputs = dtypes.map((dtype) => port(`as_${dtype}`, dtype, 3));
const text = await emitDeclarations('a\nmodel', inputs, outputs, 'millrace test');

/** The runtime's text in a bundle, and the runtime itself, must say the same of every type that both have. */
const comparison = `
import type * as device from './bundle/index.d.ts';
import type * as runtime from '../../runtime/node.ts';

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
type Sides = {
  loadOptions: Same<Required<device.BundleLoadOptions>, Required<Omit<runtime.BundleLoadOptions, 'executor'>>>;
  runOptions: Same<Required<device.RunOptions>, Required<runtime.RunOptions>>;
  stats: Same<device.RunStats, runtime.RunStats>;
  trace: Same<device.TraceEvent, runtime.TraceEvent>;
  plan: Same<device.Plan, runtime.Plan>;
  port: Same<device.TensorPort, runtime.TensorPort>;
  code: Same<device.ErrorCode, runtime.ErrorCode>;
  codes: Same<typeof device.errorCodes, typeof runtime.errorCodes>;
  error: Same<device.MillraceError, runtime.MillraceError>;
  members: Same<keyof device.LoadedModel, keyof runtime.LoadedModel>;
  model: runtime.LoadedModel<device.Inputs, device.Outputs> extends device.LoadedModel<device.Inputs, device.Outputs> ? true : false;
  arrays: Same<device.TypedArray, runtime.TypedArray>;
};
export const sides: Sides = {
  loadOptions: true, runOptions: true, stats: true, trace: true, plan: true, port: true, code: true, codes: true,
  error: true, members: true, model: true, arrays: true,
};
type Shape = device.Model['inputs'][0]['shape'];
export const literal: Same<Shape, readonly [1, 8, 8, 3]> = true;
export const dtype: Same<device.Model['outputs'][1]['dtype'], 'float16'> = true;
const input: device.Inputs['image'] = new Float32Array(192);
export const bits: [device.Inputs['a "quoted"\\nname'], device.Inputs['class']] = [new Uint16Array(2), new BigInt64Array(1)];
export async function use(load: typeof device.load): Promise<Float32Array> {
  await using model = await load({ budget: '1MiB', folder: new URL('file:///bundle/') });
  const outputs = await model.run({ image: input, 'a "quoted"\\nname': bits[0], class: bits[1] });
  return outputs.as_float32;
}
// @ts-expect-error a model is closed by a promise, which \`using\` would drop
export const dropped = (model: device.Model): void => model[Symbol.dispose]();
`;

describe('the declarations of a bundle', () => {
  it('type every port', () => {
    assert.match(text, /\/\*\* float32 \[1, 8, 8, 3\]\. \*\/\n {2}readonly image: Float32Array;/);
    assert.match(
      text,
      /\/\*\* float16 \[2\]\. The 16 bits of each number\. \*\/\n {2}readonly "a \\"quoted\\"\\nname": Uint16Array;/,
    );
    assert.match(text, /^\/\/ The network "a model"/);
  });

  it('carry what the author says of the ports, whatever is in it', async () => {
    const docs = {
      inputs: new Map([['image', 'RGB.\n\n*/ evil /*']]),
      outputs: new Map([['as_bool', 'Seen.']]),
    };
    const documented = await emitDeclarations('model', inputs, outputs, 'millrace test', docs);
    const image = [
      '  /**',
      '   * RGB.',
      '   *',
      '   * *\\/ evil /*',
      '   *',
      '   * float32 [1, 8, 8, 3].',
      '   */',
      '  readonly image: Float32Array;',
    ];
    assert.ok(documented.includes(image.join('\n')), documented);
    assert.match(documented, / {3}\* Seen\.\n {3}\*\n {3}\* bool \[3\]\. One byte each, 0 or 1\.\n {3}\*\//);
  });

  it('say what the runtime says', () => {
    const project = new Project({
      skipAddingFilesFromTsConfig: true,
      compilerOptions: {
        strict: true,
        noEmit: true,
        skipLibCheck: true,
        allowImportingTsExtensions: true,
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.ESNext,
        moduleResolution: ts.ModuleResolutionKind.Bundler,
        lib: ['lib.es2024.d.ts', 'lib.dom.d.ts', 'lib.esnext.disposable.d.ts'],
        types: ['node'],
      },
    });
    const at = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
    project.createSourceFile(at('./bundle/index.d.ts'), text);
    // As a module too: skipLibCheck spares declarations, and a member said twice would go unseen.
    const module = project.createSourceFile(at('./bundle/module.ts'), text);
    const file = project.createSourceFile(at('./compared.ts'), comparison);
    const problems = [...file.getPreEmitDiagnostics(), ...module.getPreEmitDiagnostics()].map((one) => {
      const message = one.getMessageText();
      return `line ${one.getLineNumber()}: ${typeof message === 'string' ? message : message.getMessageText()}`;
    });
    assert.deepEqual(problems, []);
  });
});
