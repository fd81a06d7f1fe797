/**
 * AttributeProto. The declared type decides what an attribute is, as far as there is one (IR 1 had none). The value can't
 * decide: a writer may leave out one that equals protobuf's default, and an empty list is not written at all.
 */

import type { OnnxAttribute, OnnxGraph, OnnxTensor } from './schema.ts';
import { readTensor } from './tensor.ts';
import type { Message } from './wire.ts';

const longestList = 1 << 20;

/** AttributeProto.AttributeType, by number. */
const kinds = [
  'undefined',
  'float',
  'int',
  'string',
  'tensor',
  'subgraph',
  'floats',
  'ints',
  'strings',
  'tensors',
  'subgraphs',
  'sparse tensor',
  'sparse tensors',
  'type',
  'types',
] as const;

/** Kind that a field's presence implies. */
const kindOfField = new Map<number, (typeof kinds)[number]>([
  [2, 'float'],
  [3, 'int'],
  [4, 'string'],
  [5, 'tensor'],
  [6, 'subgraph'],
  [7, 'floats'],
  [8, 'ints'],
  [9, 'strings'],
  [10, 'tensors'],
  [11, 'subgraphs'],
  [14, 'type'],
  [15, 'types'],
  [22, 'sparse tensor'],
  [23, 'sparse tensors'],
]);

/** `readBody` reads a graph, which knows how deep it is. */
export function readAttribute(
  message: Message,
  readBody: (message: Message) => OnnxGraph,
): { name: string; attribute: OnnxAttribute } {
  let name = '';
  let declared = 0;
  let implied: (typeof kinds)[number] = 'undefined';
  let reference = '';
  let float = 0;
  let int = 0n;
  let string = '';
  let tensor: OnnxTensor | null = null;
  let graph: OnnxGraph | null = null;
  const floats: number[] = [];
  const ints: bigint[] = [];
  const strings: string[] = [];
  while (message.next()) {
    const { number } = message;
    implied = kindOfField.get(number) ?? implied;
    if (number === 1) name = message.text();
    else if (number === 2) float = message.float();
    else if (number === 3) int = message.int64();
    else if (number === 4) string = bytesAsText(message);
    else if (number === 5) {
      if (tensor !== null) throw message.invalid('t appears twice');
      tensor = readTensor(message.message('TensorProto'));
    } else if (number === 6) {
      if (graph !== null) throw message.invalid('g appears twice');
      graph = readBody(message.message('GraphProto'));
    } else if (number === 7) readFloats(message, floats);
    else if (number === 8)
      message.integers((value) => {
        if (ints.length === longestList) throw message.invalid(`a list of more than ${longestList}`);
        ints.push(value);
      });
    else if (number === 9) {
      if (strings.length === longestList) throw message.invalid(`a list of more than ${longestList}`);
      strings.push(bytesAsText(message));
    } else if (number === 20) declared = message.int();
    else if (number === 21) reference = message.text();
  }
  if (name === '') throw message.source.invalid(message.begin, 'an attribute has no name');
  const kind = declared === 0 ? implied : (kinds[declared] ?? `type ${declared}`);
  const attribute = ((): OnnxAttribute => {
    if (reference !== '') return { kind: 'reference', value: reference };
    if (kind === 'float') return { kind, value: float };
    if (kind === 'int') return { kind, value: int };
    if (kind === 'string') return { kind, value: string };
    if (kind === 'floats') return { kind, value: floats };
    if (kind === 'ints') return { kind, value: ints };
    if (kind === 'strings') return { kind, value: strings };
    if (kind === 'subgraph') {
      if (graph === null) throw message.source.invalid(message.begin, `attribute "${name}" lacks its graph`);
      return { kind: 'graph', value: graph };
    }
    if (kind !== 'tensor') return { kind: 'other', value: kind };
    if (tensor === null) throw message.source.invalid(message.begin, `attribute "${name}" lacks its tensor`);
    return { kind, value: tensor };
  })();
  return { name, attribute };
}

/** Strings of attributes are bytes; those of other domains may be large or binary and are then of no use to us. */
function bytesAsText(message: Message): string {
  if (message.end - message.start > 64 * 1024) return '';
  return new TextDecoder().decode(message.source.copy(message.start, message.end));
}

function readFloats(message: Message, floats: number[]): void {
  const step = 4;
  if (message.wire === 5) {
    floats.push(message.float());
  } else {
    const body = message.message('floats');
    if ((body.limit - body.begin) % step !== 0) throw message.invalid('packed floats of broken length');
    for (let position = body.begin; position < body.limit && floats.length <= longestList; position += step)
      floats.push(new DataView(message.source.copy(position, position + step).buffer).getFloat32(0, true));
  }
  if (floats.length > longestList) throw message.invalid(`a list of more than ${longestList}`);
}
