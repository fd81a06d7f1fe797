/** `millrace`: finds the command, runs it, turns errors into exit codes (0 done, 1 failed, 2 wrong usage). */
import { MillraceError } from '../runtime/error.ts';
import { bench } from './bench.ts';
import { type Command, UsageError } from './command.ts';
import { compileCommand } from './compile.ts';
import { conformance } from './conformance.ts';
import { inspect } from './inspect.ts';
import { run } from './run.ts';

const commands: readonly Command[] = [compileCommand, run, bench, inspect, conformance];

const overview = `millrace: compiles neural networks into bundles that run in a fraction of their weights' memory

  millrace <command> [options]

${commands.map(({ name, summary }) => `  ${name.padEnd(12)} ${summary}`).join('\n')}

  millrace <command> --help shows its options and an example.
`;

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(overview);
    return name === undefined ? 2 : 0;
  }
  const command = commands.find((one) => one.name === name);
  if (command === undefined) throw new UsageError(`there is no command "${name}"`, overview);
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(command.help);
    return 0;
  }
  return command.run(rest);
}

/** Node ends the process by itself once nothing is open: output to a pipe is never cut off. */
main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    if (error instanceof UsageError) {
      process.stderr.write(`millrace: ${error.message}\n\n${error.help}`);
      process.exitCode = 2;
    } else if (error instanceof MillraceError) {
      process.stderr.write(`millrace: ${error.code}: ${error.message}\n`);
      process.exitCode = error.code === 'OPTION' ? 2 : 1;
    } else {
      process.stderr.write(
        `millrace: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      );
      process.exitCode = 1;
    }
  },
);
