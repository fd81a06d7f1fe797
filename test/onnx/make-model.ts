/** Builds ONNX models and files for tests, with the schema of onnx-buf (so not with what is tested). */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import {
  type AttributeProtoSchema,
  type FunctionProtoSchema,
  type GraphProtoSchema,
  AttributeProto_AttributeType as Kind,
  ModelProtoSchema,
  type NodeProtoSchema,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from 'onnx-buf';
import { bytesOf, fromNumbers, type Tensor } from '../../compiler/ir/tensor.ts';
import type { DType } from '../../compiler/ir/types.ts';
import { elementTypeOf } from '../../compiler/onnx/read/schema.ts';

export type AttributeInit = MessageInitShape<typeof AttributeProtoSchema>;
export type NodeInit = MessageInitShape<typeof NodeProtoSchema>;
export type TensorInit = MessageInitShape<typeof TensorProtoSchema>;

export type GraphInit = MessageInitShape<typeof GraphProtoSchema>;
export type FunctionInit = MessageInitShape<typeof FunctionProtoSchema>;

export interface ModelParts {
  readonly nodes?: readonly NodeInit[];
  /** Type and dimensions (numbers, names, null) by input. */
  readonly inputs?: Readonly<Record<string, Port>>;
  readonly outputs?: readonly string[];
  readonly initializers?: readonly TensorInit[];
  readonly opset?: number;
  readonly domains?: Readonly<Record<string, number>>;
  readonly irVersion?: number;
  readonly functions?: readonly FunctionInit[];
}
type Port =
  | readonly (number | string | null)[]
  | { readonly dtype: DType; readonly shape: readonly (number | string | null)[] };

function valueInfo(name: string, port: Port): MessageInitShape<typeof ValueInfoProtoSchema> {
  const { dtype, shape } = 'dtype' in port ? port : { dtype: 'float32' as const, shape: port };
  const dim = shape.map((extent) => ({
    value:
      extent === null
        ? { case: undefined }
        : typeof extent === 'number'
          ? { case: 'dimValue' as const, value: BigInt(extent) }
          : { case: 'dimParam' as const, value: extent },
  }));
  const type = {
    value: { case: 'tensorType' as const, value: { elemType: elementTypeOf(dtype), shape: { dim } } },
  };
  return { name, type };
}

export function modelBytes(parts: ModelParts): Uint8Array {
  const model = create(ModelProtoSchema, {
    irVersion: BigInt(parts.irVersion ?? 8),
    opsetImport: [
      { domain: '', version: BigInt(parts.opset ?? 17) },
      ...Object.entries(parts.domains ?? {}).map(([domain, version]) => ({
        domain,
        version: BigInt(version),
      })),
    ],
    functions: [...(parts.functions ?? [])],
    graph: {
      name: 'test',
      node: [...(parts.nodes ?? [])],
      initializer: [...(parts.initializers ?? [])],
      input: Object.entries(parts.inputs ?? {}).map(([name, port]) => valueInfo(name, port)),
      output: (parts.outputs ?? []).map((name) => ({ name })),
    },
  });
  return toBinary(ModelProtoSchema, model);
}

/** The body of control flow. */
export const body = (
  nodes: readonly NodeInit[],
  inputs: readonly string[],
  outputs: readonly string[],
  initializers: readonly TensorInit[] = [],
): { readonly graph: GraphInit } => ({
  graph: {
    name: 'body',
    node: [...nodes],
    initializer: [...initializers],
    input: inputs.map((name) => ({ name })),
    output: outputs.map((name) => ({ name })),
  },
});

/** Attributes from plain values: integers are ints, other numbers floats (wrap a float 2 as {f: 2}). */
export function attributes(
  values: Readonly<
    Record<
      string,
      | number
      | string
      | readonly number[]
      | TensorInit
      | { readonly f: number }
      | { readonly floats: readonly number[] }
      | { readonly strings: readonly string[] }
      | { readonly graph: GraphInit }
      | { readonly reference: string; readonly type: Kind }
    >
  >,
): AttributeInit[] {
  return Object.entries(values).map(([name, value]): AttributeInit => {
    if (typeof value === 'string') return { name, type: Kind.STRING, s: new TextEncoder().encode(value) };
    if (typeof value === 'number')
      return Number.isInteger(value)
        ? { name, type: Kind.INT, i: BigInt(value) }
        : { name, type: Kind.FLOAT, f: value };
    if (Array.isArray(value)) return { name, type: Kind.INTS, ints: value.map(BigInt) };
    if ('f' in value) return { name, type: Kind.FLOAT, f: value.f };
    if ('graph' in value) return { name, type: Kind.GRAPH, g: value.graph };
    if ('reference' in value) return { name, type: value.type, refAttrName: value.reference };
    if ('strings' in value)
      return {
        name,
        type: Kind.STRINGS,
        strings: value.strings.map((text) => new TextEncoder().encode(text)),
      };
    if ('floats' in value) return { name, type: Kind.FLOATS, floats: [...value.floats] };
    return { name, type: Kind.TENSOR, t: value as TensorInit };
  });
}

export function node(
  opType: string,
  input: readonly string[],
  output: readonly string[],
  values: Parameters<typeof attributes>[0] = {},
): NodeInit {
  return {
    opType,
    input: [...input],
    output: [...output],
    name: `${opType}_${output[0]}`,
    attribute: attributes(values),
  };
}

export const tensor = (dtype: DType, shape: readonly number[], values: readonly number[]): Tensor =>
  fromNumbers({ dtype, shape }, values);

/** An initialiser with raw_data. */
export function initializer(name: string, value: Tensor): TensorInit {
  return {
    name,
    dims: value.type.shape.map(BigInt),
    dataType: elementTypeOf(value.type.dtype),
    rawData: bytesOf(value).slice(),
  };
}

export const int64s = (name: string, values: readonly number[]): TensorInit =>
  initializer(name, tensor('int64', [values.length], values));

/** A folder that lasts as long as `action`. */
export async function inFolder<T>(action: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-onnx-'));
  try {
    return await action(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A file with these bytes, that lasts as long as `action`. */
export const withFile = <T>(bytes: Uint8Array, action: (path: string) => T | Promise<T>): Promise<T> =>
  inFolder((folder) => {
    const path = join(folder, 'model.onnx');
    writeFileSync(path, bytes);
    return action(path);
  });

/** Material made by others, beside the checkout; absent on most machines. */
export const shared = fileURLToPath(new URL('../../../shared/', import.meta.url));
