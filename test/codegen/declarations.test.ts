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
const text = emitDeclarations('a\nmodel', inputs, outputs, 'millrace test');

/** The two kinds of text must say the same of every type that both have. */
const comparison = `
import type * as device from './bundle/index.d.ts';
import type * as runtime from '../../runtime/index.ts';

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
type Sides = {
  loadOptions: Same<Required<device.LoadOptions>, Required<Omit<runtime.LoadOptions, 'executor'>>>;
  runOptions: Same<Required<device.RunOptions>, Required<runtime.RunOptions>>;
  stats: Same<device.RunStats, runtime.RunStats>;
  trace: Same<device.TraceEvent, runtime.TraceEvent>;
  plan: runtime.Plan extends device.Plan ? true : false;
  port: runtime.TensorPort extends device.Port ? true : false;
  model: runtime.LoadedModel<device.Inputs, device.Outputs> extends device.Model ? true : false;
  run: Same<device.Model['run'], runtime.LoadedModel<device.Inputs, device.Outputs>['run']>;
  close: Same<device.Model['close'], runtime.LoadedModel['close']>;
  arrays: Same<Record<keyof device.Outputs, runtime.TypedArray>, { [K in keyof device.Outputs]: device.Outputs[K] | runtime.TypedArray }>;
};
export const sides: Sides = {
  loadOptions: true, runOptions: true, stats: true, trace: true, plan: true, port: true, model: true, run: true, close: true, arrays: true,
};
const input: device.Inputs['image'] = new Float32Array(192);
export const bits: [device.Inputs['a "quoted"\\nname'], device.Inputs['class']] = [new Uint16Array(2), new BigInt64Array(1)];
export const model: Promise<Float32Array> = (null as unknown as typeof device.load)({ budget: '1MiB' })
  .then((loaded) => loaded.run({ image: input, 'a "quoted"\\nname': bits[0], class: bits[1] }))
  .then((outputs) => outputs.as_float32);
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

  it('carry what the author says of the ports, whatever is in it', () => {
    const docs = {
      inputs: new Map([['image', 'RGB.\n\n*/ evil /*']]),
      outputs: new Map([['as_bool', 'Seen.']]),
    };
    const documented = emitDeclarations('model', inputs, outputs, 'millrace test', docs);
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
