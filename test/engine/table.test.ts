/** The kernel table: what an entry must say, and that TypeScript and C understand it alike. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { floats } from '../../runtime/kernels/extents.ts';
import { enums } from '../../runtime/kernels/functions.ts';
import { PANEL, panelBytes, panelBytesOf, panelHeadBytes } from '../../runtime/kernels/layouts.ts';
import { span } from '../../runtime/kernels/region.ts';
import { defineKernel, isEnum, type Params } from '../../runtime/kernels/signature.ts';
import { kernelNames, signatureOf, workOf } from '../../runtime/kernels/table.ts';
import { engineHeader, workExpression } from '../../scripts/engine-header.ts';
import type { kernelModels } from '../ops/kernel-model.ts';

const operands = { y: { role: 'out', element: 'f32' }, x: { role: 'in', element: 'f32' } } as const;
const params = { count: 'count', fn: 'unary' } as const;
const extent = {
  y: (p: { readonly count: number }) => floats(p.count),
  x: (p: { readonly count: number }) => floats(p.count),
};
const work = { unit: 'elements', times: ['count'] } as const;

/** Never run: each of these must be an error of the type checker. */
function incomplete(): void {
  defineKernel({ operands, params, extent, work, split: 'elements' });
  // @ts-expect-error no work
  defineKernel({ operands, params, extent, split: 'elements' });
  // @ts-expect-error no extent
  defineKernel({ operands, params, work, split: 'elements' });
  // @ts-expect-error no extent of x
  defineKernel({ operands, params, extent: { y: extent.y }, work, split: 'elements' });
  // @ts-expect-error no split
  defineKernel({ operands, params, extent, work });
  // @ts-expect-error work by a parameter that there is not
  defineKernel({ operands, params, extent, work: { unit: 'elements', times: ['rows'] }, split: 'elements' });
  // @ts-expect-error in pieces without panel0 and panels
  defineKernel({ operands, params, extent, work, split: 'panels' });
  // @ts-expect-error in place of an operand that there is not
  defineKernel({ operands, params, extent, work, split: 'elements', inPlace: ['z'] });
  // @ts-expect-error an element that there is not
  defineKernel({ operands: { y: { role: 'out', element: 'f31' } }, params, extent, work, split: 'elements' });

  const { 'f32-gemm': _, ...rest }: typeof kernelModels = {} as typeof kernelModels;
  // @ts-expect-error a kernel without a model
  const models: typeof kernelModels = rest;
  assert.ok(models);
}

/** Parameters of a call, each number between 1 and 64. */
const anyParams = (kernel: (typeof kernelNames)[number]) =>
  fc.record(
    Object.fromEntries(
      Object.entries(signatureOf(kernel).params).map(([name, type]) => [
        name,
        isEnum(type) ? fc.constantFrom(...enums[type]) : fc.integer({ min: 1, max: 64 }),
      ]),
    ),
  ) as fc.Arbitrary<Params>;

describe('the kernel table', () => {
  it('takes no entry that lacks a part', () => {
    assert.equal(typeof incomplete, 'function'); // the type checker has read it
  });

  it('says how much a call has to do, to C as to TypeScript', () => {
    for (const kernel of kernelNames) {
      const inC = new Function('p', `return ${workExpression(kernel).replaceAll(/\(double\)p->/g, 'p.')}`);
      fc.assert(
        fc.property(anyParams(kernel), (given) => {
          const work = workOf(kernel, given);
          assert.ok(work > 0, kernel);
          assert.equal(inC(given), work, kernel);
        }),
        { numRuns: 20 },
      );
    }
  });

  it('has each kernel in the list that says what threads may share', () => {
    const header = engineHeader();
    const list = header.slice(header.indexOf('#define ENGINE_WORK'));
    for (const kernel of kernelNames)
      assert.equal(
        list.includes(`, ${kernel.replaceAll('-', '_')}, `),
        signatureOf(kernel).split !== 'none',
        kernel,
      );
  });

  it('gives extents that are whole numbers of bytes for every operand', () => {
    for (const kernel of kernelNames)
      for (const [name, extentOf] of Object.entries(signatureOf(kernel).extent))
        fc.assert(
          fc.property(anyParams(kernel), (given) => {
            // Channels divide into groups, and a piece is no longer than its layer.
            const panels = Math.ceil(Number(given['outC'] ?? given['n'] ?? 0) / PANEL);
            const regions = extentOf({ ...given, groups: 1, panel0: 0, panels });
            for (const one of regions) assert.ok(Number.isInteger(span(one)), `${name} of ${kernel}`);
          }),
          { numRuns: 20 },
        );
  });
});

describe('layouts', () => {
  it('of panels in f32 are a row of biases, then the rows', () => {
    assert.deepEqual(panelBytesOf('f32'), { fixed: 64, perBlock: 0, perRow: 64 });
    assert.equal(panelHeadBytes('f32', 100), 64);
    assert.equal(panelBytes('f32', 100), 101 * 64);
    assert.match(engineHeader(), /#define PANEL_F32_BYTES\(depth\) \(PANEL_F32_HEAD\(depth\) \+ 64 \* /);
  });
});
