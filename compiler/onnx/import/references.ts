/** In a function an attribute may refer to one of the call's. Here it gets that value, or goes where the call has none. */
import type { OnnxAttribute, OnnxFunction, OnnxNode } from '../read/schema.ts';

export type AttributeMap = ReadonlyMap<string, OnnxAttribute>;

/** Attributes that the nodes of a function may refer to, of one call. */
export const attributesOf = ({ defaults }: OnnxFunction, call: AttributeMap): AttributeMap =>
  new Map([...defaults, ...call]);

export function resolved(node: OnnxNode, given: AttributeMap | null): OnnxNode {
  const refers = [...node.attributes.values()].some(({ kind }) => kind === 'reference');
  if (!refers || given === null) return node;
  const attributes = new Map<string, OnnxAttribute>();
  for (const [name, attribute] of node.attributes) {
    const value = attribute.kind === 'reference' ? given.get(attribute.value) : attribute;
    if (value !== undefined) attributes.set(name, value);
  }
  return { ...node, attributes };
}
