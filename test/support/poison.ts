/**
 * Runs a plan as planning.md's executed check says: one step at a time, and between steps every byte that the plan
 * says is dead is overwritten with NaN. A plan that lets two things that are needed share a byte then gives other
 * bits. Reads land as early as they may (right after the step that allows them), or as late as they may (when the
 * engine asks; until then their place holds NaN), so both ends of every read's window are covered.
 *
 * With `prime` there are two runs: in the first the reads of the next are made where that says they may be, and the
 * second goes on from there; its outputs are the answer.
 */
import assert from 'node:assert/strict';
import type { Tensor } from '../../compiler/ir/tensor.ts';
import { bytesOf, tensorFromBytes } from '../../compiler/ir/tensor.ts';
import type { DType } from '../../compiler/ir/types.ts';
import { recordProgram } from '../../runtime/engine/executor.ts';
import { runHostOp } from '../../runtime/engine/host.ts';
import { segmentStates, status } from '../../runtime/engine/program.ts';
import { compileEngine, WasmEngine } from '../../runtime/engine/wasm.ts';
import { type Plan, RESIDENT } from '../../runtime/format/format.ts';
import { NOT_PRIMED } from '../../runtime/format/prime.ts';
import type { Network } from './network.ts';

/** As a float, and as most other things, a nonsense value. */
const POISON = 0xff;

export async function runPoisoned(
  network: Network,
  plan: Plan,
  inputs: ReadonlyMap<string, Tensor>,
  arrival: 'early' | 'late',
  prime?: readonly number[],
): Promise<Map<string, Tensor>> {
  const { manifest, parts } = network;
  const executor = await parts.executor(() => {});
  const module = await compileEngine(await parts.engine('engine.wasm'), false);
  const engine = new WasmEngine(module, manifest, plan, recordProgram(executor, manifest), 1);
  const source = await parts.weights('file');
  const arena = engine.bytes(engine.layout.arena, plan.arenaBytes);
  const { control } = engine;
  const present = manifest.segments.map(() => false);
  const primed = manifest.segments.map(() => false);
  const targetOf = (s: number): Uint8Array => {
    const offset = plan.segmentOffsets[s]!;
    return arena.subarray(offset, offset + manifest.segments[s]!.byteLength);
  };
  const arrive = async (s: number): Promise<void> => {
    await source.readInto(targetOf(s), manifest.segments[s]!.offset);
    engine.setState(s, plan.issue[s] === RESIDENT ? segmentStates.RESIDENT : segmentStates.ARRIVED);
  };

  /** Everything that is dead once step `done` is complete becomes NaN; then reads that may start do. */
  const between = async (done: number): Promise<void> => {
    const live = new Uint8Array(arena.length);
    for (const { value, byteLength, start, end } of manifest.lifetimes)
      if (start <= done + 1 && done + 1 < end) {
        const offset = plan.valueOffsets[value]!;
        live.fill(1, offset, offset + byteLength);
      }
    const issued: number[] = [];
    for (const [s, segment] of manifest.segments.entries()) {
      const issue = plan.issue[s]!;
      const after = prime?.[s] ?? NOT_PRIMED;
      if (after !== NOT_PRIMED && after === done) {
        assert.ok(segment.lastUse <= done, `segment ${s} is primed while it is used`);
        [primed[s], present[s]] = [true, false];
      }
      if (!primed[s] && issue !== RESIDENT && (issue > done || segment.lastUse <= done)) continue;
      const offset = plan.segmentOffsets[s]!;
      if (!present[s]) {
        const taken = live.subarray(offset, offset + segment.byteLength).includes(1);
        assert.ok(!taken, `segment ${s} is read over what is live after step ${done}`);
        issued.push(s);
      }
      live.fill(1, offset, offset + segment.byteLength);
    }
    for (let i = 0; i < arena.length; i++) if (live[i] === 0) arena[i] = POISON;
    for (const s of issued) {
      present[s] = true;
      if (arrival === 'early' || plan.issue[s] === RESIDENT) await arrive(s);
      else targetOf(s).fill(POISON);
    }
  };

  const once = async (): Promise<Map<string, Tensor>> => {
    for (const port of manifest.inputs) {
      const bytes = bytesOf(inputs.get(port.name)!);
      engine.bytes(engine.addresses[port.value]!, port.byteLength).set(bytes);
    }
    for (const s of present.keys()) {
      present[s] = primed[s]! || (present[s]! && plan.issue[s] === RESIDENT);
      primed[s] = false;
    }
    await between(-1);
    control.set('pc', 0);
    control.set('progress', -1);
    for (let done = false; !done; ) {
      control.set('wakeAt', control.get('progress') + 1);
      const now = engine.replay();
      if (now === status.WAKE) await between(control.get('progress'));
      else if (now === status.NEED) await arrive(control.get('detail'));
      else if (now === status.HOST) runHostOp(engine, executor.host[control.get('detail')]!);
      else {
        assert.equal(now, status.DONE);
        done = true;
      }
    }
    await between(manifest.steps - 1);
    return new Map(
      manifest.outputs.map((port) => {
        const bytes = engine.bytes(engine.addresses[port.value]!, port.byteLength).slice();
        return [port.name, tensorFromBytes({ dtype: port.dtype as DType, shape: port.shape }, bytes)];
      }),
    );
  };

  arena.fill(POISON);
  const outputs = await once();
  return prime === undefined ? outputs : once();
}
