/** What a model with mapped weights holds, and where its values lie. */
import assert from 'node:assert/strict';
import { choosePlan } from '../../runtime/format/choose.ts';
import { type LifetimeEntry, type Manifest, type Plan, withFixed } from '../../runtime/format/format.ts';
import { chain } from '../support/chain.ts';

const PAGE = 4096;
const made = chain({ layers: 5, width: 32, rows: 64 });
const [smallest] = made.manifest.plans;

/** The chain's x and y at the ends of an arena whose middle is the segments', as a joint plan may have it. */
function apart(): Manifest {
  const activation = 2 * PAGE;
  const segment = made.manifest.segments[0]!.byteLength;
  const plans = made.manifest.plans.map((plan): Plan => {
    const depth = plan.issue.every((step) => step < -1) ? 5 : plan.depth;
    return {
      ...plan,
      ...withFixed(
        { peakBytes: 2 * activation + depth * segment, lowerBoundBytes: 2 * activation + depth * segment },
        made.manifest.fixedBytes,
      ),
      segmentOffsets: made.manifest.segments.map((_, s) => activation + (s % depth) * segment),
      valueOffsets: plan.valueOffsets.map((offset, value) =>
        offset < 0 ? -1 : value % 2 === 1 ? 0 : activation + depth * segment,
      ),
    };
  });
  return { ...made.manifest, plans };
}

describe('a plan with mapped weights', () => {
  const manifest = apart();
  const segment = manifest.segments[0]!.byteLength;

  it('leaves out the pages of segments, and counts those that are mapped beside the arena', () => {
    const { plan, mode } = choosePlan(manifest, { mode: 'mmap', plan: 'double' });
    assert.equal(mode, 'mmap');
    assert.equal(plan.arenaBytes, 4 * PAGE);
    assert.equal(plan.peakBytes, 4 * PAGE + 2 * segment + manifest.fixedBytes);
    assert.deepEqual([...new Set(plan.valueOffsets)], [-1, 0, 2 * PAGE]);
  });

  it('follows the mode: what is read later is held for a shorter time', () => {
    const held = (mode: 'mmap' | 'sequential' | 'synchronous' | 'stream') =>
      choosePlan(manifest, { mode, source: 'mmap', plan: 'triple' }).plan.peakBytes -
      manifest.fixedBytes -
      4 * PAGE;
    assert.equal(held('mmap'), 3 * segment);
    assert.equal(held('stream'), 3 * segment);
    assert.equal(held('synchronous'), 2 * segment);
    assert.equal(held('sequential'), segment);
    const resident = choosePlan(manifest, { mode: 'resident', source: 'mmap' });
    assert.equal(resident.plan.peakBytes, 4 * PAGE + 5 * segment + manifest.fixedBytes);
  });

  it('counts what activations and weights hold at different times, which no other mode holds together', () => {
    // x is large and dead before the last layer's weights, which lie in its place.
    const lifetimes = manifest.lifetimes.map(
      (life): LifetimeEntry => (life.value === 1 ? { ...life, byteLength: 2 * PAGE + 4 * segment } : life),
    );
    const valueOffsets = smallest!.valueOffsets.map((offset, value) =>
      offset < 0 ? -1 : value % 2 === 1 ? 2 * PAGE : 0,
    );
    const segmentOffsets = manifest.segments.map(() => 4 * PAGE);
    const arena = { peakBytes: 4 * PAGE + 4 * segment, lowerBoundBytes: 4 * PAGE + 4 * segment };
    const held = withFixed(arena, manifest.fixedBytes);
    const joint = { ...smallest!, valueOffsets, segmentOffsets, ...held };
    const large: Manifest = { ...manifest, lifetimes, plans: [joint] };
    const { plan } = choosePlan(large, { mode: 'mmap' });
    assert.equal(plan.peakBytes, joint.peakBytes + segment);
    const budget = joint.peakBytes;
    assert.equal(choosePlan(large, { mode: 'stream', budget }).plan, joint);
    const refused = { code: 'BUDGET', message: new RegExp(`\\(${budget + segment} bytes\\) in mode mmap`) };
    assert.throws(() => choosePlan(large, { mode: 'mmap', budget }), refused);
    assert.throws(() => choosePlan(large, { mode: 'auto', source: 'mmap', budget: budget + segment - 1 }), {
      code: 'BUDGET',
      message: /with mapped weights/,
    });
    assert.equal(choosePlan(large, { mode: 'mmap', budget: budget + segment }).plan.name, 'smallest');
  });

  it('takes the placement that touches least, of whichever stored plan', () => {
    const [first, second, ...rest] = manifest.plans;
    const closer = second!.valueOffsets.map((offset, value) => (offset < 0 ? -1 : value % 2 === 1 ? 0 : 64));
    const plans = [first!, { ...second!, valueOffsets: closer }, ...rest];
    const { plan } = choosePlan({ ...manifest, plans }, { mode: 'mmap', plan: first!.name });
    assert.equal(plan.arenaBytes, 3 * PAGE);
    assert.deepEqual(plan.valueOffsets, closer);
    assert.deepEqual(plan.issue, first!.issue);
  });

  it('puts a value that lies in no lifetime past the end', () => {
    const last = manifest.outputs[0]!.value - 1;
    const lifetimes = manifest.lifetimes.filter(({ value }) => value % 2 === last % 2 || value === 1);
    const { plan } = choosePlan({ ...manifest, lifetimes: lifetimes.slice(0, 1) }, { mode: 'mmap' });
    assert.ok(plan.valueOffsets.every((offset) => offset <= plan.arenaBytes));
  });

  it('changes nothing where weights are not mapped', () => {
    for (const mode of ['auto', 'stream', 'resident'] as const) {
      const { plan } = choosePlan(manifest, { mode });
      assert.ok(manifest.plans.includes(plan));
    }
  });
});
