/** `--print-after` and `--verify`: what a compilation says of itself on stderr while it goes on. */
import { print } from '../compiler/ir/print.ts';
import { signatures } from '../compiler/ops/index.ts';
import type { CompileOptions } from '../compiler/options.ts';
import { passes } from '../compiler/passes/index.ts';
import { type Arguments, UsageError } from './command.ts';
import { tell } from './terminal.ts';

/** Texts of graphs are comments and what `parse` reads: `// after layout (8 of 20)`. */
export function observersOf(
  given: Arguments,
  help: string,
): Pick<CompileOptions, 'onPass' | 'verify' | 'onVerified'> {
  const wanted = wantedPasses(given.list('print-after'), help);
  let done = 0;
  return {
    ...(wanted.size > 0 && {
      onPass: (pass, graph) => {
        done++;
        if (!wanted.has(pass)) return;
        tell(`// after ${pass} (${done} of ${passes.length})\n${print(graph, signatures)}`);
      },
    }),
    ...(given.flag('verify') && {
      verify: true,
      onVerified: (what) => tell(`verified: ${what}\n`),
    }),
  };
}

function wantedPasses(given: readonly string[], help: string): ReadonlySet<string> {
  const known = new Set(passes.map(({ name }) => name));
  const wanted = new Set<string>();
  for (const name of given) {
    if (name !== 'all' && !known.has(name))
      throw new UsageError(
        `--print-after: there is no pass "${name}"; passes: ${[...known].join(', ')}, all`,
        help,
      );
    for (const one of name === 'all' ? known : [name]) wanted.add(one);
  }
  return wanted;
}
