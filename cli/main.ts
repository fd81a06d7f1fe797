/** `millrace`: finds the command, runs it, turns errors into exit codes (0 done, 1 failed, 2 wrong usage). */

import { MillraceError } from '../runtime/error.ts';
import { type Command, UsageError } from './command.ts';
import { print, tell } from './terminal.ts';

interface Entry {
  /** One line for the overview. */
  readonly summary: string;
  /** A command's modules are loaded when it is the one: `run` must not hold the compiler while it measures memory. */
  load(): Promise<Command>;
}

const commands: Readonly<Record<string, Entry>> = {
  compile: {
    summary: 'compile an ONNX or TypeScript model into a bundle',
    load: async () => (await import('./compile.ts')).compileCommand,
  },
  run: { summary: 'run a bundle once', load: async () => (await import('./run.ts')).run },
  bench: {
    summary: 'measure latency and memory of a bundle',
    load: async () => (await import('./bench.ts')).bench,
  },
  inspect: {
    summary: 'show what is in a bundle or a model',
    load: async () => (await import('./inspect.ts')).inspect,
  },
  plan: {
    summary: 'plan memory: where everything lies, and how little is enough',
    load: async () => (await import('./plan.ts')).plan,
  },
  capture: {
    summary: 'record every allocation of a run, to be planned or compared with the plan',
    load: async () => (await import('./capture.ts')).capture,
  },
  calibrate: {
    summary: 'measure this device, for predictions',
    load: async () => (await import('./calibrate.ts')).calibrate,
  },
  export: {
    summary: 'write a model as an ONNX file',
    load: async () => (await import('./export.ts')).exportCommand,
  },
  conformance: {
    summary: 'run a folder of ONNX test cases',
    load: async () => (await import('./conformance.ts')).conformance,
  },
};

const overview = `millrace: compiles neural networks into bundles that run in a fraction of their weights' memory

  millrace <command> [options]

${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(12)} ${summary}`)
  .join('\n')}

  millrace <command> --help shows its options and an example.
`;

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    print(overview);
    return name === undefined ? 2 : 0;
  }
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (entry === undefined) throw new UsageError(`there is no command "${name}"`, overview);
  const command = await entry.load();
  if (rest.includes('--help') || rest.includes('-h')) {
    print(command.help);
    return 0;
  }
  return command.run(rest);
}

/** What the system refuses (a disk that is full, a permission) is no fault of the program: its message is enough. */
const isOfSystem = (error: unknown): error is Error =>
  error instanceof Error && ('syscall' in error || ('code' in error && error.code === 'ERR_ACCESS_DENIED'));

const traceOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

/** Node ends the process by itself once nothing is open: output to a pipe is never cut off. */
main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    if (error instanceof UsageError) {
      tell(`millrace: ${error.message}\n\n${error.help}`);
      process.exitCode = 2;
    } else if (error instanceof MillraceError) {
      tell(`millrace: ${error.code}: ${error.message}\n`);
      process.exitCode = error.code === 'OPTION' ? 2 : 1;
    } else {
      tell(`millrace: ${isOfSystem(error) ? error.message : traceOf(error)}\n`);
      process.exitCode = 1;
    }
  },
);
