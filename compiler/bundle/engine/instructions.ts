/**
 * What a function's code refers to: the functions it calls, and the integers it mentions, which may be places of
 * functions in the table. Every instruction must be walked for that, since only its opcode tells how many bytes follow
 * (WebAssembly core specification, 5.4, with the threads and relaxed SIMD proposals). An unknown opcode is refused,
 * never guessed at.
 */
import { malformed, type WasmCursor } from '../../../runtime/engine/wasm-cursor.ts';

export interface References {
  /** Indices of functions. */
  readonly calls: Set<number>;
  /** Constants of 32 bits. */
  readonly integers: Set<number>;
}

/** What follows an opcode. */
type Immediates = (cursor: WasmCursor, into: References) => void;

const none: Immediates = () => {};
const index: Immediates = (cursor) => cursor.skipNumber();
const twoIndices: Immediates = (cursor) => {
  cursor.skipNumber();
  cursor.skipNumber();
};
const bytes =
  (count: number): Immediates =>
  (cursor) =>
    cursor.skip(count);
const call: Immediates = (cursor, into) => {
  into.calls.add(cursor.number());
};
const integer: Immediates = (cursor, into) => {
  into.integers.add(cursor.signedNumber());
};
const branchTable: Immediates = (cursor) => {
  for (let left = cursor.number(); left >= 0; left--) cursor.skipNumber();
};
const typesOfSelect: Immediates = (cursor) => cursor.skip(cursor.number());
/** Alignment and offset. Bit 6 of the alignment would say that the index of a memory follows. */
const memory: Immediates = (cursor) => {
  if ((cursor.number() & 64) !== 0) throw malformed('it has several memories');
  cursor.skipNumber();
};
const memoryAndLane: Immediates = (cursor, into) => {
  memory(cursor, into);
  cursor.skip(1);
};

type Range = readonly [first: number, last: number, immediates: Immediates];

const plain: readonly Range[] = [
  [0x00, 0x01, none], // unreachable, nop
  [0x02, 0x04, index], // block, loop, if: a type
  [0x05, 0x05, none], // else
  [0x0b, 0x0b, none], // end
  [0x0c, 0x0d, index], // br, br_if
  [0x0e, 0x0e, branchTable],
  [0x0f, 0x0f, none], // return
  [0x10, 0x10, call],
  [0x11, 0x11, twoIndices], // call_indirect: a type, a table
  [0x1a, 0x1b, none], // drop, select
  [0x1c, 0x1c, typesOfSelect],
  [0x20, 0x26, index], // local, global, table
  [0x28, 0x3e, memory],
  [0x3f, 0x40, index], // memory.size, memory.grow
  [0x41, 0x41, integer], // i32.const
  [0x42, 0x42, index], // i64.const
  [0x43, 0x43, bytes(4)], // f32.const
  [0x44, 0x44, bytes(8)], // f64.const
  [0x45, 0xc4, none], // numeric
  [0xd0, 0xd0, index], // ref.null
  [0xd1, 0xd1, none], // ref.is_null
  [0xd2, 0xd2, call], // ref.func: whoever holds it may call it
];

/** Opcodes behind a prefix byte. */
const prefixed: Readonly<Record<number, readonly Range[]>> = {
  // saturating conversions, bulk memory
  252: [
    [0, 7, none],
    [8, 8, twoIndices], // memory.init
    [9, 9, index], // data.drop
    [10, 10, twoIndices], // memory.copy
    [11, 11, index], // memory.fill
    [12, 12, twoIndices], // table.init
    [13, 13, index], // elem.drop
    [14, 14, twoIndices], // table.copy
    [15, 17, index], // table.grow, size, fill
  ],
  // vectors
  253: [
    [0, 11, memory],
    [12, 13, bytes(16)], // v128.const, i8x16.shuffle
    [14, 20, none], // swizzle, splats
    [21, 34, bytes(1)], // a lane
    [35, 83, none],
    [84, 91, memoryAndLane],
    [92, 93, memory],
    [94, 0x113, none], // relaxed ones from 0x100 on
  ],
  // atomics
  254: [
    [0, 2, memory],
    [3, 3, bytes(1)], // fence
    [16, 78, memory],
  ],
};

const find = (ranges: readonly Range[], opcode: number): Immediates => {
  const found = ranges.find(([first, last]) => opcode >= first && opcode <= last);
  if (found === undefined) throw malformed(`unknown opcode 0x${opcode.toString(16)}`);
  return found[2];
};

/** By opcode of one byte. */
const table = Array.from({ length: 256 }, (_, opcode): Immediates => {
  const ranges = prefixed[opcode];
  if (ranges !== undefined) return (cursor, into) => find(ranges, cursor.number())(cursor, into);
  return (cursor, into) => find(plain, opcode)(cursor, into);
});

/** Of a function body: its locals, then instructions up to where the cursor ends. */
export function referencesOf(body: WasmCursor): References {
  const into: References = { calls: new Set(), integers: new Set() };
  for (let groups = body.number(); groups > 0; groups--) {
    body.skipNumber();
    body.skip(1);
  }
  while (!body.done) table[body.byte()]!(body, into);
  return into;
}
