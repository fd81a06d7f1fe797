/** An exported graph as the bytes of an ONNX model, by the schema of onnx-buf. Source: onnx.proto, IR 7 to 11. */
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import {
  type AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataLocation as Location,
  ModelProtoSchema,
  type NodeProtoSchema,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from 'onnx-buf';
import type { PortDocs } from '../../ir/graph.ts';
import { elementTypeOf } from '../read/schema.ts';
import type { Attribute, ExportedNode, ExportedPort, ExportGraph } from './graph.ts';
import type { Initializer } from './initializers.ts';

export interface ModelParts {
  readonly name: string;
  readonly graph: ExportGraph;
  readonly opset: number;
  readonly initializers: readonly Initializer[];
  /** Name of the file beside the model. */
  readonly location: string;
  readonly docs?: PortDocs;
  readonly doc: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly producer: { readonly name: string; readonly version: string };
}

/** The first IR version that each opset came with; readers older than the opset refuse it either way. */
const irVersionOf = (opset: number): number => (opset < 15 ? 7 : opset < 19 ? 8 : opset < 21 ? 9 : 10);

export function encodeModel(parts: ModelParts): Uint8Array {
  const { graph, docs } = parts;
  const model = create(ModelProtoSchema, {
    irVersion: BigInt(irVersionOf(parts.opset)),
    producerName: parts.producer.name,
    producerVersion: parts.producer.version,
    docString: parts.doc,
    opsetImport: [{ domain: '', version: BigInt(parts.opset) }],
    metadataProps: Object.entries(parts.metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name: parts.name,
      node: graph.nodes().map(nodeOf),
      initializer: parts.initializers.map((initializer) => tensorOf(initializer, parts.location)),
      input: graph.inputs.map((port) => portOf(port, docs?.inputs)),
      output: graph.outputs.map((port) => portOf(port, docs?.outputs)),
      valueInfo: graph.inner().map((port) => portOf(port)),
    },
  });
  return toBinary(ModelProtoSchema, model);
}

const nodeOf = (node: ExportedNode): MessageInitShape<typeof NodeProtoSchema> => ({
  opType: node.op,
  name: node.name,
  input: [...node.inputs],
  output: [...node.outputs],
  attribute: Object.entries(node.attributes).map(([name, value]) => attributeOf(name, value)),
});

function attributeOf(
  name: string,
  { kind, value }: Attribute,
): MessageInitShape<typeof AttributeProtoSchema> {
  switch (kind) {
    case 'int':
      return { name, type: AttributeType.INT, i: BigInt(value) };
    case 'float':
      return { name, type: AttributeType.FLOAT, f: value };
    case 'string':
      return { name, type: AttributeType.STRING, s: new TextEncoder().encode(value) };
    case 'ints':
      return { name, type: AttributeType.INTS, ints: value.map(BigInt) };
    case 'floats':
      return { name, type: AttributeType.FLOATS, floats: [...value] };
    case 'strings':
      return {
        name,
        type: AttributeType.STRINGS,
        strings: value.map((text) => new TextEncoder().encode(text)),
      };
  }
}

function portOf(
  { name, type }: ExportedPort,
  docs?: ReadonlyMap<string, string>,
): MessageInitShape<typeof ValueInfoProtoSchema> {
  const dim = type.shape.map((extent) => ({ value: { case: 'dimValue' as const, value: BigInt(extent) } }));
  const tensor = { elemType: elementTypeOf(type.dtype), shape: { dim } };
  const docString = docs?.get(name) ?? '';
  return { name, docString, type: { value: { case: 'tensorType', value: tensor } } };
}

function tensorOf(
  { name, type, place }: Initializer,
  location: string,
): MessageInitShape<typeof TensorProtoSchema> {
  const tensor = { name, dims: type.shape.map(BigInt), dataType: elementTypeOf(type.dtype) };
  if (place instanceof Uint8Array) return { ...tensor, rawData: place as Uint8Array<ArrayBuffer> };
  return {
    ...tensor,
    dataLocation: Location.EXTERNAL,
    externalData: [
      { key: 'location', value: location },
      { key: 'offset', value: `${place.offset}` },
      { key: 'length', value: `${place.length}` },
    ],
  };
}
