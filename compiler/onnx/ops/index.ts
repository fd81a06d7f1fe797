/** The ops of ONNX, by family: the one list that importer, exporter, conformance and documentation read. */
import type { OpName } from '../../ops/index.ts';
import { activations } from './activations.ts';
import { attentions } from './attention.ts';
import { contribAttention } from './attention-contrib.ts';
import { bits } from './bits.ts';
import { blocks } from './blocks.ts';
import { causalConvs } from './causal-conv.ts';
import { constant } from './constant.ts';
import { control } from './control.ts';
import type { defineOnnx, ExportEntry, ImportEntry } from './define.ts';
import { products } from './einsum.ts';
import { elementwise } from './elementwise.ts';
import { experimental } from './experimental.ts';
import { fused } from './fused.ts';
import { groupNorms } from './group-norms.ts';
import { indexing } from './indexing.ts';
import { linear } from './linear.ts';
import { losses } from './losses.ts';
import { movement } from './movement.ts';
import { normalization } from './normalization.ts';
import { packedWeights } from './packed-weights.ts';
import { pooling } from './pooling.ts';
import { quantize } from './quantize.ts';
import { quantizedProducts } from './quantized.ts';
import { quantizedFunctions } from './quantized-functions.ts';
import { recurrent } from './recurrent.ts';
import { reduction } from './reduction.ts';
import { resize } from './resize.ts';
import { rotary } from './rotary.ts';
import { rowNorms } from './row-norms.ts';
import { sampling } from './sampling.ts';
import { selection } from './selection.ts';
import { shape } from './shape.ts';
import { signal } from './signal.ts';

type Family = ReturnType<typeof defineOnnx>;
type Written<F> = F extends { readonly exports: infer E } ? keyof E : never;
type Unwritten<F extends readonly Family[]> = Exclude<OpName, Written<F[number]>>;

/** Does not compile where our ops include one that no family says how to write; the error names it. */
const whole = <const F extends readonly Family[]>(
  list: F & ([Unwritten<F>] extends [never] ? unknown : { readonly unwritten: Unwritten<F> }),
): readonly Family[] => list;

const families = whole([
  activations,
  attentions,
  bits,
  blocks,
  causalConvs,
  constant,
  control,
  contribAttention,
  elementwise,
  experimental,
  fused,
  groupNorms,
  indexing,
  linear,
  losses,
  movement,
  normalization,
  packedWeights,
  pooling,
  products,
  quantize,
  quantizedFunctions,
  quantizedProducts,
  recurrent,
  reduction,
  resize,
  rotary,
  rowNorms,
  sampling,
  selection,
  shape,
  signal,
]);

const imports: ReadonlyMap<string, ImportEntry> = new Map(
  families.flatMap((family) =>
    Object.entries(family.imports).map(([name, entry]) => [
      name,
      typeof entry === 'function' ? { import: entry } : entry,
    ]),
  ),
);

/** What is known of an op; `domain` is '' for the default one. */
export const entryOf = (domain: string, op: string): ImportEntry | undefined =>
  imports.get(domain === '' ? op : `${domain}:${op}`);

/** Names of the ONNX ops that can be imported, in order. */
export const importedOps: readonly string[] = [...imports.keys()].sort();

const exports: ReadonlyMap<string, ExportEntry | null> = new Map(
  families.flatMap((family) =>
    Object.entries(family.exports).map(([name, entry]) => [
      name,
      typeof entry === 'function' ? { export: entry } : entry,
    ]),
  ),
);

/** How one of our ops is written, or null where it is no node in ONNX. */
export const exportOf = (op: string): ExportEntry | null => exports.get(op) ?? null;
