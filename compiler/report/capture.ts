/**
 * Capture: a run of the real engine, step by step, that records every allocation it uses, as MemoMalloc does (arXiv
 * 2203.00448 §3). A record says what wrote it first, by which chain of calls, how large it is, and from when to when it is
 * needed. Logical time is the step; inputs are written at −1 and outputs read after the last step.
 *
 * Addresses alone say what is one allocation. A value that is read where another was written belongs to that one: views,
 * parts of a concatenation. So does a value that is written over one that the same step uses: results in place.
 * Neither lifetimes nor sizes of the manifest are looked at, so that `compareWithPlan` compares two independent
 * answers. After each step all of the arena is compared with what it was: a write that was not recorded is an error.
 */
import { crc32 } from 'node:zlib';
import { checkAbi } from '../../runtime/engine/abi-hash.ts';
import { recordProgram } from '../../runtime/engine/executor.ts';
import { runHostOp } from '../../runtime/engine/host.ts';
import { type Operand, operandsOf } from '../../runtime/engine/operands.ts';
import { engineReasons, status } from '../../runtime/engine/program.ts';
import { compileEngine, WasmEngine } from '../../runtime/engine/wasm.ts';
import { MillraceError } from '../../runtime/error.ts';
import { whole } from '../schedule/region.ts';
import type { Allocation } from './allocation.ts';
import { AllocationRecorder } from './capture-recorder.ts';
import { CapturedSegments, type CaptureParts } from './capture-segments.ts';

export async function captureRun(parts: CaptureParts): Promise<Allocation[]> {
  const { manifest, plan, executor, source } = parts;
  const program = recordProgram(executor, manifest);
  const engine = new WasmEngine(await compileEngine(parts.engine, false), manifest, plan, program, 1);
  checkAbi(engine.abi, crc32, 'engine.wasm');
  const recorder = new AllocationRecorder(
    manifest,
    (value) => engine.addresses[value]! - engine.layout.arena,
  );
  const arena = engine.bytes(engine.layout.arena, plan.arenaBytes);
  const segments = new CapturedSegments(parts, engine, arena);
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
