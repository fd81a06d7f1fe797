/** safetensors files, right and wrong, from their parts. */
import { writeFileSync } from 'node:fs';

export interface Entry {
  readonly dtype?: unknown;
  readonly shape?: unknown;
  readonly data_offsets?: unknown;
}

/** Length, header and buffer; `header` is JSON text, or an object to be written as such. */
export function safetensorsBytes(
  header: string | Readonly<Record<string, unknown>>,
  buffer: Uint8Array = new Uint8Array(0),
  length?: bigint,
): Uint8Array {
  const text = typeof header === 'string' ? header : JSON.stringify(header);
  const json = new TextEncoder().encode(text);
  const bytes = new Uint8Array(8 + json.length + buffer.length);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(buffer, 8 + json.length);
  return bytes;
}

export interface Numbers {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** A file of float32 tensors, in the order given. */
export function writeFloats(path: string, tensors: Readonly<Record<string, Numbers>>): void {
  const header: Record<string, Entry> = {};
  const values: number[] = [];
  for (const [name, tensor] of Object.entries(tensors)) {
    const begin = 4 * values.length;
    values.push(...tensor.values);
    header[name] = { dtype: 'F32', shape: tensor.shape, data_offsets: [begin, 4 * values.length] };
  }
  const buffer = new Uint8Array(Float32Array.from(values).buffer);
  writeFileSync(path, safetensorsBytes(header as Record<string, unknown>, buffer));
}
