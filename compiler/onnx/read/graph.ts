/**
 * GraphProto with its nodes, and the graphs in their attributes: the bodies of control flow. How deep they nest, and how
 * many nodes there are of all, is bounded before anything is kept.
 */
import { readAttribute } from './attribute.ts';
import type { OnnxAttribute, OnnxGraph, OnnxNode, OnnxTensor, OnnxValueInfo } from './schema.ts';
import { readTensor } from './tensor.ts';
import { readValueInfo } from './value-info.ts';
import type { Message } from './wire.ts';

/** Far above any real model; bounds what a file of tiny fields can make us hold. */
export const most = 1 << 20;
/** Bodies within bodies. */
const deepest = 64;

/** Reads the graphs of one model. */
export class GraphReader {
  #nodes = 0;

  graph(message: Message, depth = 0): OnnxGraph {
    if (depth > deepest) throw message.invalid(`graphs nested more than ${deepest} deep`);
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
        nodes.push(this.node(message.message('NodeProto'), depth));
      } else if (message.number === 2) name = message.text();
      else if (message.number === 5) {
        grow({ length: initializers.size });
        const tensor = readTensor(message.message('TensorProto'));
        if (tensor.name === '') throw message.invalid('an initializer has no name');
        if (initializers.has(tensor.name))
          throw message.invalid(`initializer "${tensor.name}" appears twice`);
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

  node(message: Message, depth = 0): OnnxNode {
    if (++this.#nodes > most) throw message.invalid(`more than ${most} nodes`);
    const inputs: string[] = [];
    const outputs: string[] = [];
    const attributes = new Map<string, OnnxAttribute>();
    let name = '';
    let op = '';
    let overload = '';
    let domain = '';
    while (message.next()) {
      if (message.number === 1) inputs.push(message.text());
      else if (message.number === 2) outputs.push(message.text());
      else if (message.number === 3) name = message.text();
      else if (message.number === 4) op = message.text();
      else if (message.number === 5) {
        const { name: key, attribute } = readAttribute(message.message('AttributeProto'), (body) =>
          this.graph(body, depth + 1),
        );
        if (attributes.has(key)) throw message.invalid(`attribute "${key}" appears twice`);
        attributes.set(key, attribute);
      } else if (message.number === 7) domain = canonicalDomain(message.text());
      else if (message.number === 8) overload = message.text();
      if (inputs.length > most || outputs.length > most) throw message.invalid('too many inputs or outputs');
    }
    if (op === '') throw message.source.invalid(message.begin, `node "${name}" has no operator`);
    return { name, op, domain, overload, inputs, outputs, attributes, at: message.begin };
  }
}

/** The default domain has two names. */
export const canonicalDomain = (domain: string): string => (domain === 'ai.onnx' ? '' : domain);
