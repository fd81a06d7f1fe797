/**
 * What the names of a graph stand for. A body sees the names around it, unless it has its own. A function sees only its
 * own. Initialisers come into the graph when they are first used: one that nothing uses may be of any kind.
 */
import { MillraceError } from '../../../runtime/error.ts';
import type { ValueId } from '../../ir/graph.ts';
import type { OnnxTensor } from '../read/schema.ts';

/** Adds an initialiser to the graph; null, having noted why, where it can't be. */
export type Embed = (name: string, tensor: OnnxTensor) => ValueId | null;

export class Scope {
  /** Null for what could not be imported. */
  readonly #values = new Map<string, ValueId | null>();
  readonly #initializers: ReadonlyMap<string, OnnxTensor>;
  readonly #outer: Scope | null;
  readonly #embed: Embed;

  constructor(initializers: ReadonlyMap<string, OnnxTensor>, embed: Embed, outer: Scope | null = null) {
    this.#initializers = initializers;
    this.#embed = embed;
    this.#outer = outer;
  }

  body(initializers: ReadonlyMap<string, OnnxTensor>): Scope {
    return new Scope(initializers, this.#embed, this);
  }

  define(name: string, id: ValueId | null): void {
    if (this.#values.has(name) || this.#initializers.has(name))
      throw new MillraceError('MODEL_INVALID', 'is defined twice', { at: `value "${name}"` });
    this.#values.set(name, id);
  }

  lookup(name: string, user: string): ValueId | null {
    const known = this.#find(name);
    if (known === undefined)
      throw new MillraceError('MODEL_INVALID', 'is not defined', {
        at: `value "${name}"`,
        expected: 'an input, an initializer or the output of a node',
        got: `a use by ${user}`,
      });
    return known;
  }

  #find(name: string): ValueId | null | undefined {
    const known = this.#values.get(name);
    if (known !== undefined) return known;
    const tensor = this.#initializers.get(name);
    if (tensor === undefined) return this.#outer === null ? undefined : this.#outer.#find(name);
    const id = this.#embed(name, tensor);
    this.#values.set(name, id);
    return id;
  }
}
