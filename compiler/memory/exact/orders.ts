/**
 * In which order the exact search tries items that can lie equally low. Run times are heavy-tailed: one order ends in
 * milliseconds where another doesn't in hours, so many are tried for a short while each. First come the lexicographic
 * orders of MiniMalloc (busiest moment, width, area), then seeded mixtures of the same with noise. In the mixtures,
 * sections that earlier tries could not fill count for more, so they are filled first.
 */
import { randomStream } from '../improve.ts';
import { orderBy } from '../items.ts';
import type { Component } from './component.ts';

/** How quickly the trouble of old tries is forgotten. */
const MEMORY = 0.9;

export class Orders {
  private readonly component: Component;
  private readonly width: Float64Array;
  private readonly area: Float64Array;
  /** For each item, the largest sum among its sections. */
  private readonly busiest: Float64Array;
  private readonly trouble: Float64Array;
  private readonly random = randomStream(0x2545f491);

  constructor(component: Component) {
    const { count, start, end, size, sections, memberFrom, member } = component;
    this.component = component;
    this.width = Float64Array.from({ length: count }, (_, i) => end[i]! - start[i]!);
    this.area = Float64Array.from({ length: count }, (_, i) => this.width[i]! * size[i]!);
    const sum = new Float64Array(sections);
    for (let s = 0; s < sections; s++) {
      for (let m = memberFrom[s]!; m < memberFrom[s + 1]!; m++) sum[s]! += size[member[m]!]!;
    }
    this.busiest = this.mostOf(sum);
    this.trouble = new Float64Array(sections);
  }

  /** The order of the n-th try; from some n on it depends on what was learnt and is another one each time. */
  at(n: number): Int32Array {
    const { busiest, width, area } = this;
    const { count, size } = this.component;
    const fixed = [
      [busiest, width, area],
      [width, area, busiest],
      [busiest, area, width],
      [area, width, size],
      [size, width, area],
    ];
    const keys = fixed[n] ?? [this.mixture(n % 3)];
    return orderBy(count, (a, b) => {
      for (const key of keys) if (key[a] !== key[b]) return key[b]! - key[a]!;
      return 0;
    });
  }

  learn(pressure: Float64Array): void {
    const sum = pressure.reduce((total, one) => total + one, 0);
    if (sum === 0) return;
    for (let s = 0; s < pressure.length; s++) {
      this.trouble[s] = MEMORY * this.trouble[s]! + (1 - MEMORY) * (pressure[s]! / sum);
    }
  }

  private mixture(kind: number): Float64Array {
    const { busiest, width, component } = this;
    const { size, lowerBound } = component;
    const share = (): number => this.random(1 << 24) / (1 << 24);
    const byWidth = 2 * share() - 0.5;
    const bySize = 2 * share() - 0.5;
    const noise = 0.6 * share();
    const byTrouble = share();
    const levels = 3 + this.random(20);
    const troubled = this.mostOf(this.trouble);
    const most = troubled.reduce((a, b) => Math.max(a, b), Number.MIN_VALUE);
    const first = (tightness: number, trouble: number): number => {
      if (kind === 0) return 100 * Math.log(tightness) + 20 * byTrouble * trouble;
      if (kind === 1) return 10 * Math.log(tightness) + 100 * byTrouble * trouble;
      return 1000 * Math.floor(levels * tightness) + 5 * byTrouble * trouble;
    };
    return Float64Array.from(
      size,
      (bytes, i) =>
        first(busiest[i]! / lowerBound, Math.sqrt(troubled[i]! / most)) +
        byWidth * Math.log(width[i]!) +
        bySize * Math.log(bytes) +
        noise * share(),
    );
  }

  /** For each item, the largest of what its sections have. */
  private mostOf(ofSection: Float64Array): Float64Array {
    const { count, firstSection, lastSection } = this.component;
    return Float64Array.from({ length: count }, (_, i) => {
      let most = 0;
      for (let s = firstSection[i]!; s <= lastSection[i]!; s++) most = Math.max(most, ofSection[s]!);
      return most;
    });
  }
}
