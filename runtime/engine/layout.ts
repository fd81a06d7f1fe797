/**
 * Where everything lies in the engine's memory. It is a pure function of what the manifest says. So the compiler knows
 * the bytes held beside the arena (`fixedBytes`) before the engine exists, and the runtime allocates exactly that.
 *
 * In this order: engine's own words and stack · address table · segment states · program · further threads' stacks · the
 * ring that traced threads record in · arena.
 */
import { alignUp } from '../format/alignment.ts';
import { TRACE_EVENT_BYTES, TRACE_HEADER_BYTES } from './trace-rows.ts';

export const WASM_PAGE_BYTES = 65536;
/** Room for the engine's stack and statics; the linker's `__heap_base` must not lie above. */
export const ENGINE_BYTES = 2 * WASM_PAGE_BYTES;
/** Stack of each thread after the first, whose stack is the engine's own. */
export const STACK_BYTES = 32768;
const LINE_BYTES = 64;

export interface LayoutSizes {
  /** Value ids, including id 0. */
  readonly values: number;
  readonly segments: number;
  readonly programWords: number;
}

/** Byte addresses; `stackTops[t]` is where thread t + 1's stack begins, growing down. */
export interface Layout {
  readonly addresses: number;
  readonly states: number;
  readonly program: number;
  readonly stackTops: readonly number[];
  /** 0: there is none. */
  readonly trace: number;
  readonly arena: number;
  readonly pages: number;
}

export function layoutOf(sizes: LayoutSizes, arenaBytes: number, threads = 1, traceEvents = 0): Layout {
  let end = ENGINE_BYTES;
  const place = (bytes: number): number => {
    const address = end;
    end = alignUp(end + bytes, LINE_BYTES);
    return address;
  };
  const addresses = place(8 * sizes.values);
  const states = place(4 * sizes.segments);
  const program = place(4 * sizes.programWords);
  const stackTops = Array.from({ length: threads - 1 }, () => place(STACK_BYTES) + STACK_BYTES);
  const trace = traceEvents === 0 ? 0 : place(TRACE_HEADER_BYTES + TRACE_EVENT_BYTES * traceEvents);
  const arena = alignUp(end, WASM_PAGE_BYTES);
  return {
    addresses,
    states,
    program,
    stackTops,
    trace,
    arena,
    pages: Math.ceil((arena + arenaBytes) / WASM_PAGE_BYTES),
  };
}

/**
 * What one thread's engine holds beside the arena, including the rest of the last page: `Manifest.fixedBytes`.
 * A further thread costs its stack and, on Node, about 10 MB for its isolate.
 */
export const fixedBytesOf = (sizes: LayoutSizes): number => layoutOf(sizes, 0).arena + WASM_PAGE_BYTES;
