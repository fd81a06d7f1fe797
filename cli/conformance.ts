/** `millrace conformance`: compiles and runs streamed every case of a folder, and compares. */

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile } from '../compiler/compile.ts';
import type { Tensor } from '../compiler/ir/tensor.ts';
import type { DType } from '../compiler/ir/types.ts';
import { importOnnx } from '../compiler/onnx/import/import.ts';
import type { Tensors } from '../runtime/context.ts';
import { load } from '../runtime/node.ts';
import { type Command, readArguments } from './command.ts';
import { type CaseResult, runConformance } from './conformance-cases.ts';
import { withTemporaryFolder } from './interrupt.ts';
import { progress } from './progress.ts';
import { print, printJson, tell } from './terminal.ts';
import { trueShape } from './true-shape.ts';

const help = `millrace conformance <folder> [options]

Takes every folder below that holds model.onnx and test_data_set_*/{input,output}_*.pb, compiles the model, runs it
streamed and compares (float32: rtol 1e-3, atol 1e-5; integers and bools exactly). Models with ops or opsets that the
documentation declares out of scope are skipped.

  --filter TEXT    only cases whose path contains TEXT
  --json           print the results as JSON

example
  millrace conformance onnx/backend/test/data/node --filter conv
`;

export const conformance: Command = {
  help,
  async run(args) {
    const given = readArguments(
      args,
      { filter: { type: 'string' }, json: { type: 'boolean' } },
      ['<folder>'],
      help,
    );
    const filter = given.text('filter');
    const json = given.flag('json');
    const bar = progress();
    const result = await runConformance(given.positionals[0]!, {
      ...(filter === undefined ? {} : { filter }),
      run: runStreamed,
      progress: (done, total, one) => {
        bar.update(`${done} of ${total}`, done / total);
        if (!json && one.status !== 'passed') tell(`${describe(one)}\n`);
      },
    });
    bar.done();
    const { passed, failed, skipped } = result;
    if (json) printJson(result, 2);
    else print(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
    return failed > 0 || passed + skipped === 0 ? 1 : 0;
  },
};

const describe = ({ status, name, code, message }: CaseResult): string =>
  `${status} ${name}: ${[code, message?.split('\n').join(' ')].filter(Boolean).join(' ')}`;

async function runStreamed(
  path: string,
  inputs: ReadonlyMap<string, Tensor>,
  constants: Readonly<Record<string, Tensor>>,
): Promise<ReadonlyMap<string, Tensor>> {
  const graph = await importOnnx(path, { constants });
  const bundle = await compile(graph);
  return withTemporaryFolder(join(tmpdir(), 'millrace-'), async (folder) => {
    const target = join(folder, 'bundle');
    await bundle.write(target);
    const model = await load(target, { mode: 'stream', plan: bundle.report.plans[0]!.name });
    try {
      const arrays = model.inputs.flatMap(({ name }): [string, Tensor['data']][] => {
        const tensor = inputs.get(name);
        return tensor === undefined ? [] : [[name, tensor.data]];
      });
      const outputs: Tensors = await model.run(Object.fromEntries(arrays));
      return new Map(
        model.outputs.map((port) => [
          port.name,
          {
            type: { dtype: port.dtype as DType, shape: trueShape(port, outputs) },
            data: outputs[port.name]!,
          },
        ]),
      );
    } finally {
      await model.close();
    }
  });
}
