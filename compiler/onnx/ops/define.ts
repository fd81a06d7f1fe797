/**
 * What a family says of its ops, in both directions: how nodes of ONNX are imported, by their op, and how ours are
 * exported, by ours. Importer, exporter, conformance and documentation read these entries and know no op by name.
 */
import type { Attrs } from '../../ir/constant.ts';
import type { ValueId } from '../../ir/graph.ts';
import type { TensorType } from '../../ir/types.ts';
import type { AttrsOf, OpName } from '../../ops/index.ts';
import { type AxisOrder, channelsFirst } from '../export/axis-order.ts';
import type { ExportNode } from '../export/node.ts';
import type { ImportNode, Positions } from '../import/node.ts';

/** Adds our nodes for an ONNX node; returns the value of each of its outputs, null for one that is never wanted. */
export type Import<Operand extends string = never> = (
  node: ImportNode<Operand>,
) => readonly (ValueId | null)[];

export interface ImportEntry {
  readonly import: Import<string>;
  /** Operands that must be constant, with their positions: they say a shape, axes or a range. */
  readonly constants?: Positions;
  /** The result depends on the shape of the inputs alone, never on their elements. */
  readonly shapeOnly?: true;
}

/** An op with constant operands: its import can read those that are declared here, and no others. */
export const withConstants = <Operand extends string>(
  constants: Positions<Operand>,
  run: Import<Operand>,
): ImportEntry => ({ constants, import: run });

/** A method's type, so that the export of one op may stand in a list of exports of any: its key there is that op. */
interface Exporting<A extends Attrs> {
  run(node: ExportNode<A>): readonly string[];
}

/** Adds ONNX nodes for one of ours; returns the tensor of each output. */
export type Export<A extends Attrs = Attrs> = Exporting<A>['run'];

export interface ExportEntry<A extends Attrs = Attrs> {
  readonly export: Export<A>;
  /** Inputs whose axes ONNX has in another order than we, which all outputs then have too; null for no other. */
  readonly axes?: {
    readonly inputs: readonly number[];
    order(attrs: Attrs, x: TensorType): AxisOrder | null;
  };
  /** How it is written in any order of axes, if these inputs are constants: for where `axes` would cost transposes. */
  readonly anyOrder?: { readonly constants: readonly number[]; readonly export: Export<A> };
}

/** An op over images, whose channels are second in ONNX. */
export const onImages = <A extends Attrs>(
  run: Export<A>,
  inputs: readonly number[] = [0],
): ExportEntry<A> => ({
  export: run,
  axes: { inputs, order: (_attrs, x) => channelsFirst(x.shape.length) },
});

/**
 * No ONNX node: the op is an order of axes or another name for its input (`export/write-graph.ts`), or becomes a
 * constant itself where its inputs are constants.
 */
export const noNode = null;

type Imports = Readonly<Record<string, Import | ImportEntry>>;
type Exports = { readonly [N in OpName]?: Export<AttrsOf<N>> | ExportEntry<AttrsOf<N>> | typeof noNode };

export const defineOnnx = <const E extends Exports>(family: {
  /** By ONNX op: its name in the default domain, `domain:name` in others. */
  readonly imports: Imports;
  /** By our op; any other name does not compile. */
  readonly exports: E & Readonly<Record<Exclude<keyof E, OpName>, never>>;
}): { readonly imports: Imports; readonly exports: E } => family;
