/** A model under one of its plans as `model-driver.c` reads it: of one input and one output, without host ops. */
import { type Executor, recordProgram } from '../../runtime/engine/executor.ts';
import type { Manifest } from '../../runtime/format/format.ts';

export function driverJob(
  manifest: Manifest,
  executor: Executor,
  planName: string,
  input: Float32Array,
): Buffer {
  const plan = manifest.plans.find((entry) => entry.name === planName)!;
  const [x] = manifest.inputs;
  const [y] = manifest.outputs;
  const program = recordProgram(executor, manifest);
  const at = (value: number): number => plan.valueOffsets[value]!;
  const doubles = [
    ...[plan.arenaBytes, at(x!.value), x!.byteLength, at(y!.value), y!.byteLength],
    ...plan.valueOffsets,
    ...manifest.weights.flatMap(({ value, segment, offset }) => [value, segment, offset]),
    ...manifest.segments.flatMap(({ offset, byteLength, crc32 }, s) => [
      ...[offset, byteLength, crc32, plan.issue[s]!, plan.segmentOffsets[s]!],
    ]),
  ];
  const counts = [manifest.values, manifest.segments.length, program.length, manifest.weights.length];
  return Buffer.concat(
    [Int32Array.from(counts), Float64Array.from(doubles), program, input].map((part) =>
      Buffer.from(part.buffer, part.byteOffset, part.byteLength),
    ),
  );
}
