/** `millrace plan`: what it plans follows from the kind of file; each kind has a file of its own. */
import { type Command, readArguments, UsageError } from './command.ts';
import { lifetimesHelp, lifetimesOptions, planLifetimes } from './plan-lifetimes.ts';

const help = `millrace plan <lifetimes.csv> [options]

Finds an address for everything such that the peak is least.

${lifetimesHelp}
example
  millrace plan lifetimes.csv --capacity 1048576 --timeout 60 --output placed.csv
`;

export const plan: Command = {
  help,
  async run(args) {
    const given = readArguments(args, lifetimesOptions, ['<lifetimes.csv>'], help);
    const path = given.positionals[0]!;
    if (path.toLowerCase().endsWith('.csv')) return planLifetimes(path, given, help);
    throw new UsageError(`${path}: expected a table of lifetimes (.csv)`, help);
  },
};
