/**
 * What the author of a model module says of its inputs and outputs: doc comments on the properties of the two object
 * literals, the one given to `defineModel` and the one its body returns, or on the variables they name.
 */
import type { ts as TypeScript } from 'ts-morph';

type Compiler = typeof TypeScript;
type Docs = Map<string, string>;

export interface DocumentedModel {
  /** The first argument, where it is a literal. */
  readonly name: string | null;
  readonly inputs: ReadonlyMap<string, string>;
  readonly outputs: ReadonlyMap<string, string>;
}

/** Every call of defineModel in the files, in order. */
export function documentedModels(
  ts: Compiler,
  checker: TypeScript.TypeChecker,
  files: readonly TypeScript.SourceFile[],
): DocumentedModel[] {
  const reader = new DocReader(ts, checker);
  const models: DocumentedModel[] = [];
  const visit = (node: TypeScript.Node): void => {
    if (ts.isCallExpression(node) && reader.isDefinition(node)) models.push(reader.read(node));
    ts.forEachChild(node, visit);
  };
  for (const file of files) visit(file);
  return models;
}

class DocReader {
  readonly #ts: Compiler;
  readonly #checker: TypeScript.TypeChecker;

  constructor(ts: Compiler, checker: TypeScript.TypeChecker) {
    this.#ts = ts;
    this.#checker = checker;
  }

  /** `defineModel(…)`, under whatever name it was imported, or `millrace.defineModel(…)`. */
  isDefinition({ expression }: TypeScript.CallExpression): boolean {
    const ts = this.#ts;
    if (ts.isPropertyAccessExpression(expression)) return expression.name.text === 'defineModel';
    if (!ts.isIdentifier(expression)) return false;
    const declared = this.#checker.getSymbolAtLocation(expression)?.declarations?.[0];
    return (
      declared !== undefined &&
      ts.isImportSpecifier(declared) &&
      (declared.propertyName ?? declared.name).text === 'defineModel'
    );
  }

  read({ arguments: [name, inputs, body] }: TypeScript.CallExpression): DocumentedModel {
    const ts = this.#ts;
    const model = {
      name: name !== undefined && ts.isStringLiteralLike(name) ? name.text : null,
      inputs: new Map<string, string>(),
      outputs: new Map<string, string>(),
    };
    if (inputs !== undefined) this.#properties(inputs, model.inputs);
    if (body !== undefined) for (const result of this.#results(body)) this.#properties(result, model.outputs);
    return model;
  }

  /** Adds the comments on the properties of what the expression stands for. */
  #properties(expression: TypeScript.Expression, docs: Docs, depth = 0): void {
    const ts = this.#ts;
    const literal = this.#resolve(expression);
    if (!ts.isObjectLiteralExpression(literal) || depth > 8) return;
    for (const property of literal.properties) {
      if (ts.isSpreadAssignment(property)) {
        this.#properties(property.expression, docs, depth + 1);
        continue;
      }
      const { name } = property;
      if (!ts.isIdentifier(name) && !ts.isStringLiteralLike(name)) continue;
      const text = this.#comment(property) ?? this.#comment(this.#variableOf(property));
      if (text !== null) docs.set(name.text, text);
    }
  }

  /** `{ probs }`, or `probs: probs`: the variable's declaration. */
  #variableOf(property: TypeScript.ObjectLiteralElementLike): TypeScript.Node | undefined {
    const ts = this.#ts;
    const symbol = ts.isShorthandPropertyAssignment(property)
      ? this.#checker.getShorthandAssignmentValueSymbol(property)
      : ts.isPropertyAssignment(property) && ts.isIdentifier(property.initializer)
        ? this.#checker.getSymbolAtLocation(property.initializer)
        : undefined;
    const declared = symbol?.valueDeclaration;
    return declared !== undefined && ts.isVariableDeclaration(declared) ? declared : undefined;
  }

  /** Where a name is declared, be it in another file. */
  #declarationOf(name: TypeScript.Identifier): TypeScript.Declaration | undefined {
    const symbol = this.#checker.getSymbolAtLocation(name);
    if (symbol === undefined) return undefined;
    const imported = (symbol.flags & this.#ts.SymbolFlags.Alias) !== 0;
    return (imported ? this.#checker.getAliasedSymbol(symbol) : symbol).valueDeclaration;
  }

  /** Assertions and parentheses taken off, and constants followed to what they are. */
  #resolve(expression: TypeScript.Expression): TypeScript.Expression {
    const ts = this.#ts;
    let now = expression;
    for (let steps = 0; steps < 8; steps++) {
      if (
        ts.isParenthesizedExpression(now) ||
        ts.isAsExpression(now) ||
        ts.isSatisfiesExpression(now) ||
        ts.isNonNullExpression(now)
      )
        now = now.expression;
      else if (ts.isIdentifier(now)) {
        const declared = this.#declarationOf(now);
        if (declared === undefined || !ts.isVariableDeclaration(declared) || !declared.initializer)
          return now;
        now = declared.initializer;
      } else return now;
    }
    return now;
  }

  /** What the body returns, wherever it returns. */
  #results(body: TypeScript.Expression): TypeScript.Expression[] {
    const ts = this.#ts;
    const resolved = this.#resolve(body);
    const declared = ts.isIdentifier(resolved) ? this.#declarationOf(resolved) : resolved;
    if (declared === undefined || !ts.isFunctionLike(declared) || !('body' in declared)) return [];
    const block = declared.body as TypeScript.ConciseBody | undefined;
    if (block === undefined) return [];
    if (!ts.isBlock(block)) return [block];
    const results: TypeScript.Expression[] = [];
    const visit = (node: TypeScript.Node): void => {
      if (ts.isFunctionLike(node)) return;
      if (ts.isReturnStatement(node) && node.expression !== undefined) results.push(node.expression);
      ts.forEachChild(node, visit);
    };
    ts.forEachChild(block, visit);
    return results;
  }

  /** The text of the doc comment that stands last before a declaration. */
  #comment(node: TypeScript.Node | undefined): string | null {
    if (node === undefined) return null;
    const documented = this.#ts.getJSDocCommentsAndTags(node).findLast((one) => this.#ts.isJSDoc(one));
    const comment = documented?.getText() ?? this.#commentInLine(node);
    if (comment === null) return null;
    const text = comment
      .replace(/^\/\*\*/, '')
      .replace(/\*\/$/, '')
      .split('\n')
      .map((line) => line.replace(/^\s*\* ?/, '').trimEnd())
      .join('\n')
      .trim();
    return text === '' ? null : text;
  }

  /** TypeScript leaves a comment to what stands before it in the line; within braces it is meant for what follows. */
  #commentInLine(node: TypeScript.Node): string | null {
    const { text } = node.getSourceFile();
    const before = this.#ts.getTrailingCommentRanges(text, node.pos)?.at(-1);
    if (before === undefined || text.slice(before.end, node.getStart()).includes('\n')) return null;
    const comment = text.slice(before.pos, before.end);
    return comment.startsWith('/**') ? comment : null;
  }
}
