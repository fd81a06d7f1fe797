/** Manifests whose addresses do not hold what the program does: refused before an engine sees them. */

import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import { recordProgram } from '../../runtime/engine/executor.ts';
import { heapTables } from '../../runtime/engine/native/heap-tables.ts';
import { operandsOf } from '../../runtime/engine/operands.ts';
import { checkReach, reachOf } from '../../runtime/engine/reach.ts';
import { MillraceError } from '../../runtime/error.ts';
import { choosePlan } from '../../runtime/format/choose.ts';
import type { Manifest, Plan } from '../../runtime/format/format.ts';
import { readManifest } from '../../runtime/format/read.ts';
import { chain, encode } from '../support/chain.ts';

const made = chain({ layers: 5, width: 32, host: true });
const { manifest, executor } = made;
const activation = 4096;
const output = manifest.outputs[0]!.value;
const hidden = 3;
const weight = manifest.weights[1]!;

const check = (changed: Manifest, mode: 'stream' | 'mmap' = 'stream'): void => {
  // It is well-formed: only what the program does with it is wrong.
  const read = readManifest(encode(changed), crc32);
  const choice = choosePlan(read, { mode, plan: 'smallest' });
  checkReach(recordProgram(executor, read), read, choice, executor.host);
};

const refuses = (changed: Manifest, says: RegExp, mode: 'stream' | 'mmap' = 'stream') =>
  assert.throws(
    () => check(changed, mode),
    (error: unknown) => {
      assert.ok(error instanceof MillraceError, String(error));
      assert.equal(error.code, 'BUNDLE_INVALID');
      assert.match(error.message, says);
      return true;
    },
  );

/** The manifest with all plans changed, and nothing left that says how large a value is. */
const replanned = (change: (plan: Plan) => Partial<Plan>): Manifest => ({
  ...manifest,
  lifetimes: [],
  plans: manifest.plans.map((plan) => ({ ...plan, ...change(plan) })),
});

const moved = (value: number, to: (plan: Plan) => number): Manifest =>
  replanned((plan) => ({
    valueOffsets: plan.valueOffsets.map((offset, v) => (v === value ? to(plan) : offset)),
  }));

describe('what a program reaches', () => {
  it('is inside the arena and the segments of a bundle as it should be', () => {
    check(manifest);
    check(manifest, 'mmap');
  });

  it('is not past the end of the arena', () => {
    refuses(
      moved(hidden, (plan) => plan.arenaBytes),
      /"layer1", y of f32-gemm \(value 3\): reaches outside the arena/,
    );
    refuses(
      moved(hidden, (plan) => plan.arenaBytes - 64),
      /reaches outside the arena/,
    );
    check(moved(hidden, (plan) => plan.arenaBytes - activation));
  });

  it('is not a value without a place', () => {
    refuses(
      moved(hidden, () => -1),
      /got: no place/,
    );
  });

  it('is not past the end of a mapped arena, whatever the lifetimes claim', () => {
    refuses({ ...manifest, lifetimes: [] }, /reaches outside the arena/, 'mmap');
    const far = replanned(({ valueOffsets, arenaBytes }) => ({
      arenaBytes: arenaBytes + 64 * activation,
      peakBytes: arenaBytes + 64 * activation + manifest.fixedBytes,
      valueOffsets: valueOffsets.map((offset) => (offset < 0 ? -1 : offset + 8 * activation)),
    }));
    check({ ...far, lifetimes: manifest.lifetimes }, 'mmap');
    refuses(far, /reaches outside the arena/, 'mmap');
  });

  it('of a weight is inside its segment', () => {
    const { byteLength } = manifest.segments[weight.segment]!;
    const at = (offset: number): Manifest => ({
      ...manifest,
      weights: manifest.weights.map((entry) => (entry === weight ? { ...entry, offset } : entry)),
    });
    check(at(64));
    refuses(at(byteLength - 64), /w of f32-gemm .*: reaches outside segment 1/);
  });

  it('is not a weight where it writes', () => {
    const as = (value: number, segment: number): Manifest => ({
      ...replanned((plan) => ({
        valueOffsets: plan.valueOffsets.map((offset, v) => (v === value ? -1 : offset)),
      })),
      weights: [...manifest.weights, { value, segment, offset: 0 }],
    });
    const last = manifest.segments.length - 1;
    refuses(as(output, last), /y of f32-gemm \(value 7\): weights are written|"y": weights are written/);
    refuses(as(manifest.inputs[0]!.value, 0), /"x": weights are written/);
  });

  it('of a host op counts too', () => {
    const step = manifest.layers.findIndex(({ op }) => op === 'neg');
    refuses(
      moved(step + 2, (plan) => plan.arenaBytes - 64),
      /output 0 of negate/,
    );
  });

  it('of parameters that contradict each other is nowhere', () => {
    const program = recordProgram(executor, manifest);
    const choice = choosePlan(manifest, { mode: 'stream', plan: 'smallest' });
    const product = [...operandsOf(program, executor.host)].find(({ kernel }) => kernel === 'f32-gemm')!;
    const { params } = product;
    const panels = Number(params['panels']);
    for (const [name, panel0] of [
      ['y', panels],
      ['y', 64],
    ] as const)
      assert.equal(
        reachOf({ ...product, name, params: { ...params, panel0 } })?.high,
        Number.POSITIVE_INFINITY,
      );
    const conv = { ...product, kernel: 'f32-conv' } as const;
    const image = {
      batch: 1,
      inH: 1,
      inW: 8,
      outH: 1,
      outW: 8,
      kernelH: 1,
      kernelW: 1,
      ldx: 96,
      ldy: 96,
      ldr: 0,
    };
    for (const [channels, name, high] of [
      [{ inC: 96, outC: 96, groups: 6 }, 'y', 4 * 96 * 8],
      [{ inC: 96, outC: 96, groups: 200 }, 'y', Number.POSITIVE_INFINITY],
      [{ inC: 95, outC: 96, groups: 6 }, 'x', Number.POSITIVE_INFINITY],
    ] as const) {
      const given = { ...params, ...image, ...channels, panel0: 0, panels: 6 };
      assert.equal(reachOf({ ...conv, name, params: given })?.high, high);
    }
    checkReach(program, manifest, choice, executor.host);
  });

  it('of a tensor from malloc is inside its lifetime', () => {
    const program = recordProgram(executor, manifest);
    const plan = manifest.plans[0]!;
    heapTables(program, manifest, plan, executor.host);
    const lifetimes = manifest.lifetimes.map((life) =>
      life.value === hidden ? { ...life, byteLength: 64 } : life,
    );
    assert.throws(() => heapTables(program, { ...manifest, lifetimes }, plan, executor.host), {
      code: 'BUNDLE_INVALID',
      message: /lifetime "layer1".*a step reaches outside a lifetime/s,
    });
  });
});
