/**
 * When the next run's reads may be made: against a brute force that marks bytes, over random plans (sound ones and
 * ones no solver would make) and over the plans of compiled networks.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { choosePlan } from '../../runtime/format/choose.ts';
import { type Manifest, type Plan, RESIDENT } from '../../runtime/format/format.ts';
import { NOT_PRIMED, primeSteps } from '../../runtime/format/prime.ts';
import { checkOptions } from '../../runtime/options.ts';
import { chain } from '../support/chain.ts';
import { compileInMemory } from '../support/network.ts';
import { networks } from '../support/networks.ts';

/** Bytes of the arena that something needs at a time t, step t or, with t = steps, between runs. */
function neededAt(manifest: Manifest, plan: Plan, t: number): Uint8Array {
  const needed = new Uint8Array(plan.arenaBytes);
  const { lifetimes, segments, weights, outputs, inputs, steps } = manifest;
  const mark = (offset: number, bytes: number) => offset >= 0 && needed.fill(1, offset, offset + bytes);
  // From the end of a run's last step the next one's inputs may be written at any time.
  for (const { value, byteLength, start, end } of lifetimes)
    if (t < end || (t === steps && start < 0)) mark(plan.valueOffsets[value]!, byteLength);
  for (const [s, { byteLength, lastUse }] of segments.entries())
    if (t <= lastUse || plan.issue[s] === RESIDENT) mark(plan.segmentOffsets[s]!, byteLength);
  if (t < steps) return needed;
  for (const { value, byteLength } of [...inputs, ...outputs]) {
    mark(plan.valueOffsets[value]!, byteLength);
    const weight = weights.find((entry) => entry.value === value);
    if (weight) mark(plan.segmentOffsets[weight.segment]!, segments[weight.segment]!.byteLength);
  }
  return needed;
}

/** By trying every step for every segment. */
function bruteForce(manifest: Manifest, plan: Plan): number[] {
  const { steps, segments } = manifest;
  const times = Array.from({ length: steps + 1 }, (_, t) => neededAt(manifest, plan, t));
  const expected = segments.map(() => NOT_PRIMED);
  let least = Math.max(0, ...plan.issue);
  for (const s of segments.keys()) {
    if (plan.issue[s] === RESIDENT) continue;
    const from = plan.segmentOffsets[s]!;
    const isFree = (t: number) => !times[t]!.subarray(from, from + segments[s]!.byteLength).includes(1);
    while (least < steps && !times.slice(least + 1).every((_, i) => isFree(least + 1 + i))) least++;
    if (plan.issue[s] !== -1 || least === steps) break;
    expected[s] = least;
  }
  return expected;
}

const PAGE = 4096;

/** Values 1 … n, then a weight for each segment; nobody says that they are apart. */
const anyPlan = fc
  .record({
    steps: fc.integer({ min: 1, max: 6 }),
    values: fc.array(
      fc.record({
        start: fc.integer({ min: -1, max: 5 }),
        length: fc.nat(4),
        page: fc.nat(7),
        pages: fc.nat(2),
      }),
      { maxLength: 8 },
    ),
    segments: fc.array(
      fc.record({ use: fc.nat(5), more: fc.nat(3), lead: fc.nat(3), page: fc.nat(7), resident: fc.nat(4) }),
      { minLength: 1, maxLength: 6 },
    ),
    output: fc.nat(20),
  })
  .map(({ steps, values, segments, output }) => {
    const uses = segments.map(({ use }) => Math.min(use, steps - 1)).sort((a, b) => a - b);
    let last = -1;
    const issue = segments.map(({ lead, resident }, s) => {
      if (resident === 0) return RESIDENT;
      last = Math.max(last, Math.min(uses[s]! - 1, uses[s]! - 1 - lead));
      return last;
    });
    const ids = values.length + segments.length;
    const made = {
      steps,
      inputs: [],
      outputs: output % 3 === 0 ? [{ value: 1 + (output % ids), byteLength: 64 }] : [],
      segments: segments.map(({ more }, s) => ({
        byteLength: PAGE,
        firstUse: uses[s]!,
        lastUse: Math.min(steps - 1, uses[s]! + more),
      })),
      weights: segments.map((_, s) => ({ value: 1 + values.length + s, segment: s, offset: 0 })),
      lifetimes: values.map(({ start, length, pages }, v) => ({
        value: v + 1,
        byteLength: pages * PAGE,
        start: Math.min(start, steps - 1),
        end: Math.min(steps + 1, Math.min(start, steps - 1) + 1 + length),
      })),
    } as unknown as Manifest;
    const plan = {
      arenaBytes: 12 * PAGE,
      issue,
      segmentOffsets: segments.map(({ page }) => page * PAGE),
      valueOffsets: [-1, ...values.map(({ page }) => page * PAGE), ...segments.map(() => -1)],
    } as unknown as Plan;
    return { manifest: made, plan };
  });

describe('prime', () => {
  it('is after the earliest step that leaves the place free, in order', () => {
    fc.assert(
      fc.property(anyPlan, ({ manifest, plan }) => {
        assert.deepEqual(
          primeSteps(manifest, { plan, issue: plan.issue }, false),
          bruteForce(manifest, plan),
        );
      }),
      { numRuns: 2000 },
    );
  });

  for (const [name, network] of Object.entries(networks))
    it(`agrees with a brute force on every plan of ${name}`, async () => {
      const { manifest } = await compileInMemory(network().graph, { target: 4096 });
      for (const plan of manifest.plans)
        assert.deepEqual(
          primeSteps(manifest, { plan, issue: plan.issue }, false),
          bruteForce(manifest, plan),
          plan.name,
        );
    });

  it('keeps mapped segments within the window', () => {
    fc.assert(
      fc.property(anyPlan, ({ manifest, plan }) => {
        const { issue } = plan;
        const steps = primeSteps(manifest, { plan, issue }, true);
        const held = (t: number, primed: boolean): number =>
          manifest.segments.reduce((sum, { byteLength, lastUse }, s) => {
            const ahead = primed && steps[s] !== NOT_PRIMED && steps[s]! < t;
            assert.ok(!ahead || steps[s]! >= lastUse);
            return sum + (issue[s] === RESIDENT || (issue[s]! < t && t <= lastUse) || ahead ? byteLength : 0);
          }, 0);
        const times = Array.from({ length: manifest.steps + 1 }, (_, t) => t);
        const window = Math.max(...times.map((t) => held(t, false)));
        for (const t of times) assert.ok(held(t, true) <= window, `${held(t, true)} of ${window} at ${t}`);
        for (const [s, step] of steps.entries()) assert.equal(step !== NOT_PRIMED, issue[s] === -1);
      }),
      { numRuns: 500 },
    );
  });

  it('is for the modes that read ahead', () => {
    const { manifest } = chain({ layers: 6 });
    const primed = (options: object) => choosePlan(manifest, checkOptions({ prime: true, ...options })).prime;
    // Three places: the last to use the first is layer 3, and the last read is issued after layer 2.
    assert.deepEqual(primed({ plan: 'triple' }), [3, 4, 5, -1, -1, -1]);
    assert.deepEqual(primed({ plan: 'smallest' }), [5, -1, -1, -1, -1, -1]);
    assert.deepEqual(primed({ mode: 'mmap', plan: 'double' }), [4, 5, -1, -1, -1, -1]);
    const none = manifest.segments.map(() => -1);
    assert.deepEqual(primed({}), none);
    assert.deepEqual(primed({ plan: 'triple', prime: false }), none);
    for (const mode of ['resident', 'sequential', 'synchronous'])
      assert.throws(() => primed({ mode }), { code: 'OPTION', message: /prime/ });
    assert.throws(() => primed({ prime: 1 }), { code: 'OPTION' });
  });
});
