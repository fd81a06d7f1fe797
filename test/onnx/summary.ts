/** What a model says, from our reader and from onnx-buf, in one form that can be compared. */
import { fromBinary } from '@bufbuild/protobuf';
import { type AttributeProto, type GraphProto, ModelProtoSchema, type TensorProto } from 'onnx-buf';
import { bytesOf, fromNumbers } from '../../compiler/ir/tensor.ts';
import { ByteSource } from '../../compiler/onnx/read/byte-source.ts';
import { readModelFrom } from '../../compiler/onnx/read/model.ts';
import {
  dtypeOf,
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxTensor,
} from '../../compiler/onnx/read/schema.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const canonical = (domain: string): string => (domain === 'ai.onnx' ? '' : domain);

export function ourSummary(bytes: Uint8Array): unknown {
  const source = ByteSource.of('model', bytes);
  const model = readModelFrom(source);
  const tensorOf = ({ name, dims, dtype, payload }: OnnxTensor): unknown => {
    const content =
      payload.kind === 'range'
        ? hex(source.copy(payload.offset, payload.offset + payload.length))
        : payload.kind === 'inline'
          ? hex(payload.bytes)
          : payload.kind === 'external'
            ? payload.entries
            : null;
    return { name, dims, dtype, content };
  };
  const attributeOf = ({ kind, value }: OnnxAttribute): unknown => {
    if (kind === 'other') return { kind };
    if (kind === 'graph') return { kind, value: graphOf(value) };
    return { kind, value: kind === 'tensor' ? tensorOf(value) : value };
  };
  const graphOf = (graph: OnnxGraph): unknown => ({
    name: graph.name,
    nodes: graph.nodes.map((node) => ({
      name: node.name,
      op: node.op,
      domain: node.domain,
      inputs: node.inputs,
      outputs: node.outputs,
      attributes: [...node.attributes].map(([name, attribute]) => [name, attributeOf(attribute)]),
    })),
    initializers: [...graph.initializers.values()].map(tensorOf),
    inputs: graph.inputs,
    outputs: graph.outputs,
  });
  return {
    irVersion: model.irVersion,
    opsets: [...model.opsets],
    functions: model.functions.length,
    graph: graphOf(model.graph),
  };
}

/** Elements as bytes, by the rules of onnx.proto for each element type. */
function contentOf(tensor: TensorProto): string | null {
  const dtype = dtypeOf(tensor.dataType);
  if (dtype === null) return null;
  if (tensor.rawData.length > 0) return hex(tensor.rawData);
  const shape = [Math.max(tensor.floatData.length, tensor.doubleData.length, tensor.int32Data.length)];
  if (tensor.int64Data.length > 0) return hex(new Uint8Array(BigInt64Array.from(tensor.int64Data).buffer));
  if (tensor.uint64Data.length > 0)
    return dtype === 'uint64'
      ? hex(new Uint8Array(BigUint64Array.from(tensor.uint64Data).buffer))
      : hex(new Uint8Array(Uint32Array.from(tensor.uint64Data, (n) => Number(BigInt.asUintN(32, n))).buffer));
  if (dtype === 'float16') return hex(new Uint8Array(Uint16Array.from(tensor.int32Data).buffer));
  const numbers = [...tensor.floatData, ...tensor.doubleData, ...tensor.int32Data];
  return hex(bytesOf(fromNumbers({ dtype, shape }, numbers)));
}

function theirTensor(tensor: TensorProto): unknown {
  const external = tensor.dataLocation === 1;
  const dtype = dtypeOf(tensor.dataType);
  const entries = tensor.externalData.map(({ key, value }) => [key, value]);
  return {
    name: tensor.name,
    dims: tensor.dims.map(Number),
    dtype,
    content: dtype !== null && external ? entries : contentOf(tensor),
  };
}

const kinds = ['undefined', 'float', 'int', 'string', 'tensor', 'graph', 'floats', 'ints', 'strings'];

function theirAttribute(attribute: AttributeProto): unknown {
  const kind = kinds[attribute.type] ?? 'other';
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  const values: Record<string, unknown> = {
    float: attribute.f,
    int: attribute.i,
    string: text(attribute.s),
    tensor: attribute.t === undefined ? undefined : theirTensor(attribute.t),
    graph: attribute.g === undefined ? undefined : theirGraph(attribute.g),
    floats: attribute.floats,
    ints: attribute.ints,
    strings: attribute.strings.map(text),
  };
  // Ours goes by the field that is there, which onnx-buf does not tell.
  if (kind === 'undefined') throw new Error('an attribute without a type');
  return kind === 'other' ? { kind } : { kind, value: values[kind] };
}

function theirGraph(graph: GraphProto): unknown {
  const portOf = ({ name, docString, type }: (typeof graph.input)[number]): unknown => {
    const tensor = type?.value.case === 'tensorType' ? type.value.value : undefined;
    const shape =
      tensor?.shape?.dim.map(({ value }) => {
        if (value.case === 'dimValue') return value.value < 0n ? null : Number(value.value);
        return value.case === 'dimParam' ? value.value || null : null;
      }) ?? null;
    const doc = docString === '' ? {} : { doc: docString };
    return {
      name,
      ...doc,
      elementType: type?.value.case === undefined ? 0 : (tensor?.elemType ?? null),
      shape,
    };
  };
  return {
    name: graph.name,
    nodes: graph.node.map((node) => ({
      name: node.name,
      op: node.opType,
      domain: canonical(node.domain),
      inputs: node.input,
      outputs: node.output,
      attributes: node.attribute.map((attribute) => [attribute.name, theirAttribute(attribute)]),
    })),
    initializers: graph.initializer.map(theirTensor),
    inputs: graph.input.map(portOf),
    outputs: graph.output.map(portOf),
  };
}

export function theirSummary(bytes: Uint8Array): unknown {
  const model = fromBinary(ModelProtoSchema, bytes);
  if (model.graph === undefined) throw new Error('no graph');
  return {
    irVersion: Number(model.irVersion),
    opsets: model.opsetImport.map(({ domain, version }) => [canonical(domain), Number(version)]),
    functions: model.functions.length,
    graph: theirGraph(model.graph),
  };
}
