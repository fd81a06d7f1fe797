/** Which slots share memory, as text, and what it comes to; and that mistakes in it are noticed. */
import assert from 'node:assert/strict';
import type { GraphBuilder } from '../../compiler/ir/builder.ts';
import type { Graph, ValueId } from '../../compiler/ir/graph.ts';
import { lowerBound } from '../../compiler/memory/lower-bound.ts';
import { graphBuilder } from '../../compiler/ops/index.ts';
import { optimize } from '../../compiler/passes/index.ts';
import { partition } from '../../compiler/schedule/cut/partition.ts';
import { referenceDevice } from '../../compiler/schedule/device/cost.ts';
import { type Lowering, lowerGraph } from '../../compiler/schedule/lower/lower.ts';
import { printSchedule } from '../../compiler/schedule/print.ts';
import { planProblem } from '../../compiler/schedule/problem.ts';
import type { Slot } from '../../compiler/schedule/schedule.ts';
import { arrange } from '../../compiler/schedule/share/arrange.ts';
import { verifySharing } from '../../compiler/schedule/share/verify.ts';
import { signatureOf } from '../../runtime/kernels/table.ts';
import { branchingGraph } from '../support/branching.ts';
import { networks } from '../support/networks.ts';
import { randomGraph } from '../support/random-graph.ts';
import { matchesFile } from '../support/snapshot.ts';

const f32 = (...shape: number[]) => ({ dtype: 'float32', shape }) as const;
const TARGET = 8192;

/** A graph made of convolutions of one kernel size, which names its nodes as its values. */
class Net {
  readonly builder: GraphBuilder = graphBuilder('net');
  #nodes = 0;

  input(...shape: number[]): ValueId {
    return this.builder.input('x', f32(...shape));
  }

  node(op: string, inputs: readonly (ValueId | null)[], attrs = {}): ValueId {
    return this.nodes(op, inputs, attrs)[0]!;
  }

  nodes(op: string, inputs: readonly (ValueId | null)[], attrs = {}): readonly ValueId[] {
    return this.builder.node(op, inputs, attrs, `${op}${this.#nodes++}`);
  }

  conv(x: ValueId, from: number, to: number, residual: ValueId | null = null): ValueId {
    const w = this.builder.constant(`w${this.#nodes}`, f32(to, from, 3, 3), { kind: 'splat', value: 0.1 });
    const attrs = { strides: [1, 1], dilations: [1, 1], pads: [1, 1, 1, 1] };
    return this.node('conv', residual === null ? [x, w] : [x, w, null, residual], attrs);
  }

  build(y: ValueId): Graph {
    this.builder.output('y', y);
    return this.builder.build();
  }
}

const made = (body: (net: Net) => ValueId): Graph => {
  const net = new Net();
  return net.build(body(net));
};

const graphs: Readonly<Record<string, () => Graph>> = {
  /** A residual's sum is written over the residual; a function over its operand, unless that is used again. */
  'in-place': () =>
    made((net) => {
      const x = net.input(1, 4, 4, 16);
      const a = net.node('exp', [x]);
      const b = net.conv(net.conv(a, 16, 16), 16, 16, a);
      const kept = net.node('sigmoid', [b]);
      return net.node('mul', [net.node('tanh', [b]), kept]);
    }),
  /** Slices along the outermost axis are views; one whose offset is not aligned is copied. */
  slices: () =>
    made((net) => {
      const x = net.node('exp', [net.input(4, 32)]);
      const [a, b] = net.nodes('split', [x], { axis: 0, sizes: [1, 3] });
      const cut = net.node('slice', [b!], { starts: [0, 3], steps: [1, 1], sizes: [3, 8] });
      return net.node('add', [net.node('reduceSum', [a!], { axes: [1] }), net.node('exp', [cut])]);
    }),
  /** Parts of a concatenation are written in place, and read from there. */
  concat: () =>
    made((net) => {
      const x = net.conv(net.input(1, 4, 4, 16), 16, 16);
      const [a, b] = [net.conv(x, 16, 32), net.conv(x, 16, 16)];
      const c = net.node('relu', [net.conv(b, 16, 16)]);
      return net.conv(net.node('concat', [a, b, c], { axis: 3 }), 64, 16);
    }),
  /** Channels are split in two, of which one passes by. */
  shuffle: () =>
    made((net) => {
      const x = net.conv(net.input(1, 4, 4, 16), 16, 32);
      const [a, b] = net.nodes('split', [x], { axis: 3, sizes: [16, 16] });
      return net.node('concat', [a!, net.conv(b!, 16, 16)], { axis: 3 });
    }),
  /** Each concatenation takes in the one before it. */
  nested: () =>
    made((net) => {
      let x = net.conv(net.input(1, 4, 4, 16), 16, 16);
      for (let width = 16; width < 64; width += 16)
        x = net.node('concat', [x, net.conv(x, width, 16)], { axis: 3 });
      return net.conv(x, 64, 16);
    }),
  /** Each concatenation names all parts again: it is the one before it, and one part more. */
  flat: () =>
    made((net) => {
      const parts = [net.conv(net.input(1, 4, 4, 16), 16, 16)];
      let x = parts[0]!;
      for (let width = 16; width < 64; width += 16) {
        parts.push(net.conv(x, width, 16));
        x = net.node('concat', [...parts], { axis: 3 });
      }
      return net.conv(x, 64, 16);
    }),
};

const arranged = (graph: Graph): Lowering => arrange(lowerGraph(graph));

describe('sharing memory', () => {
  for (const [name, make] of Object.entries(graphs))
    it(name, () => {
      const lowering = arranged(make());
      matchesFile(printSchedule(partition(lowering)), new URL(`./share/${name}.txt`, import.meta.url));
    });

  it('a concatenation that would be held too long is copied', () => {
    // While the parts are made one after the other in much memory, the whole need not be there yet.
    const graph = made((net) => {
      const x = net.input(1, 16, 16, 16);
      const parts = [0, 1, 2].map(() => {
        const wide = net.conv(x, 16, 256);
        return net.conv(wide, 256, 16);
      });
      return net.node('reduceMean', [net.node('concat', parts, { axis: 3 })], { axes: [1, 2] });
    });
    assert.equal(arranged(graph).steps.filter(isCopy).length, 3);
  });

  it('never takes more than copying', () => {
    const every = Object.values(networks).map((make) => make().graph);
    for (let seed = 1; seed <= 30; seed++) every.push(randomGraph(seed), branchingGraph(seed));
    let less = 0;
    for (const graph of every) {
      const plain = lowerGraph(optimize(graph));
      const [before, after] = [plain, arrange(plain, TARGET)].map(smallestBytes) as [number, number];
      assert.ok(after <= before, `${graph.name}: ${after}, was ${before}`);
      if (after < before) less++;
    }
    assert.ok(less > every.length / 3, `${less} of ${every.length}`);
  });
});

/** What the smallest plan needs at least. */
function smallestBytes(lowering: Lowering): number {
  const { values, segments } = planProblem(partition(lowering, TARGET), referenceDevice, 0);
  const held = [
    ...values,
    ...segments.map(({ firstUse, lastUse, byteLength }) => ({
      start: firstUse,
      end: lastUse + 1,
      byteLength,
    })),
  ].map((interval, id) => ({ ...interval, id }));
  return lowerBound(held, { alignmentOf: () => 64 });
}

const isCopy = ({ action }: Lowering['steps'][number]): boolean =>
  action.kind === 'kernel' && action.kernel === 'copy';

describe('checking what shares memory', () => {
  const refuses = (lowering: Lowering, expected: RegExp): void =>
    assert.throws(
      () => verifySharing(lowering),
      (error: Error) => expected.test(JSON.stringify(error) + error.message),
    );
  const changed = (lowering: Lowering, id: number, change: (slot: Slot) => Slot): Lowering => ({
    ...lowering,
    slots: lowering.slots.map((slot, i) => (i === id && slot ? change(slot) : slot)),
  });
  const moved =
    (within: object) =>
    (slot: Slot): Slot =>
      slot.kind === 'weight' ? slot : ({ ...slot, within: { ...slot.within, ...within } } as Slot);

  it('what is still read is not overwritten', () => {
    const lowering = arranged(graphs['in-place']!());
    const last = lowering.steps.findIndex(
      ({ action }) => action.kind === 'kernel' && action.kernel === 'f32-unary',
    );
    // Every unary over its operand, whether that is read again or not.
    let refused = 0;
    for (const { action } of lowering.steps.slice(last)) {
      if (action.kind === 'host' || signatureOf(action.kernel).inPlace?.[0] !== 'x') continue;
      const { y, x } = action.operands;
      const over = changed(lowering, y!, moved({ slot: x!, offset: 0, as: 'successor', rows: undefined }));
      try {
        verifySharing(over);
      } catch {
        refused++;
      }
    }
    assert.equal(refused, 1);
  });

  it('parts lie where they belong, and apart', () => {
    const lowering = arranged(graphs['concat']!());
    const parts = lowering.slots.filter((slot) => slot && slot.kind !== 'weight' && slot.within?.rows);
    assert.equal(parts.length, 2);
    for (const part of parts) {
      refuses(changed(lowering, part!.id, moved({ offset: 32 })), /bytes nobody wrote/);
      refuses(changed(lowering, part!.id, moved({ as: 'successor' })), /bytes of slot|bytes nobody/);
      refuses(
        changed(lowering, part!.id, moved({ rows: { bytes: 32, stride: 256 } })),
        /rows of operand|inside/,
      );
      refuses(changed(lowering, part!.id, moved({ offset: 4096 })), /inside/);
    }
  });

  it('operands that a kernel may not overwrite', () => {
    const lowering = arranged(graphs['nested']!());
    const conv = lowering.steps.at(-1)!.action;
    assert.ok(conv.kind === 'kernel');
    const { y, x } = conv.operands;
    refuses(
      changed(lowering, y!, moved({ slot: x!, offset: 0, as: 'successor' })),
      /a result beside its operands/,
    );
  });
});
