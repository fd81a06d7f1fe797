/** `millrace export`: a model file to an ONNX file that viewers and other runtimes read. */

import { type ExportOptions, exportOnnx } from '../compiler/onnx/export/export.ts';
import { optimize } from '../compiler/passes/index.ts';
import { formatSize } from '../runtime/size.ts';
import { bindingHelp, bindingOptions, bindingsOf } from './bindings.ts';
import { type Command, readArguments, UsageError } from './command.ts';
import { withInterrupt } from './interrupt.ts';
import { loadModelFile } from './model-file.ts';
import { progress } from './progress.ts';
import { print, printJson } from './terminal.ts';

const help = `millrace export <model.onnx | model.ts | model.cfg> -o <file.onnx> [options]

Writes a network as an ONNX model. Weights of more than 1 KiB go to a file beside it, <file.onnx>.data.

  -o, --output FILE     the ONNX file; one that is there is replaced when the new one is complete
  --opset N             version of the operator set, 13 to 22; default 17, or the first that has what the
                        network needs
  --optimize            as the compiler's passes leave the network: folded and fused
${bindingHelp}
  --json                print the report as JSON

example
  millrace export model.ts -o model.onnx
`;

export const exportCommand: Command = {
  help,
  async run(args) {
    const given = readArguments(
      args,
      {
        output: { type: 'string', short: 'o' },
        opset: { type: 'string' },
        optimize: { type: 'boolean' },
        json: { type: 'boolean' },
        ...bindingOptions,
      },
      ['<model.onnx | model.ts | model.cfg>'],
      help,
    );
    const output = given.text('output');
    if (output === undefined) throw new UsageError('-o <file.onnx> is required', help);
    const started = performance.now();
    const graph = await loadModelFile(given.positionals[0]!, bindingsOf(given, help));
    const opset = given.count('opset');
    const bar = progress();
    const options: ExportOptions = {
      onProgress: (done, total) => bar.update('writing weights', done / total),
      ...(opset === undefined ? {} : { opset }),
    };
    const written = await withInterrupt((signal) =>
      exportOnnx(given.flag('optimize') ? optimize(graph) : graph, output, { ...options, signal }),
    );
    bar.done();
    const report = { ...written, milliseconds: Math.round(performance.now() - started) };
    if (given.flag('json')) printJson(report, 2);
    else {
      const weights =
        report.data === null ? '' : `, ${formatSize(report.dataBytes)} of weights in ${report.data}`;
      print(`${report.model}: ${report.nodes} nodes, opset ${report.opset}${weights}\n`);
    }
    return 0;
  },
};
