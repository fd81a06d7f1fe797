/**
 * ModelProto, read: everything but the weights. The walk goes into the fields it knows and steps over all else.
 * A singular message given twice would be merged by protobuf; no writer does that, a forger might: rejected.
 */
import { MillraceError } from '../../../runtime/error.ts';
import { readAttribute } from './attribute.ts';
import { ByteSource } from './byte-source.ts';
import { canonicalDomain, GraphReader, most } from './graph.ts';
import type { OnnxAttribute, OnnxFunction, OnnxGraph, OnnxModel, OnnxNode } from './schema.ts';
import { Message } from './wire.ts';

/** IR versions whose messages are known to mean what this reader takes them for. */
const irVersions = { first: 3, last: 14 } as const;

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
  const functions: OnnxFunction[] = [];
  const reader = new GraphReader();
  let irVersion: number | null = null;
  let graph: OnnxGraph | null = null;
  while (message.next()) {
    if (message.number === 1) irVersion = message.int();
    else if (message.number === 7) {
      if (graph !== null) throw message.invalid('graph appears twice');
      graph = reader.graph(message.message('GraphProto'));
    } else if (message.number === 8) {
      readOpset(message.message('OperatorSetIdProto'), opsets);
    } else if (message.number === 25) {
      if (functions.length === most) throw message.invalid('too many functions');
      functions.push(readFunction(message.message('FunctionProto'), reader));
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

/** Tools that join models import a domain once for each; the highest version is what all of them can mean. */
function readOpset(message: Message, opsets: Map<string, number>): void {
  let domain = '';
  let version = 0;
  while (message.next()) {
    if (message.number === 1) domain = canonicalDomain(message.text());
    else if (message.number === 2) version = message.int();
  }
  opsets.set(domain, Math.max(version, opsets.get(domain) ?? version));
}

function readFunction(message: Message, reader: GraphReader): OnnxFunction {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const defaults = new Map<string, OnnxAttribute>();
  const nodes: OnnxNode[] = [];
  const opsets = new Map<string, number>();
  let name = '';
  let domain = '';
  let overload = '';
  while (message.next()) {
    if (message.number === 1) name = message.text();
    else if (message.number === 4) inputs.push(message.text());
    else if (message.number === 5) outputs.push(message.text());
    else if (message.number === 7) nodes.push(reader.node(message.message('NodeProto')));
    else if (message.number === 9) readOpset(message.message('OperatorSetIdProto'), opsets);
    else if (message.number === 10) domain = canonicalDomain(message.text());
    else if (message.number === 11) {
      const { name: key, attribute } = readAttribute(message.message('AttributeProto'), (body) =>
        reader.graph(body, 1),
      );
      defaults.set(key, attribute);
    } else if (message.number === 13) overload = message.text();
    if (inputs.length > most || outputs.length > most || defaults.size > most)
      throw message.invalid('too many inputs, outputs or attributes');
  }
  if (name === '') throw message.invalid('a function has no name');
  return { name, domain, overload, inputs, outputs, defaults, nodes, opsets };
}
