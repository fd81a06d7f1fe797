/** The engine's memory: what the compiler is told it holds, and that its regions keep apart. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fixedBytesOf, layoutOf, STACK_BYTES, WASM_PAGE_BYTES } from '../../runtime/engine/layout.ts';
import { unshareMemory } from '../../runtime/engine/memory-import.ts';
import { TRACE_EVENT_BYTES, TRACE_HEADER_BYTES } from '../../runtime/engine/trace-rows.ts';
import { MillraceError } from '../../runtime/error.ts';
import { SEGMENT_ALIGNMENT } from '../../runtime/format/format.ts';

describe('layout of engine memory', () => {
  const sizes = fc.record({ values: fc.nat(5000), segments: fc.nat(500), programWords: fc.nat(100_000) });

  it('is within the bytes the manifest says, for one thread', () =>
    fc.assert(
      fc.property(sizes, fc.nat(2 ** 26), (given, peak) => {
        const { pages, arena } = layoutOf(given, peak);
        assert.ok(arena + peak <= pages * WASM_PAGE_BYTES);
        assert.ok(pages * WASM_PAGE_BYTES <= peak + fixedBytesOf(given));
      }),
    ));

  it('keeps tables, program, stacks and arena apart and aligned', () =>
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 8 }), fc.nat(100), (given, threads, events) => {
        const { addresses, states, program, stackTops, trace, arena } = layoutOf(
          given,
          4096,
          threads,
          events,
        );
        assert.equal(addresses % 8, 0);
        assert.equal(arena % SEGMENT_ALIGNMENT, 0);
        assert.ok(addresses + 8 * given.values <= states);
        assert.ok(states + 4 * given.segments <= program);
        let end = program + 4 * given.programWords;
        assert.equal(stackTops.length, threads - 1);
        for (const top of stackTops) {
          assert.equal(top % 16, 0);
          assert.ok(end <= top - STACK_BYTES);
          end = top;
        }
        assert.equal(trace % 8, 0);
        assert.equal(trace > 0, events > 0);
        if (events > 0) assert.ok(end <= trace);
        if (events > 0) end = trace + TRACE_HEADER_BYTES + TRACE_EVENT_BYTES * events;
        assert.ok(end <= arena);
      }),
    ));
});

describe('the memory import of the engine', () => {
  /** An import section: a function, a table, a global, then shared memory of 1 to 2 pages. */
  const entries = [
    [1, 101, 1, 102, 0, 0],
    [1, 101, 1, 116, 1, 0x70, 1, 1, 2],
    [1, 101, 1, 103, 3, 0x7f, 0],
    [1, 101, 1, 109, 2, 3, 1, 2],
  ];
  const imports = [entries.length, ...entries.flat()];
  const types = [1, 4, 1, 0x60, 0, 0];
  const module = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, ...types, 2, imports.length, ...imports);

  it('loses its shared flag, and nothing else changes', () => {
    assert.ok(WebAssembly.validate(module));
    const unshared = unshareMemory(module) as Uint8Array<ArrayBuffer>;
    assert.ok(WebAssembly.validate(unshared));
    const changes = [...unshared.keys()].filter((at) => unshared[at] !== module[at]);
    assert.deepEqual(changes, [module.length - 3]);
    assert.equal(unshared.at(-3), 1);
  });

  it('is a typed error to miss, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          unshareMemory(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, ...bytes));
        } catch (error) {
          assert.ok(error instanceof MillraceError);
        }
      }),
    );
  });
});
