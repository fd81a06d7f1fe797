/**
 * Capture: a run of the real engine, step by step, that records every allocation it makes use of, as MemoMalloc does
 * (arXiv 2203.00448 §3): what wrote it first, by which chain of calls, how large it is, and from when to when it is
 * needed. Logical time is the step; inputs are written at −1 and outputs read after the last step.
 *
 * What is one allocation is found from addresses alone: a value that is read where another was written is that one
 * (views, parts of a concatenation), and so is a value that is written over one that the same step uses (in place).
 * Neither lifetimes nor sizes of the manifest are looked at, so that `compareWithPlan` compares two independent
 * answers. After each step all of the arena is compared with what it was: a write that was not recorded is an error.
 */
import { type Manifest, type Plan, RESIDENT } from '../../runtime/bundle/format.ts';
import { type Executor, recordProgram } from '../../runtime/engine/executor.ts';
import { extentOf } from '../../runtime/engine/extent.ts';
import { runHostOp } from '../../runtime/engine/host.ts';
import { type Operand, operandsOf } from '../../runtime/engine/operands.ts';
import { engineReasons, segmentStates, status } from '../../runtime/engine/program.ts';
import { compileEngine, WasmEngine } from '../../runtime/engine/wasm.ts';
import { MillraceError } from '../../runtime/error.ts';
import type { WeightSource } from '../../runtime/weights/source.ts';
import { overlap, type Region, span, whole } from '../schedule/region.ts';

export interface Allocation {
  readonly id: string;
  readonly kind: 'activation' | 'scratch' | 'weights';
  /** The first value that was written into it; −1 for a segment. */
  readonly value: number;
  readonly segment: number;
  /** Where it was, in the arena. */
  readonly offset: number;
  readonly byteLength: number;
  /** Half-open, in steps. */
  readonly start: number;
  readonly end: number;
  /** The operator, and the way from it to the kernel's operand. */
  readonly op: string;
  readonly chain: readonly string[];
}

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

/** Something that holds bytes now: a value and where in the arena. */
interface Tenant {
  readonly value: number;
  readonly place: Region;
  touched: number;
}

export async function captureRun(parts: CaptureParts): Promise<Allocation[]> {
  const { manifest, plan, executor, source } = parts;
  const program = recordProgram(executor, manifest);
  const engine = new WasmEngine(await compileEngine(parts.engine, false), manifest, plan, program, 1);
  const recorder = new Recorder(manifest, (value) => engine.addresses[value]! - engine.layout.arena);
  const arena = engine.bytes(engine.layout.arena, plan.peakBytes);
  const segments = new Segments(parts, engine, arena);
  const calls = new Map<number, Operand[]>();
  for (const operand of operandsOf(program, executor.host)) {
    const list = calls.get(operand.step);
    if (list) list.push(operand);
    else calls.set(operand.step, [operand]);
  }
  for (const port of manifest.inputs) {
    engine.valueBytes(port.value, port.byteLength).set(parts.inputs[port.name]!);
    recorder.write(-1, port.value, [whole(port.byteLength)], 'input', ['input', port.name], 'activation');
  }
  await segments.after(-1);
  const before = arena.slice();
  const { control } = engine;
  control.set('pc', 0);
  control.set('progress', -1);
  for (let done = -1; done < manifest.steps - 1; ) {
    control.set('wakeAt', done + 1);
    const now = engine.replay();
    if (now === status.HOST) {
      runHostOp(engine, executor.host[control.get('detail')]!);
      continue;
    }
    if (now !== status.WAKE && now !== status.DONE)
      throw new MillraceError('ENGINE', engineReasons[control.get('detail')] ?? `status ${now}`, {
        at: `step ${done + 1}`,
      });
    done = now === status.DONE ? manifest.steps - 1 : control.get('progress');
    if (done < 0) continue;
    const written = recorder.step(done, calls.get(done) ?? []);
    expectOnly(written, arena, before, done);
    for (const arrived of await segments.after(done)) written.push(arrived);
    for (const [from, to] of written) before.set(arena.subarray(from, to), from);
  }
  for (const port of manifest.outputs)
    recorder.read(manifest.steps, port.value, [whole(port.byteLength)], 'output');
  await source.close();
  return [...recorder.allocations(), ...segments.allocations()];
}

/** Streams the weights as early as the plan allows, and sees when the engine lets them go. */
class Segments {
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
      const layer = layerAt(manifest, firstUse);
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

class Recorder {
  readonly #manifest: Manifest;
  readonly #offsetOf: (value: number) => number;
  readonly #weights: ReadonlySet<number>;
  readonly #parent = new Map<number, number>();
  readonly #uses = new Map<number, { start: number; end: number; low: number; high: number }>();
  readonly #origins = new Map<number, Pick<Allocation, 'op' | 'chain' | 'kind'>>();
  #tenants: Tenant[] = [];

  constructor(manifest: Manifest, offsetOf: (value: number) => number) {
    this.#manifest = manifest;
    this.#offsetOf = offsetOf;
    this.#weights = new Set(manifest.weights.map(({ value }) => value));
  }

  /** The operands of one step, reads first; the ranges it wrote. */
  step(step: number, operands: readonly Operand[]): [number, number][] {
    const written: [number, number][] = [];
    const own = operands.filter(({ value }) => !this.#weights.has(value));
    const layer = layerAt(this.#manifest, step);
    for (const operand of own)
      if (operand.role !== 'out' && operand.role !== 'scratch?')
        this.read(step, operand.value, extents(operand), layer.name);
    for (const operand of own) {
      if (operand.role !== 'out' && operand.role !== 'scratch?') continue;
      const { value, kernel, name, host } = operand;
      const chain = [layer.name, `step ${step}`, kernel ?? `host ${host!.name}`, name];
      // A first result is what the layer is for; a kernel's further ones are its scratch.
      const kind = name === 'y' || kernel === null ? 'activation' : 'scratch';
      const regions = extents(operand);
      this.write(step, value, regions, layer.op, chain, kind);
      const base = this.#offsetOf(value);
      for (const one of regions) written.push([base + one.offset, base + one.offset + span(one)]);
    }
    return written;
  }

  read(step: number, value: number, regions: readonly Region[], who: string): void {
    let found = false;
    for (const place of this.#placed(value, regions))
      for (const tenant of this.#tenants)
        if (overlap(tenant.place, place)) {
          this.#unite(value, tenant.value);
          tenant.touched = step;
          found = true;
        }
    if (!found)
      throw new MillraceError('INTERNAL', 'reads what nobody wrote', {
        at: `${who}, step ${step}, value ${value}`,
      });
    this.#use(step, value, regions);
  }

  write(
    step: number,
    value: number,
    regions: readonly Region[],
    op: string,
    chain: readonly string[],
    kind: 'activation' | 'scratch',
  ): void {
    for (const place of this.#placed(value, regions)) {
      this.#tenants = this.#tenants.filter((tenant) => {
        if (!overlap(tenant.place, place)) return true;
        if (tenant.touched === step) this.#unite(value, tenant.value);
        // Of one allocation: a piece of a layer written over its operand leaves the rest of that to the next pieces.
        return this.#rootOf(tenant.value) === this.#rootOf(value);
      });
      this.#tenants.push({ value, place, touched: step });
    }
    if (!this.#origins.has(value)) this.#origins.set(value, { op, chain, kind });
    this.#use(step, value, regions);
  }

  *allocations(): Generator<Allocation> {
    const classes = new Map<number, number[]>();
    for (const value of this.#uses.keys()) {
      const root = this.#rootOf(value);
      const members = classes.get(root);
      if (members) members.push(value);
      else classes.set(root, [value]);
    }
    for (const members of classes.values()) {
      const uses = members.map((value) => this.#uses.get(value)!);
      const low = Math.min(...uses.map((use) => use.low));
      const start = Math.min(...uses.map((use) => use.start));
      const value = members.find((one) => this.#origins.has(one) && this.#uses.get(one)!.start === start)!;
      yield {
        id: `v${value}`,
        value,
        segment: -1,
        offset: low,
        byteLength: Math.max(...uses.map((use) => use.high)) - low,
        start,
        end: Math.max(...uses.map((use) => use.end)),
        ...this.#origins.get(value)!,
      };
    }
  }

  #placed(value: number, regions: readonly Region[]): Region[] {
    const base = this.#offsetOf(value);
    return regions.map((one) => ({ ...one, offset: base + one.offset }));
  }

  #use(step: number, value: number, regions: readonly Region[]): void {
    const places = this.#placed(value, regions);
    const low = Math.min(...places.map(({ offset }) => offset));
    const high = Math.max(...places.map((place) => place.offset + span(place)));
    const known = this.#uses.get(value);
    if (known === undefined) this.#uses.set(value, { start: step, end: step + 1, low, high });
    else {
      known.end = Math.max(known.end, step + 1);
      known.low = Math.min(known.low, low);
      known.high = Math.max(known.high, high);
    }
  }

  #rootOf(value: number): number {
    let root = value;
    for (let up = this.#parent.get(root); up !== undefined; up = this.#parent.get(root)) root = up;
    return root;
  }

  #unite(a: number, b: number): void {
    const [one, other] = [this.#rootOf(a), this.#rootOf(b)];
    if (one !== other) this.#parent.set(one, other);
  }
}

function extents(operand: Operand): readonly Region[] {
  return extentOf(operand).filter((one) => span(one) > 0);
}

const layerAt = ({ layers }: Manifest, step: number): { name: string; op: string } =>
  layers.find((layer) => layer.firstStep <= step && step < layer.firstStep + layer.steps) ?? {
    name: `step ${step}`,
    op: 'step',
  };

/** Bytes outside of `written` are what they were. */
function expectOnly(
  written: readonly (readonly [number, number])[],
  arena: Uint8Array,
  before: Uint8Array,
  step: number,
): void {
  let from = 0;
  const same = (to: number): void => {
    if (to <= from) return;
    const length = to - from;
    const now = Buffer.from(arena.buffer, arena.byteOffset + from, length);
    if (now.compare(before, from, to) === 0) return;
    throw new MillraceError('INTERNAL', 'a step wrote what its call does not say', {
      at: `step ${step}`,
      expected: `bytes ${from} to ${to} of the arena as they were`,
      got: 'others',
    });
  };
  for (const [low, high] of [...written].sort((a, b) => a[0] - b[0])) {
    same(low);
    from = Math.max(from, high);
  }
  same(arena.length);
}
