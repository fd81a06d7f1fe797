/** The weights of a captured run: reads them as the plan allows, and sees when the engine lets them go. */

import type { Executor } from '../../runtime/engine/executor.ts';
import { segmentStates } from '../../runtime/engine/program.ts';
import type { WasmEngine } from '../../runtime/engine/wasm.ts';
import { type Manifest, type Plan, RESIDENT } from '../../runtime/format/format.ts';
import type { WeightSource } from '../../runtime/weights/source.ts';
import { type Allocation, operatorAt } from './allocation.ts';

/** What is captured: a bundle's parts, one plan of it, and inputs. */
export interface CaptureParts {
  readonly manifest: Manifest;
  readonly plan: Plan;
  readonly executor: Executor;
  /** Bytes of engine.wasm. */
  readonly engine: Uint8Array;
  readonly source: WeightSource;
  /** By name: the bytes of each input. */
  readonly inputs: Readonly<Record<string, Uint8Array>>;
}

/** Streams the weights as early as the plan allows. */
export class CapturedSegments {
  readonly #parts: CaptureParts;
  readonly #engine: WasmEngine;
  readonly #arena: Uint8Array;
  readonly #states: Int32Array;
  readonly #spans: { start: number; end: number }[];

  constructor(parts: CaptureParts, engine: WasmEngine, arena: Uint8Array) {
    this.#parts = parts;
    this.#engine = engine;
    this.#arena = arena;
    const { segments } = parts.manifest;
    this.#states = new Int32Array(engine.memory.buffer, engine.layout.states, segments.length);
    this.#spans = segments.map(() => ({ start: Number.NaN, end: Number.NaN }));
  }

  /** Step `done` is complete: notes what was freed, reads what may be; the ranges of the arena that were filled. */
  async after(done: number): Promise<[number, number][]> {
    const { manifest, plan, source } = this.#parts;
    const filled: [number, number][] = [];
    for (const [s, segment] of manifest.segments.entries()) {
      const spanned = this.#spans[s]!;
      const resident = plan.issue[s] === RESIDENT;
      if (Number.isNaN(spanned.start)) {
        if (!resident && plan.issue[s]! > done) continue;
        const at = plan.segmentOffsets[s]!;
        await source.readInto(this.#arena.subarray(at, at + segment.byteLength), segment.offset);
        this.#engine.setState(s, resident ? segmentStates.RESIDENT : segmentStates.ARRIVED);
        filled.push([at, at + segment.byteLength]);
        spanned.start = resident ? -1 : done + 1;
        if (resident) spanned.end = manifest.steps + 1;
      } else if (Number.isNaN(spanned.end) && this.#states[s] === segmentStates.EMPTY) spanned.end = done + 1;
    }
    return filled;
  }

  *allocations(): Generator<Allocation> {
    const { manifest, plan } = this.#parts;
    for (const [s, { start, end }] of this.#spans.entries()) {
      const { byteLength, firstUse } = manifest.segments[s]!;
      const layer = operatorAt(manifest, firstUse);
      const chain = [layer.name, `segment ${s}`];
      const offset = plan.segmentOffsets[s]!;
      // The engine frees the last at the end of the run.
      const last = Number.isNaN(end) ? manifest.steps : end;
      yield {
        id: `s${s}`,
        kind: 'weights',
        value: -1,
        segment: s,
        offset,
        byteLength,
        start,
        end: last,
        op: layer.op,
        chain,
      };
    }
  }
}
