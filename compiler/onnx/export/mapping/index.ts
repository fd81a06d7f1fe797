/** The exporters, by our op. One line per op, in the file of its family. */
import { opOf } from '../../../ops/index.ts';
import { convolution } from './convolution.ts';
import { dense } from './dense.ts';
import { elementwise } from './elementwise.ts';
import { type Exporter, plainly } from './exporter.ts';
import { movement } from './movement.ts';
import { normalize } from './normalize.ts';
import { pooling } from './pooling.ts';
import { recurrence } from './recurrent.ts';
import { reduction } from './reduction.ts';
import { resizing } from './resize.ts';

const exporters: ReadonlyMap<string, Exporter> = new Map(
  [convolution, dense, elementwise, movement, normalize, pooling, recurrence, reduction, resizing].flatMap(
    (family) => Object.entries(family),
  ),
);

/** Functions of one input need no line: they say themselves which function they are. */
const unary: Exporter = plainly((node) => {
  const activation = opOf(node.node.op).traits.activation?.(node.attrs);
  if (activation == null) return node.broken('is no function of one input');
  return [node.activate(node.input(0), activation)];
});

export function exporterOf(op: string): Exporter | undefined {
  return exporters.get(op) ?? (opOf(op).traits.activation === undefined ? undefined : unary);
}
