/** Imports the model it is told, and says how long the index took and how much memory the process came to hold. */
import { peakRss } from '../../cli/memory.ts';
import { importOnnx } from '../../compiler/onnx/import/import.ts';
import { readModel } from '../../compiler/onnx/read/model.ts';

const path = process.argv[2]!;
const started = performance.now();
const { graph } = readModel(path);
const indexMs = performance.now() - started;
const imported = await importOnnx(path);
process.stdout.write(
  JSON.stringify({
    initializers: graph.initializers.size,
    nodes: imported.nodes.length,
    indexMs,
    importMs: performance.now() - started - indexMs,
    peakRssBytes: peakRss(),
  }),
);
