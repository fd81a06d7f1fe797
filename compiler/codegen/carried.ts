/**
 * The kernel table as bundles carry it: what the compiler alone reads of a kernel is left out of its definition. The
 * type `CarriedSignature` holds the runtime to what is left.
 */
import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';
import { compilerOnly } from '../../runtime/kernels/signature.ts';

export const carriedKernels: Plugin = {
  name: 'carried-kernels',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]runtime[\\/]kernels[\\/]table[\\/][^\\/]+\.[jt]s$/ }, async ({ path }) => ({
      contents: await withoutCompilerOnly(await readFile(path, 'utf8')),
      loader: path.endsWith('.ts') ? 'ts' : 'js',
    }));
  },
};

/** The text of a module, without these properties of what it passes to `defineKernel`. */
export async function withoutCompilerOnly(text: string): Promise<string> {
  const { ts } = await import('ts-morph');
  const file = ts.createSourceFile('table.ts', text, ts.ScriptTarget.ES2022, true);
  let left = '';
  let at = 0;
  const visit = (node: Parameters<typeof ts.isCallExpression>[0]): void => {
    if (ts.isCallExpression(node) && node.expression.getText() === 'defineKernel')
      for (const argument of node.arguments)
        if (ts.isObjectLiteralExpression(argument))
          for (const [i, property] of argument.properties.entries()) {
            if (!compilerOnly.some((name) => name === property.name?.getText())) continue;
            left += text.slice(at, property.getFullStart());
            // Up to the next one, and so with the comma between them.
            at = argument.properties[i + 1]?.getFullStart() ?? argument.properties.end;
          }
    node.forEachChild(visit);
  };
  visit(file);
  return left + text.slice(at);
}
