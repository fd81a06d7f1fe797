/**
 * Type-checks a model module as `tsc` would: with the options of its nearest tsconfig.json, and with the declarations of
 * this very installation for `millrace`, whatever the model's folder has. The module is not run. TypeScript is loaded
 * here only, so whoever compiles no module never pays for it.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SourceFile, ts as TypeScript } from 'ts-morph';
import { MillraceError } from '../../../runtime/error.ts';
import { type DocumentedModel, documentedModels } from './docs.ts';
import { entryFiles } from './entries.ts';

type Compiler = typeof TypeScript;

/** Sources have the declarations in them; a built installation has them beside its modules. */
const api = entryFiles(import.meta.url.endsWith('.ts') ? 'ts' : 'd.ts');

/** Whether a file is Millrace's own, whose errors are not the model's. */
const own = ['compiler', 'runtime'].map((room) =>
  fileURLToPath(new URL(`../../../${room}`, import.meta.url)),
);
const isOwn = (file: string): boolean => own.some((folder) => file.startsWith(`${folder}/`));

/**
 * Checks the module and all it imports, and returns what it says of the networks it defines. Throws MillraceError
 * MODEL_INVALID with what `tsc` shows; `shown` is what the user calls the file.
 */
export async function checkModule(path: string, shown = path): Promise<readonly DocumentedModel[]> {
  const { Project, ts } = await import('ts-morph');
  const options = optionsFor(ts, path);
  const plain = /\.[cm]?js$/i.test(path) && options.checkJs !== true;
  // Of a module without types only the comments are read: no library is needed for that.
  const compilerOptions = plain ? { allowJs: true, noLib: true, noResolve: true } : options;
  const project = new Project({ compilerOptions, skipFileDependencyResolution: true });
  const file: SourceFile = project.addSourceFileAtPath(path);
  const program = project.getProgram().compilerObject;
  const files = program
    .getSourceFiles()
    .filter(
      (one) =>
        !one.isDeclarationFile && !program.isSourceFileFromExternalLibrary(one) && !isOwn(one.fileName),
    );
  const syntax = files.flatMap((one) => program.getSyntacticDiagnostics(one));
  const problems =
    syntax.length > 0 || plain ? syntax : files.flatMap((one) => program.getSemanticDiagnostics(one));
  const errors = problems.filter(({ category }) => category === ts.DiagnosticCategory.Error);
  if (errors.length > 0) throw typeErrors(ts, shown, errors);
  return documentedModels(ts, program.getTypeChecker(), [
    file.compilerNode,
    ...files.filter((one) => one !== file.compilerNode),
  ]);
}

/** Options of the nearest tsconfig.json; without one, strict and as bundlers resolve, for that is how it is loaded. */
function optionsFor(ts: Compiler, path: string): TypeScript.CompilerOptions {
  const config = ts.findConfigFile(dirname(path), ts.sys.fileExists);
  const given = config === undefined ? bare(ts, path) : read(ts, config, path);
  const paths = Object.fromEntries([...api].map(([name, file]) => [name, [fileURLToPath(file)]]));
  return {
    ...given,
    paths: { ...given.paths, ...paths },
    allowJs: true,
    noEmit: true,
    skipLibCheck: true,
    composite: false,
    incremental: false,
  };
}

function bare(ts: Compiler, path: string): TypeScript.CompilerOptions {
  return {
    strict: true,
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    allowImportingTsExtensions: true,
    resolveJsonModule: true,
    types: hasNodeTypes(dirname(path)) ? ['node'] : [],
  };
}

function hasNodeTypes(folder: string): boolean {
  if (existsSync(join(folder, 'node_modules/@types/node'))) return true;
  const above = dirname(folder);
  return above !== folder && hasNodeTypes(above);
}

function read(ts: Compiler, config: string, path: string): TypeScript.CompilerOptions {
  const { config: content, error } = ts.readConfigFile(config, ts.sys.readFile);
  if (error !== undefined) throw typeErrors(ts, config, [error]);
  // Without a list of files every file below the folder would be looked up.
  const only = { ...(content as object), files: [path], include: [], exclude: [] };
  const parsed = ts.parseJsonConfigFileContent(only, ts.sys, dirname(config), undefined, config);
  return parsed.options;
}

function typeErrors(ts: Compiler, path: string, problems: readonly TypeScript.Diagnostic[]): MillraceError {
  const host = {
    getCurrentDirectory: () => process.cwd(),
    getCanonicalFileName: (name: string) => name,
    getNewLine: () => '\n',
  };
  const sorted = ts.sortAndDeduplicateDiagnostics(problems);
  const text = sorted.map((one) => ts.formatDiagnosticsWithColorAndContext([one], host)).join('\n');
  const count = sorted.length === 1 ? '1 error' : `${sorted.length} errors`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are escape sequences
  const plain = text.replace(/\u001b\[[\d;]*m/g, '').trimEnd();
  return new MillraceError('MODEL_INVALID', `does not type-check, ${count}\n\n${plain}\n`, { at: path });
}
