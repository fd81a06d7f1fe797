/** Programs that their manifest, or the kernel table, does not allow: refused before an engine sees them. */

import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import { checkProgram } from '../../runtime/engine/check-program.ts';
import { type Executor, recordProgram } from '../../runtime/engine/executor.ts';
import { Program } from '../../runtime/engine/program.ts';
import { MillraceError } from '../../runtime/error.ts';
import type { Manifest } from '../../runtime/format/format.ts';
import { readManifest } from '../../runtime/format/read.ts';
import type { KernelParams } from '../../runtime/kernels/table.ts';
import { load } from '../../runtime/node.ts';
import { chain, encode, writeBundle } from '../support/chain.ts';

const made = chain({ layers: 5, width: 32 });
const { manifest, executor } = made;

const refused = (says: RegExp) => (error: unknown) => {
  assert.ok(error instanceof MillraceError, String(error));
  assert.equal(error.code, 'BUNDLE_INVALID');
  assert.match(error.message, says);
  return true;
};

/** Segments are used, by their own account, from `late` steps later on; every read is issued just before that. */
const usedLater = (segment: number, late: number): Manifest => {
  const segments = manifest.segments.map((one, s) =>
    s < segment ? one : { ...one, firstUse: segment + late, lastUse: manifest.steps - 1 },
  );
  const plans = manifest.plans.map((plan) => ({
    ...plan,
    issue: plan.issue.map((step, s) => (step === -2 || s < segment ? step : segment + late - 1)),
  }));
  return { ...manifest, segments, plans };
};

describe('a program and its manifest', () => {
  it('fit in a bundle as it should be', () => {
    recordProgram(executor, readManifest(encode(manifest), crc32));
  });

  it('do not where the executor throws', () => {
    const broken: Executor = {
      host: [],
      record: () => {
        throw new ReferenceError('w24 is not defined');
      },
    };
    assert.throws(() => recordProgram(broken, manifest), refused(/executor\.js: could not be recorded: w24/));
  });

  it('do not where a read is only issued after the step that waits for it', () => {
    const lies = usedLater(2, 2);
    readManifest(encode(lies), crc32); // well-formed by itself
    assert.throws(() => recordProgram(executor, lies), refused(/wait for segment 2.*in step 4.*in step 2/s));
  });

  for (const engine of ['wasm', 'native'] as const)
    it(`and neither does such a bundle hang (${engine})`, async () => {
      const folder = await writeBundle({ ...made, manifest: usedLater(2, 2) });
      try {
        await assert.rejects(
          load(folder.path, { engine, threads: 1, mode: 'stream' }),
          refused(/wait for segment 2/),
        );
      } finally {
        await folder.remove();
      }
    });

  it('do not where weights are used before or after their segment is there', () => {
    const last = manifest.segments.map((one, s) => (s === 1 ? { ...one, firstUse: 0, lastUse: 1 } : one));
    assert.throws(
      () => recordProgram(executor, { ...manifest, segments: last }),
      refused(/wait for segment 1/),
    );
    const weights = manifest.weights.map((one) => (one.segment === 1 ? { ...one, segment: 2 } : one));
    assert.throws(() => recordProgram(executor, { ...manifest, weights }), refused(/use of segment 2/));
  });

  it('do not where a segment is awaited twice, or never', () => {
    const altered = (change: (program: Program) => void): Executor => ({
      host: [],
      record(program) {
        change(program);
      },
    });
    const check = (record: (program: Program) => void): void => {
      const program = new Program();
      altered(record).record(program);
      checkProgram(
        program.end(),
        { ...manifest, steps: 1, segments: manifest.segments.slice(0, 1), weights: [] },
        [],
      );
    };
    check((program) => program.mark(0).wait(0).free(0));
    assert.throws(
      () => check((program) => program.mark(0).wait(0).wait(0).free(0)),
      refused(/wait for segment 0/),
    );
    assert.throws(() => check((program) => program.mark(0).free(0)), refused(/end of segment 0/));
    assert.throws(() => check((program) => program.mark(0)), refused(/segment 0.*awaited and let go/s));
    assert.throws(() => check((program) => program.wait(0).mark(0).free(0)), refused(/wait for segment 0/));
    assert.throws(() => check((program) => program.mark(0).wait(1)), refused(/segment.*below 1/s));
  });
});

const pool: KernelParams<'f32-pool'> = {
  ...{ batch: 1, inH: 1, inW: 4, inC: 4, outH: 1, outW: 4, outC: 4 },
  ...{ kernelH: 1, kernelW: 1, strideH: 1, strideW: 1, dilationH: 1, dilationW: 1 },
  ...{ padTop: 0, padLeft: 0, padBottom: 0, padRight: 0, ldx: 4, ldy: 4, mode: 'maximum' },
};

describe('the parameters of a call', () => {
  const bare: Manifest = { ...manifest, steps: 1, segments: [], weights: [] };
  const check = (record: (program: Program) => Program): void =>
    checkProgram(record(new Program().mark(0)).end(), bare, []);

  it('may be what the table says', () => {
    check((program) => program.call('f32-pool', { y: 1, x: 2 }, pool));
    check((program) => program.call('f32-pool', { y: 1, x: 2 }, { ...pool, padTop: -1, padBottom: -1 }));
  });

  it('may not leave out an operand that must be there', () => {
    assert.throws(
      () => check((program) => program.call('f32-pool', { y: 1 }, pool)),
      refused(/x of f32-pool: an operand is missing/),
    );
  });

  for (const [name, value] of [
    ['dilationW', 0],
    ['strideH', 0],
    ['kernelW', -1],
    ['outW', -4],
    ['batch', -1],
    ['ldy', -4],
  ] as const)
    it(`may not be ${value} for ${name}`, () => {
      assert.throws(
        () => check((program) => program.call('f32-pool', { y: 1, x: 2 }, { ...pool, [name]: value })),
        refused(new RegExp(`${name} of f32-pool: a parameter is out of range`)),
      );
    });

  it('may not be a size of elements that no kernel moves', () => {
    assert.throws(
      () =>
        check((program) => program.call('fill', { y: 1 }, { count: 1, elementBytes: 3, low: 0, high: 0 })),
      refused(/elementBytes of fill/),
    );
  });

  it('may not name what there is not', () => {
    const lies = { ...pool, mode: 'median' } as unknown as typeof pool;
    assert.throws(
      () => check((program) => program.call('f32-pool', { y: 1, x: 2 }, lies)),
      refused(/mode of f32-pool: no pool function or mode.*maximum, averageInside.*median/s),
    );
    const { outW: _, ...without } = pool;
    assert.throws(
      () => check((program) => program.call('f32-pool', { y: 1, x: 2 }, without as typeof pool)),
      refused(/outW of f32-pool/),
    );
    assert.throws(
      () => check((program) => program.call('f32-nothing' as 'fill', { y: 1 }, pool as never)),
      refused(/no such kernel/),
    );
  });
});
