/** What the entries say of themselves: every export has a docstring, and what a docstring shows is so. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as millrace from 'millrace';
import { ts } from 'ts-morph';
import { entries } from '../../compiler/model/module/entries.ts';
import { loadModelModule } from '../../compiler/model/module/load.ts';
import { withFolder } from '../support/folder.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const files = Object.values(entries).map((path) => `${root}${path}.ts`);

/** What examples are about. */
const inputs = {
  image: millrace.tensor('float32', [1, 28, 28, 8]),
  words: millrace.tensor('float32', [1, 16, 64]),
  row: millrace.tensor('float32', [1, 64]),
  tokens: millrace.tensor('int64', [1, 16]),
  mask: millrace.tensor('bool', [1, 16, 64]),
};

interface Exported {
  readonly name: string;
  readonly home: string;
  readonly isFunction: boolean;
  readonly text: string;
  readonly throws: string;
  readonly examples: readonly string[];
}

/** Everything the entries export, once, with the docstring of its declaration. */
function exportedBy(program: ts.Program): Exported[] {
  const checker = program.getTypeChecker();
  const found = new Map<ts.Symbol, Exported>();
  const add = (home: string, module: ts.Symbol): void => {
    for (const one of checker.getExportsOfModule(module)) {
      const symbol = one.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(one) : one;
      if (symbol.flags & ts.SymbolFlags.ValueModule) {
        add(`${home}${one.name}.`, symbol);
        continue;
      }
      const declaration = symbol.declarations![0]!;
      const isValue =
        (symbol.flags & ts.SymbolFlags.Value) !== 0 && (symbol.flags & ts.SymbolFlags.Class) === 0;
      const tags = symbol.getJsDocTags(checker);
      const tag = (name: string): string[] =>
        tags.filter((one) => one.name === name).map((one) => ts.displayPartsToString(one.text));
      found.set(symbol, {
        name: one.name,
        home,
        isFunction:
          isValue && checker.getTypeOfSymbolAtLocation(symbol, declaration).getCallSignatures().length > 0,
        text: ts.displayPartsToString(symbol.getDocumentationComment(checker)),
        throws: tag('throws').join(' '),
        examples: tag('example'),
      });
    }
  };
  for (const file of files) {
    const home = file.includes('/layers/') ? 'layers.' : file.includes('/weights/') ? 'weights.' : '';
    add(home, checker.getSymbolAtLocation(program.getSourceFile(file)!)!);
  }
  return [...found.values()];
}

/** `shapes` computes with types; arithmetic and descriptions of numbers have nothing to refuse. */
const isComputation = ({ home }: Exported): boolean => home.includes('shapes.');
const refusesNothing = ({ home, name }: Exported): boolean =>
  /^(layers\.)?(init|sizes)\./.test(home) || ['tensor', 'parameterCount', 'deviceOf'].includes(name);

describe('the docstrings of the entries', () => {
  const config = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile).config;
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files }, ts.sys, root);
  const exported = exportedBy(ts.createProgram(files, options));

  const shown = exported.flatMap(({ name, home, examples, isFunction }) =>
    isFunction && !home.startsWith('weights')
      ? examples.flatMap((text) =>
          [...text.matchAll(/^(.+?) \/\/ (\[[\d, ]*\])$/gm)].map(([, call, shape]) => ({
            home,
            name,
            call: call!,
            shape: shape!,
          })),
        )
      : [],
  );

  it('are there', () => {
    const bare = exported.filter((one) => one.text === '' && !isComputation(one));
    assert.deepEqual(
      bare.map(({ home, name }) => home + name),
      [],
    );
  });

  it('of functions name the errors by their codes, and give an example', () => {
    const functions = exported.filter(({ isFunction }) => isFunction);
    assert.ok(functions.length > 90, `${functions.length}`);
    const silent = functions.filter(
      (one) =>
        !refusesNothing(one) &&
        !/\b[A-Z]+(?:_[A-Z]+)*\b/.test(`${one.throws} ${/Throws.*/s.exec(one.text)?.[0] ?? ''}`),
    );
    assert.deepEqual(
      silent.map(({ home, name }) => home + name),
      [],
    );
    assert.deepEqual(
      functions.filter(({ examples }) => examples.length === 0).map(({ home, name }) => home + name),
      [],
    );
  });

  it('of layers show calls whose results have the shapes they say, to the checker too', async () => {
    assert.ok(shown.length > 80, `${shown.length} examples`);
    const text = `
      import { defineModel, expectShape, init, parameter, scope, shared, sizeOf, expectShapeOf, sizes, tensor } from 'millrace';
      import * as layers from 'millrace/layers';
      const { ${exported
        .filter(({ home, isFunction }) => home === 'layers.' && isFunction)
        .map(({ name }) => name)
        .join(', ')} } = layers;
      export default defineModel('examples', {
        ${Object.entries(inputs)
          .map(([name, { dtype, shape }]) => `${name}: tensor('${dtype}', ${JSON.stringify(shape)}),`)
          .join('\n        ')}
      }, ({ image, words, row, tokens, mask }) => {
        ${shown.map(({ call, shape }, n) => `const y${n} = expectShape(${call}, ${shape});`).join('\n        ')}
        return { image: layers.relu(image) };
      });`;
    const model = await withFolder((folder) => {
      writeFileSync(join(folder, 'model.ts'), text);
      return loadModelModule(join(folder, 'model.ts'));
    });
    assert.equal(model.name, 'examples');
    const without = exported.filter(
      ({ home, name, isFunction }) =>
        home === 'layers.' && isFunction && !shown.some((example) => example.name === name),
    );
    assert.deepEqual(
      without.map(({ name }) => name),
      [],
    );
  });

  it('of layers say that they are for definitions', () => {
    let given: object = {};
    millrace.defineModel('inputs', inputs, (tensors) => {
      given = tensors;
      return { image: tensors.image };
    });
    const scope = { ...millrace, ...given };
    for (const { home, call } of shown) {
      if (home !== 'layers.') continue;
      const body = new Function(...Object.keys(scope), `return ${call}`);
      assert.throws(() => body(...Object.values(scope)), { code: 'MODEL_INVALID' }, call);
    }
  });
});
