/**
 * Leaves the kernels out of an engine that a network does not call. There is no compiler on the user's machine, so the
 * linked module is rewritten: the bodies of these kernels, and of functions that nothing else reaches, become one
 * `unreachable`. Indices stay as they are, so nothing else changes but the custom sections: names and notes of the
 * linker go, the list of the kernels that are left comes (`runtime/engine/held-kernels.ts`). The same module and
 * kernels give the same bytes.
 */
import { encodeKernels, HELD_KERNELS_SECTION } from '../../../runtime/engine/held-kernels.ts';
import { PREAMBLE_BYTES, WasmCursor } from '../../../runtime/engine/wasm-cursor.ts';
import { MillraceError } from '../../../runtime/error.ts';
import { kernelNames } from '../../../runtime/kernels/table.ts';
import { referencesOf } from './instructions.ts';
import { sectionIds, WasmModule } from './module.ts';

/** No locals; `unreachable`; the end. */
const TRAP = Uint8Array.of(3, 0, 0x00, 0x0b);

export function stripEngine(bytes: Uint8Array, kept: ReadonlySet<string>): Uint8Array {
  const module = new WasmModule(bytes);
  const reached = reachedFunctions(module, kernelFunctions(module, kept));
  const imported = module.importedFunctions();
  const code = module.bodies().map(({ start, end }, i) => {
    const body = bytes.subarray(start, end);
    return reached.has(imported + i) ? concat([encodeNumber(body.length), body]) : TRAP;
  });
  const parts: Uint8Array[] = [bytes.subarray(0, PREAMBLE_BYTES)];
  for (const { id, start, end } of module.sections) {
    if (id === sectionIds.CUSTOM) continue;
    parts.push(
      section(
        id,
        id === sectionIds.CODE ? [encodeNumber(code.length), ...code] : [bytes.subarray(start, end)],
      ),
    );
  }
  parts.push(
    section(sectionIds.CUSTOM, [
      encodeText(HELD_KERNELS_SECTION),
      new TextEncoder().encode(encodeKernels(kept)),
    ]),
  );
  return concat(parts);
}

interface KernelFunctions {
  /** The function that calls kernels as the program says. */
  readonly dispatch: number;
  /** Functions of the kernels that the program never calls. Others may: a product is a convolution of one pixel. */
  readonly unused: ReadonlySet<number>;
}

function kernelFunctions(module: WasmModule, kept: ReadonlySet<string>): KernelFunctions {
  const indices = new Map([...module.names()].map(([index, name]) => [name, index]));
  const find = (name: string): number => {
    const index = indices.get(name);
    if (index !== undefined) return index;
    throw new MillraceError('INTERNAL', `the engine has no function ${name}`, {
      at: 'engine.wasm',
      hint: 'Build the engine with its names: npm run build:engine.',
    });
  };
  // As C calls a kernel's function.
  const functions = kernelNames.map((name) => [name, find(`kernel_${name.replaceAll('-', '_')}`)] as const);
  const unused = functions.filter(([name]) => !kept.has(name)).map(([, index]) => index);
  return { dispatch: find('run_kernel'), unused: new Set(unused) };
}

/**
 * Functions that can run: what entries call, what these call, and so on. A function in the table counts as called where
 * its place there is mentioned, as a constant of the code or in the data: there is no other way to come by it. The
 * linker lets places begin at an odd number, so that few other constants look like one.
 */
function reachedFunctions(module: WasmModule, { dispatch, unused }: KernelFunctions): Set<number> {
  const imported = module.importedFunctions();
  const bodies = module.bodies();
  const table = module.table();
  const placed = (words: Iterable<number>): number[] =>
    [...words].flatMap((word) => (table.has(word) ? [table.get(word)!] : []));
  const reached = new Set<number>();
  const open = [...module.entries(), ...placed(module.dataWords())];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    if (reached.has(index)) continue;
    reached.add(index);
    const body = bodies[index - imported];
    if (body === undefined) continue; // an import
    const { calls, integers } = referencesOf(new WasmCursor(module.bytes, body.start, body.end));
    for (const call of calls) if (index !== dispatch || !unused.has(call)) open.push(call);
    open.push(...placed(integers));
  }
  return reached;
}

function encodeNumber(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Uint8Array.of(...bytes, rest);
}

function encodeText(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  return concat([encodeNumber(bytes.length), bytes]);
}

function section(id: number, content: readonly Uint8Array[]): Uint8Array {
  const bytes = concat(content);
  return concat([Uint8Array.of(id), encodeNumber(bytes.length), bytes]);
}

const concat = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
