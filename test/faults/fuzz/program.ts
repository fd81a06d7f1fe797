/** Executors that record another program: numbers, lines and operands changed. It is code, but its data is checked. */
import type { Executor } from '../../../runtime/engine/executor.ts';
import { MillraceError } from '../../../runtime/error.ts';
import type { Random } from '../../support/random.ts';
import { makeSubjects, runHonest, runSubject, wayFor } from './bundles.ts';
import { ended, type MakeFuzzer } from './fuzzer.ts';
import { mutateNumber, mutateText } from './mutate.ts';

export const programFuzzer: MakeFuzzer = async (folder) => {
  const subjects = await makeSubjects(folder);
  return {
    honest: async () => {
      for (const subject of subjects)
        await runSubject(subject, {}, true, { executor: evaluate(subject.executorText) });
      await runHonest(subjects);
    },
    mutated(random) {
      const subject = random.pick(subjects);
      const way = wayFor(subject, random);
      const text = mutateProgram(subject.executorText, random);
      return ended(() => runSubject(subject, way, false, { executor: evaluate(text) }));
    },
  };
};

function mutateProgram(text: string, random: Random): string {
  if (random.chance(0.2)) return mutateText(text, random);
  const lines = text.split('\n');
  const steps = lines.flatMap((line, i) => (/program\./.test(line) ? [i] : []));
  for (let edits = random.integer(1, 2); edits > 0; edits--) {
    const at = random.pick(steps);
    lines[at] = mutateNumber(lines[at]!, random);
  }
  return lines.join('\n');
}

/** As the import of a bundle would; what is no module is refused as there. */
function evaluate(text: string): Executor {
  try {
    const body = text.replace(/^export (?=const|function)/gm, '');
    return new Function(`${body}\nreturn { host, record };`)() as Executor;
  } catch (cause) {
    throw new MillraceError('BUNDLE_READ', (cause as Error).message, { at: 'executor.js', cause });
  }
}
