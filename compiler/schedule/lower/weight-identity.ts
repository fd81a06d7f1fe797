/** Names packed weights so that two are equal where they are packed the same way from the same recipes. */
import type { TypedConstant } from '../../ir/constant.ts';
import type { PackedWeight } from '../../ops/define/lowering.ts';

export class WeightIdentity {
  /** Recipes are compared by object: which values are one was decided by the passes. */
  readonly #numbers = new Map<object, number>();

  of(packed: PackedWeight): string {
    if (packed.layout === 'raw')
      return JSON.stringify(packed.parts.map((part) => [this.#numberOf(part), part.type]));
    return JSON.stringify({
      ...packed,
      weight: this.#numberOf(packed.weight),
      bias: this.#numberOf(packed.bias),
    });
  }

  #numberOf(constant: TypedConstant | null): number {
    if (constant === null) return -1;
    const known = this.#numbers.get(constant.constant) ?? this.#numbers.size;
    this.#numbers.set(constant.constant, known);
    return known;
  }
}
