/** `millrace plan`: what it plans follows from the kind of file; each kind has a file of its own. */
import { stat } from 'node:fs/promises';
import { type Arguments, type Command, readArguments, UsageError } from './command.ts';
import { lifetimesHelp, lifetimesOptions, planLifetimes } from './plan-lifetimes.ts';
import { modelHelp, modelOptions, planModel } from './plan-model.ts';

const help = `millrace plan <model.onnx | model.ts | model.cfg | bundle | lifetimes.csv> [options]

Plans memory: of a network, its weights included, what each budget costs in time; of a table of lifetimes, an address
for everything such that the peak is least.

${modelHelp}
for lifetimes
${lifetimesHelp}
examples
  millrace plan resnet50.onnx --sweep --html trade.html
  millrace plan dist/resnet50 --budget 16MiB --profile profile.json --trace run.json
  millrace plan lifetimes.csv --capacity 1048576 --timeout 60 --output placed.csv
`;

export const plan: Command = {
  help,
  async run(args) {
    const options = { ...modelOptions, ...lifetimesOptions };
    const given = readArguments(args, options, ['<model | bundle | lifetimes.csv>'], help);
    const path = given.positionals[0]!;
    if (path.toLowerCase().endsWith('.csv')) {
      refuse(given, Object.keys(modelOptions), 'for models and bundles');
      return planLifetimes(path, given, help);
    }
    refuse(given, ['capacity', 'output'], 'for lifetimes');
    const isBundle = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    );
    return planModel(path, isBundle, given, help);
  },
};

function refuse(given: Arguments, names: readonly string[], what: string): void {
  for (const name of names)
    if (given.flag(name) || given.text(name) !== undefined || given.list(name).length > 0)
      throw new UsageError(`--${name} is ${what}`, help);
}
