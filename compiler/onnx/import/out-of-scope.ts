/**
 * What Millrace declares out of scope, whatever a later version learns: values that are no tensors of numbers, strings,
 * training, random numbers that no seed fixes, and decoding of images. Everything else that is refused is a gap.
 */

import {
  elementTypeName,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxValueInfo,
} from '../read/schema.ts';
import { bodiesOf } from './execution-order.ts';

/** Ops of the default domain that are out of scope for what they work on. */
export const foreignOps: ReadonlyMap<string, string> = new Map([
  ...[
    'ConcatFromSequence',
    'SequenceAt',
    'SequenceConstruct',
    'SequenceEmpty',
    'SequenceErase',
    'SequenceInsert',
    'SequenceLength',
    'SequenceMap',
    'SplitToSequence',
  ].map((op) => [op, 'sequences'] as const),
  ...['Optional', 'OptionalGetElement', 'OptionalHasElement'].map((op) => [op, 'optional values'] as const),
  ...['RegexFullMatch', 'StringConcat', 'StringNormalizer', 'StringSplit'].map(
    (op) => [op, 'strings'] as const,
  ),
  ['ImageDecoder', 'decoding of images'],
]);

/** Domains that are out of scope as a whole. */
export const foreignDomains: ReadonlyMap<string, string> = new Map([
  ['ai.onnx.ml', 'classical machine learning'],
  ['ai.onnx.training', 'training'],
  ['ai.onnx.preview.training', 'training'],
]);

/** Ops whose outputs are random unless a seed fixes them. */
export const randomOps: ReadonlySet<string> = new Set([
  'Bernoulli',
  'Multinomial',
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
]);

const STRING = 8;

/** Why a node is out of scope, or null. */
export function foreignNode({ op, domain, attributes }: OnnxNode): string | null {
  const known = domain === '' ? foreignOps.get(op) : foreignDomains.get(domain);
  if (known !== undefined) return known;
  if (domain !== '') return null;
  if (randomOps.has(op) && !attributes.has('seed')) return 'random numbers without a seed';
  const to = attributes.get('to');
  if (op === 'Cast' && to?.kind === 'int' && to.value === BigInt(STRING)) return 'strings';
  const text = op === 'Constant' && (attributes.has('value_string') || attributes.has('value_strings'));
  return text ? 'strings' : null;
}

/** Why an input or output is out of scope, or null. */
export function foreignValue({ elementType }: OnnxValueInfo): string | null {
  if (elementType === null) return 'sequences, maps and optional values';
  return elementType === STRING ? `element type ${elementTypeName(STRING)}` : null;
}

/** Everything in a model that is out of scope, in words; empty where nothing is. */
export function outOfScope({ graph, functions }: OnnxModel): string[] {
  const found = new Set<string>();
  const values = ({ inputs, outputs }: OnnxGraph): void => {
    for (const value of [...inputs, ...outputs]) {
      const reason = foreignValue(value);
      if (reason !== null) found.add(`"${value.name}": ${reason}`);
    }
  };
  const nodes = (list: readonly OnnxNode[]): void => {
    for (const node of list) {
      const reason = foreignNode(node);
      if (reason !== null) found.add(`${node.op}: ${reason}`);
      for (const body of bodiesOf(node)) {
        values(body);
        nodes(body.nodes);
      }
    }
  };
  values(graph);
  nodes(graph.nodes);
  for (const one of functions) nodes(one.nodes);
  return [...found];
}
