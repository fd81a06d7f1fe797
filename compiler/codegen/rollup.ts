/**
 * The runtime's declarations as one text, for a bundle's `index.d.ts`: a device has no Millrace installed whose types
 * could be imported. Taken from the runtime's own modules, so that a bundle can say nothing else than the runtime:
 * from the names asked for, every declaration that a declaration mentions follows. Classes become interfaces of their
 * public members, as no bundle exports them, but for those in `values`.
 */
import { existsSync, readFileSync } from 'node:fs';
import type { ts } from 'ts-morph';
import { MillraceError } from '../../runtime/error.ts';

type Typescript = typeof ts;

interface Module {
  readonly file: ts.SourceFile;
  /** By its name here. */
  readonly declared: ReadonlyMap<string, ts.Statement>;
  /** Where a name that is imported or re-exported comes from. */
  readonly linked: ReadonlyMap<string, { readonly from: URL; readonly name: string }>;
  readonly all: readonly URL[];
}

interface Found {
  readonly module: Module;
  readonly statement: ts.Statement;
}

/**
 * Declarations by name, in the order in which they are mentioned. `names` are exports of the module `entry`; `values`
 * are classes and constants that the bundle exports too.
 */
export function rollUp(
  typescript: Typescript,
  entry: URL,
  names: readonly string[],
  values: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  const modules = new Map<string, Module>();
  const moduleAt = (url: URL): Module => {
    const known = modules.get(url.href);
    if (known !== undefined) return known;
    const module = readModule(typescript, url);
    modules.set(url.href, module);
    return module;
  };
  const find = (module: Module, name: string): Found | null => {
    const statement = module.declared.get(name);
    if (statement !== undefined) return { module, statement };
    const link = module.linked.get(name);
    if (link !== undefined) return find(moduleAt(link.from), link.name);
    for (const from of module.all) {
      const found = find(moduleAt(from), name);
      if (found !== null) return found;
    }
    return null;
  };

  const texts = new Map<string, string>();
  const statements = new Map<string, ts.Statement>();
  const open: { readonly from: Module; readonly name: string }[] = names.map((name) => ({
    from: moduleAt(entry),
    name,
  }));
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    const { from, name } = next;
    const found = find(from, name);
    if (found === null) continue; // a global, or a parameter of a type
    const known = statements.get(name);
    if (known === found.statement) continue;
    if (known !== undefined)
      throw new MillraceError('INTERNAL', `two declarations of the runtime are called ${name}`);
    statements.set(name, found.statement);
    texts.set(name, print(typescript, found, values.has(name)));
    for (const mentioned of mentionedIn(typescript, found.statement, values.has(name)))
      open.push({ from: found.module, name: mentioned });
  }
  for (const name of names)
    if (!texts.has(name)) throw new MillraceError('INTERNAL', `the runtime does not declare ${name}`);
  return texts;
}

/** The declarations of a module: of a source as TypeScript would write them, else as they are. */
function readModule(typescript: Typescript, url: URL): Module {
  const declarations = new URL(url.href.replace(/\.[jt]s$/, '.d.ts'));
  const text = existsSync(declarations)
    ? readFileSync(declarations, 'utf8')
    : typescript.transpileDeclaration(readFileSync(url, 'utf8'), {
        compilerOptions: { removeComments: false, allowImportingTsExtensions: true },
        fileName: url.pathname,
      }).outputText;
  const file = typescript.createSourceFile('module.d.ts', text, typescript.ScriptTarget.ES2022, true);
  const declared = new Map<string, ts.Statement>();
  const linked = new Map<string, { from: URL; name: string }>();
  const all: URL[] = [];
  for (const statement of file.statements) {
    const from = sourceOf(typescript, statement, url);
    if (typescript.isImportDeclaration(statement) && from !== null) {
      const bindings = statement.importClause?.namedBindings;
      if (bindings !== undefined && typescript.isNamedImports(bindings))
        for (const { name, propertyName } of bindings.elements)
          linked.set(name.text, { from, name: (propertyName ?? name).text });
    } else if (typescript.isExportDeclaration(statement) && from !== null) {
      if (statement.exportClause === undefined) all.push(from);
      else if (typescript.isNamedExports(statement.exportClause))
        for (const { name, propertyName } of statement.exportClause.elements)
          linked.set(name.text, { from, name: (propertyName ?? name).text });
    } else if (typescript.isVariableStatement(statement)) {
      for (const { name } of statement.declarationList.declarations)
        if (typescript.isIdentifier(name)) declared.set(name.text, statement);
    } else if (
      typescript.isInterfaceDeclaration(statement) ||
      typescript.isTypeAliasDeclaration(statement) ||
      typescript.isClassDeclaration(statement)
    ) {
      if (statement.name !== undefined) declared.set(statement.name.text, statement);
    }
  }
  return { file, declared, linked, all };
}

/** The module that a statement imports or exports from, if it is one of the runtime's. */
function sourceOf(typescript: Typescript, statement: ts.Statement, url: URL): URL | null {
  if (!typescript.isImportDeclaration(statement) && !typescript.isExportDeclaration(statement)) return null;
  const { moduleSpecifier } = statement;
  if (moduleSpecifier === undefined || !typescript.isStringLiteral(moduleSpecifier)) return null;
  return moduleSpecifier.text.startsWith('.') ? new URL(moduleSpecifier.text, url) : null;
}

/** Names of types that a declaration is made of. */
function mentionedIn(typescript: Typescript, statement: ts.Statement, whole: boolean): string[] {
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    if (typescript.isClassElement(node) && !whole && !isPublic(typescript, node)) return;
    if (isInternal(typescript, node)) return;
    if (typescript.isTypeReferenceNode(node)) names.push(firstName(typescript, node.typeName));
    else if (typescript.isTypeQueryNode(node)) names.push(firstName(typescript, node.exprName));
    else if (typescript.isExpressionWithTypeArguments(node)) names.push(node.expression.getText());
    else if (typescript.isComputedPropertyName(node)) names.push(node.expression.getText());
    else if (typescript.isImportTypeNode(node))
      throw new MillraceError(
        'INTERNAL',
        `a declaration of the runtime imports in passing: ${node.getText()}`,
      );
    node.forEachChild(visit);
  };
  visit(statement);
  return names;
}

const firstName = (typescript: Typescript, name: ts.EntityName): string =>
  typescript.isIdentifier(name) ? name.text : firstName(typescript, name.left);

function isPublic(typescript: Typescript, member: ts.ClassElement): boolean {
  if (typescript.isConstructorDeclaration(member) || member.name === undefined) return false;
  const hidden = typescript.ModifierFlags.Private | typescript.ModifierFlags.Static;
  const flags = typescript.getCombinedModifierFlags(member);
  return !typescript.isPrivateIdentifier(member.name) && (flags & hidden) === 0;
}

/** Its text without `export`: the bundle's file says what it exports. */
function print(typescript: Typescript, { module, statement }: Found, value: boolean): string {
  const text = (node: ts.Node): string => {
    const comment = typescript.getJSDocCommentsAndTags(node).filter(typescript.isJSDoc).at(-1);
    // The first comment of a file is the file's.
    const start = comment === undefined || comment.pos === 0 ? node.getStart() : comment.pos;
    return module.file.text.slice(start, node.end);
  };
  const asIs = narrowed(withoutInternal(typescript, statement, text(statement))).replace(
    /^export (?=[a-z])/m,
    '',
  );
  if (!typescript.isClassDeclaration(statement) || value) return asIs;
  const { name, typeParameters, heritageClauses, members } = statement;
  const parameters = typeParameters === undefined ? '' : `<${typeParameters.map(text).join(', ')}>`;
  const base = heritageClauses === undefined ? '' : ` ${heritageClauses.map(text).join(' ')}`;
  const methods = new Set(
    members.filter(typescript.isMethodDeclaration).map((member) => member.name.getText()),
  );
  const shown = members
    .filter((member) => isPublic(typescript, member))
    // TypeScript's writer declares a method with a computed name as a property too.
    .filter((member) => !typescript.isPropertyDeclaration(member) || !methods.has(member.name.getText()))
    .map((member) => `  ${fieldOf(member)}`);
  const comment = asIs.startsWith('/**') ? `${asIs.slice(0, asIs.indexOf('*/') + 2)}\n` : '';
  return `${comment}interface ${name!.text}${parameters}${base} {\n${shown.join('\n')}\n}`;

  function fieldOf(member: ts.ClassElement): string {
    const whole = narrowed(text(member));
    if (!typescript.isGetAccessorDeclaration(member)) return whole;
    const signature = `readonly ${member.name.getText()}: ${member.type!.getText()};`;
    return whole.replace(/(?:^|(?<=\n {2}))get [\s\S]*$/, signature);
  }
}

/** Members of an interface that are the project's own business. */
const isInternal = (typescript: Typescript, node: ts.Node): boolean =>
  typescript.isTypeElement(node) &&
  typescript.getJSDocTags(node).some(({ tagName }) => tagName.text === 'internal');

function withoutInternal(typescript: Typescript, statement: ts.Statement, text: string): string {
  if (!typescript.isInterfaceDeclaration(statement)) return text;
  return statement.members
    .filter((member) => isInternal(typescript, member))
    .reduce((left, member) => left.replace(member.getFullText(), ''), text);
}

/** Two spaces for each level, where TypeScript writes four. */
const narrowed = (text: string): string =>
  text.replace(/^( {4})+/gm, (spaces) => ' '.repeat(spaces.length / 2));
