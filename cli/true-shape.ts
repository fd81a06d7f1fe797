/** The shape of a result: that of its port, or where it depends on data, what the output beside it says. */
import { elementCount, type TypedArray } from '../runtime/format/dtype.ts';

export function trueShape(
  port: { readonly name: string; readonly shape: readonly number[] },
  outputs: Readonly<Record<string, TypedArray>>,
): readonly number[] {
  const said = outputs[`${port.name}.shape`];
  if (said === undefined || outputs[port.name]!.length === elementCount(port.shape)) return port.shape;
  return Array.from(said as ArrayLike<number | bigint>, Number);
}
