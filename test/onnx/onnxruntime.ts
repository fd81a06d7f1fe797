/** onnxruntime as an oracle, where the benchmarks' packages are installed. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Tensor, TypedArray } from '../../compiler/ir/tensor.ts';
import type { DType } from '../../compiler/ir/types.ts';

interface RuntimeTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: TypedArray;
}
interface Session {
  run(feeds: Record<string, RuntimeTensor>): Promise<Record<string, RuntimeTensor>>;
  release(): Promise<void>;
}
interface Runtime {
  readonly InferenceSession: { create(path: string, options: object): Promise<Session> };
  readonly Tensor: new (type: string, data: TypedArray, dims: readonly number[]) => RuntimeTensor;
}

const place = new URL('../../bench/node_modules/onnxruntime-node/', import.meta.url);

export const hasRuntime = existsSync(place);

/** Outputs by name. Optimisation off: every exported node is run, as it is. */
export async function runByOnnxruntime(
  path: string,
  inputs: ReadonlyMap<string, Tensor>,
  optimization: 'disabled' | 'all' = 'disabled',
): Promise<Map<string, Tensor>> {
  const runtime = createRequire(place)('onnxruntime-node') as Runtime;
  const session = await runtime.InferenceSession.create(path, {
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
    graphOptimizationLevel: optimization,
  });
  try {
    const feeds = Object.fromEntries(
      [...inputs].map(([name, { type, data }]) => [name, new runtime.Tensor(type.dtype, data, type.shape)]),
    );
    const outputs = Object.entries(await session.run(feeds));
    return new Map(
      outputs.map(([name, { type, dims, data }]) => [
        name,
        { type: { dtype: type as DType, shape: dims.map(Number) }, data },
      ]),
    );
  } finally {
    await session.release();
  }
}
