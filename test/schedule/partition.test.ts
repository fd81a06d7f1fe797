/** What partition promises, for networks and for random graphs, at targets from one panel to everything in one. */
import assert from 'node:assert/strict';
import { optimize } from '../../compiler/passes/index.ts';
import { partition } from '../../compiler/schedule/cut/partition.ts';
import { segmentTarget } from '../../compiler/schedule/cut/target.ts';
import { lowerGraph } from '../../compiler/schedule/lower/lower.ts';
import { panelBytes, totalPanels } from '../../compiler/schedule/lower/packed.ts';
import type { Schedule } from '../../compiler/schedule/schedule.ts';
import { SEGMENT_ALIGNMENT, VALUE_ALIGNMENT } from '../../runtime/format/format.ts';
import { networks } from '../support/networks.ts';
import { randomGraph } from '../support/random-graph.ts';

const targets = [4096, 8192, 20480, 65536, 2 ** 20];

function checkSegments(schedule: Schedule, target: number, what: string): void {
  const { slots, steps, segments } = schedule;
  const uses = new Map<number, number[]>();
  for (const [t, step] of steps.entries())
    for (const id of step.reads) if (slots[id]?.kind === 'weight') uses.set(id, [...(uses.get(id) ?? []), t]);
  const stored = segments.flatMap((segment) => segment.slots.map(({ slot }) => slot));
  assert.deepEqual([...stored].sort(), [...uses.keys()].sort(), `${what}: every weight is stored once`);
  let before = -1;
  for (const segment of segments) {
    assert.equal(segment.byteLength % SEGMENT_ALIGNMENT, 0);
    const steps = segment.slots.flatMap(({ slot }) => uses.get(slot)!);
    assert.deepEqual([segment.firstUse, segment.lastUse], [Math.min(...steps), Math.max(...steps)]);
    assert.ok(segment.firstUse >= before, `${what}: segments in the order of first use`);
    before = segment.firstUse;
    let end = 0;
    for (const { slot: id, offset } of segment.slots) {
      const slot = slots[id]!;
      assert.ok(slot.kind === 'weight' && offset >= end && offset % VALUE_ALIGNMENT === 0);
      end = offset + slot.byteLength;
      const { packed, panels } = slot.weight;
      if (packed.layout === 'panels') assert.equal(slot.byteLength, panels * panelBytes(packed));
    }
    assert.ok(end <= segment.byteLength && segment.byteLength - end < SEGMENT_ALIGNMENT);
    const single = segment.slots.length === 1 ? slots[segment.slots[0]!.slot]! : null;
    const unit =
      single?.kind === 'weight' && (single.weight.packed.layout === 'raw' || single.weight.panels === 1);
    assert.ok(segment.byteLength <= target || unit, `${what}: ${segment.byteLength} bytes in a segment`);
  }
}

/** The pieces of a layer are runs of its panels, one after the other, each with its parameters. */
function checkPieces({ layers, steps, slots }: Schedule, what: string): void {
  for (const [index, layer] of layers.entries()) {
    let next = 0;
    for (const { action, layer: owner, reads } of steps.slice(
      layer.firstStep,
      layer.firstStep + layer.steps,
    )) {
      assert.equal(owner, index);
      if (action.kind !== 'kernel' || action.params['panel0'] === undefined) continue;
      const id = reads.find((read) => slots[read]!.kind === 'weight')!;
      const slot = slots[id]!;
      assert.ok(slot.kind === 'weight');
      const { packed, panel0, panels } = slot.weight;
      assert.deepEqual([action.params['panel0'], action.params['panels']], [panel0, panels], what);
      assert.equal(panel0, next, `${what}: a gap between pieces`);
      next = panel0 + panels === totalPanels(packed) ? 0 : panel0 + panels;
    }
    assert.equal(next, 0, `${what}: the last piece ends the layer`);
  }
}

describe('partition', () => {
  it('keeps its promises', () => {
    const graphs = Object.values(networks).map((make) => make().graph);
    for (let seed = 1; seed <= 40; seed++) graphs.push(randomGraph(seed));
    for (const graph of graphs) {
      const lowering = lowerGraph(optimize(graph));
      const flops = lowering.steps.reduce((sum, step) => sum + step.flops, 0);
      for (const target of targets) {
        const what = `${graph.name}, target ${target}`;
        const schedule = partition(lowering, target);
        checkSegments(schedule, target, what);
        checkPieces(schedule, what);
        const after = schedule.steps.reduce((sum, step) => sum + step.flops, 0);
        assert.ok(Math.abs(after - flops) <= 1e-9 * flops, `${what}: work is lost or made`);
      }
    }
  });

  it('aims at requests between 128 and 960 KiB, by the size of the network', () => {
    const KIB = 1024;
    assert.equal(segmentTarget(0), 128 * KIB);
    assert.equal(segmentTarget(20 * KIB * KIB), 320 * KIB);
    assert.equal(segmentTarget(10 ** 9), 960 * KIB);
    assert.equal(segmentTarget(5 * KIB ** 3), 2560 * KIB, 'and from 1.9 GiB on to 2048 requests');
  });
});
