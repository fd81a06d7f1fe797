/**
 * What the entries export, as their users see it: the emitted declarations. A type that an exported signature mentions
 * is exported by an entry too, so that it can be written down.
 */
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { ts } from 'ts-morph';
import { entries } from '../../compiler/model/module/entries.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const files = Object.entries(entries).map(([name, path]) => ({ name, file: `${root}dist/${path}.d.ts` }));

/** Everything the entries export, by the name one would import, namespaces included. */
function exportsOf(checker: ts.TypeChecker, program: ts.Program): Map<string, ts.Symbol> {
  const found = new Map<string, ts.Symbol>();
  const add = (prefix: string, module: ts.Symbol): void => {
    for (const one of checker.getExportsOfModule(module)) {
      const symbol = one.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(one) : one;
      const name = `${prefix}${one.name}`;
      if (symbol.flags & ts.SymbolFlags.ValueModule) add(`${name}.`, symbol);
      else found.set(name, symbol);
    }
  };
  for (const { name, file } of files) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file)!);
    assert.ok(module, `${file}: npm run build`);
    add(`${name}: `, module);
  }
  return found;
}

/** Names in types of a declaration; what a type of types computes with is its own affair. */
function mentioned(declaration: ts.Declaration): ts.Node[] {
  const names: ts.Node[] = [];
  // `(typeof modes)[number]` is shown as its members.
  const isAlias = ts.isTypeAliasDeclaration(declaration);
  const visit = (node: ts.Node): void => {
    if (ts.isTypeAliasDeclaration(node) && node.typeParameters !== undefined) return;
    if (ts.isTypeReferenceNode(node)) names.push(node.typeName);
    else if (ts.isExpressionWithTypeArguments(node)) names.push(node.expression);
    else if (ts.isImportTypeNode(node) && node.qualifier !== undefined) names.push(node.qualifier);
    else if (ts.isTypeQueryNode(node) && !isAlias) names.push(node.exprName);
    ts.forEachChild(node, visit);
  };
  visit(declaration);
  return names;
}

describe('the declarations of the entries', () => {
  const program = ts.createProgram(
    files.map(({ file }) => file),
    { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, strict: true },
  );
  const checker = program.getTypeChecker();

  it('export every type that their signatures mention', () => {
    const exported = exportsOf(checker, program);
    const known = new Set(exported.values());
    const homeless = new Map<string, string[]>();
    for (const [name, symbol] of exported)
      for (const declaration of symbol.declarations ?? [])
        for (const node of mentioned(declaration)) {
          const found = checker.getSymbolAtLocation(node);
          const type = found && found.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(found) : found;
          if (type === undefined || type.flags & ts.SymbolFlags.TypeParameter || known.has(type)) continue;
          const from = type.declarations?.[0]?.getSourceFile().fileName ?? '';
          if (!from.startsWith(`${root}dist/`)) continue;
          homeless.set(type.name, [...(homeless.get(type.name) ?? []), name]);
        }
    assert.deepEqual(
      [...homeless].map(([type, by]) => `${type} (${[...new Set(by)].slice(0, 4).join(', ')})`).sort(),
      [],
    );
  });
});
