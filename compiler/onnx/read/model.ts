/**
 * ModelProto, read: everything but the weights. The walk goes to the fixed depth of the fields it knows (model, graph,
 * node, attribute, tensor, entry) and steps over all else, subgraphs included, so nesting costs nothing.
 * A singular message given twice would be merged by protobuf; no writer does that, a forger might: rejected.
 */
import { MillraceError } from '../../../runtime/error.ts';
import { readAttribute } from './attribute.ts';
import { ByteSource } from './byte-source.ts';
import type {
  OnnxAttribute,
  OnnxDimension,
  OnnxGraph,
  OnnxModel,
  OnnxNode,
  OnnxTensor,
  OnnxValueInfo,
} from './schema.ts';
import { readTensor } from './tensor.ts';
import { Message } from './wire.ts';

/** IR versions whose messages are known to mean what this reader takes them for. */
const irVersions = { first: 3, last: 14 } as const;

/** Far above any real model; bounds what a file of tiny fields can make us hold. */
const most = 1 << 20;

export function readModel(path: string): OnnxModel {
  const source = ByteSource.open(path);
  try {
    return readModelFrom(source);
  } finally {
    source.close();
  }
}

export function readModelFrom(source: ByteSource): OnnxModel {
  const message = new Message(source, 'ModelProto', 0, source.size);
  const opsets = new Map<string, number>();
  const functions: string[] = [];
  let irVersion: number | null = null;
  let graph: OnnxGraph | null = null;
  while (message.next()) {
    if (message.number === 1) irVersion = message.int();
    else if (message.number === 7) {
      if (graph !== null) throw message.invalid('graph appears twice');
      graph = readGraph(message.message('GraphProto'));
    } else if (message.number === 8) {
      const [domain, version] = readOpset(message.message('OperatorSetIdProto'));
      // Tools that join models import a domain once for each; the highest version is what all of them can mean.
      opsets.set(domain, Math.max(version, opsets.get(domain) ?? version));
    } else if (message.number === 25) {
      if (functions.length === most) throw message.invalid('too many functions');
      functions.push(readFunctionName(message.message('FunctionProto')));
    }
  }
  if (irVersion === null || graph === null)
    throw source.invalid(0, 'is not an ONNX model', {
      expected: 'an IR version and a graph',
      got: irVersion === null ? 'no IR version' : 'no graph',
    });
  if (irVersion < irVersions.first || irVersion > irVersions.last)
    throw new MillraceError('MODEL_UNSUPPORTED', 'IR version not supported', {
      at: source.path,
      expected: `${irVersions.first} to ${irVersions.last}`,
      got: `${irVersion}`,
    });
  return { irVersion, opsets, functions, graph };
}

function readGraph(message: Message): OnnxGraph {
  const nodes: OnnxNode[] = [];
  const initializers = new Map<string, OnnxTensor>();
  const inputs: OnnxValueInfo[] = [];
  const outputs: OnnxValueInfo[] = [];
  let name = '';
  let sparseInitializers = 0;
  const grow = (list: { readonly length: number }): void => {
    if (list.length === most) throw message.invalid(`more than ${most} entries`);
  };
  while (message.next()) {
    if (message.number === 1) {
      grow(nodes);
      nodes.push(readNode(message.message('NodeProto')));
    } else if (message.number === 2) name = message.text();
    else if (message.number === 5) {
      grow({ length: initializers.size });
      const tensor = readTensor(message.message('TensorProto'));
      if (tensor.name === '') throw message.invalid('an initializer has no name');
      if (initializers.has(tensor.name)) throw message.invalid(`initializer "${tensor.name}" appears twice`);
      initializers.set(tensor.name, tensor);
    } else if (message.number === 11) {
      grow(inputs);
      inputs.push(readValueInfo(message.message('ValueInfoProto')));
    } else if (message.number === 12) {
      grow(outputs);
      outputs.push(readValueInfo(message.message('ValueInfoProto')));
    } else if (message.number === 15) sparseInitializers++;
  }
  return { name, nodes, initializers, sparseInitializers, inputs, outputs };
}

function readNode(message: Message): OnnxNode {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, OnnxAttribute>();
  let name = '';
  let op = '';
  let domain = '';
  while (message.next()) {
    if (message.number === 1) inputs.push(message.text());
    else if (message.number === 2) outputs.push(message.text());
    else if (message.number === 3) name = message.text();
    else if (message.number === 4) op = message.text();
    else if (message.number === 5) {
      const { name: key, attribute } = readAttribute(message.message('AttributeProto'));
      if (attributes.has(key)) throw message.invalid(`attribute "${key}" appears twice`);
      attributes.set(key, attribute);
    } else if (message.number === 7) domain = canonicalDomain(message.text());
    if (inputs.length > most || outputs.length > most) throw message.invalid('too many inputs or outputs');
  }
  if (op === '') throw message.source.invalid(message.begin, `node "${name}" has no operator`);
  return { name, op, domain, inputs, outputs, attributes, at: message.begin };
}

/** The default domain has two names. */
const canonicalDomain = (domain: string): string => (domain === 'ai.onnx' ? '' : domain);

function readOpset(message: Message): [string, number] {
  let domain = '';
  let version = 0;
  while (message.next()) {
    if (message.number === 1) domain = canonicalDomain(message.text());
    else if (message.number === 2) version = message.int();
  }
  return [domain, version];
}

function readFunctionName(message: Message): string {
  let name = '';
  let domain = '';
  while (message.next()) {
    if (message.number === 1) name = message.text();
    else if (message.number === 10) domain = message.text();
  }
  return `${domain}::${name}`;
}

function readValueInfo(message: Message): OnnxValueInfo {
  let name = '';
  let doc = '';
  let type: Pick<OnnxValueInfo, 'elementType' | 'shape'> | null = null;
  while (message.next()) {
    if (message.number === 1) name = message.text();
    else if (message.number === 2) {
      if (type !== null) throw message.invalid('type appears twice');
      type = readType(message.message('TypeProto'));
    } else if (message.number === 3) doc = message.text();
  }
  // 0 is ONNX's "undefined": nothing is said, and it may well be a tensor.
  return { name, ...(doc === '' ? {} : { doc }), ...(type ?? { elementType: 0, shape: null }) };
}

/** Sequences, maps and optionals are not tensors: their element type is null. */
function readType(message: Message): Pick<OnnxValueInfo, 'elementType' | 'shape'> {
  let elementType: number | null = null;
  let shape: OnnxDimension[] | null = null;
  let seen = false;
  while (message.next()) {
    if (message.number !== 1) continue;
    if (seen) throw message.invalid('tensor_type appears twice');
    seen = true;
    elementType = 0;
    const tensor = message.message('TypeProto.Tensor');
    while (tensor.next()) {
      if (tensor.number === 1) elementType = tensor.int();
      else if (tensor.number === 2) {
        if (shape !== null) throw tensor.invalid('shape appears twice');
        shape = readShape(tensor.message('TensorShapeProto'));
      }
    }
  }
  return { elementType, shape };
}

function readShape(message: Message): OnnxDimension[] {
  const dimensions: OnnxDimension[] = [];
  while (message.next()) {
    if (message.number !== 1) continue;
    if (dimensions.length === 64) throw message.invalid('a shape of more than 64 dimensions');
    const dimension = message.message('TensorShapeProto.Dimension');
    let extent: OnnxDimension = null;
    while (dimension.next()) {
      // Some exporters write -1, or an empty name, for "unknown".
      if (dimension.number === 1) {
        const value = dimension.int();
        extent = value < 0 ? null : value;
      } else if (dimension.number === 2) extent = dimension.text() || null;
    }
    dimensions.push(extent);
  }
  return dimensions;
}
