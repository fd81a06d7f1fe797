/**
 * Weights in panels: the parameters that say which run of panels a kernel call does, and the checks that decide
 * whether a node's weights can be packed at all. Lowering always emits the whole layer; partition cuts it.
 */
import { PANEL } from '../../../runtime/kernels/table.ts';
import type { Attrs, TypedConstant } from '../../ir/constant.ts';
import type { TensorType } from '../../ir/types.ts';
import type { LowerContext, PackedWeight } from '../define/op.ts';

export type PanelWeight = Extract<PackedWeight, { layout: 'panels' }>;

/** Panels of the whole layer; a group begins a panel of its own. */
export const panelCount = ({ groups, channels }: Pick<PanelWeight, 'groups' | 'channels'>): number =>
  groups * Math.ceil(channels / PANEL);

export const wholeLayer = (weight: PanelWeight) => ({ panel0: 0, panels: panelCount(weight) });

/**
 * Weight and bias of a node that can be packed: the weight is constant, and the bias is constant or absent.
 * Otherwise null.
 */
export function packable(
  context: Pick<LowerContext<Attrs>, 'inputs' | 'constant'>,
  weightInput: number,
  biasInput: number,
): { readonly weight: TypedConstant; readonly bias: TypedConstant | null } | null {
  const weight = context.constant(weightInput);
  if (weight === null) return null;
  if (!context.inputs[biasInput]) return { weight, bias: null };
  const bias = context.constant(biasInput);
  return bias && { weight, bias };
}

/** Kernels named f32 read and write nothing else. */
export const allFloat32 = (...types: readonly (TensorType | null | undefined)[]): boolean =>
  types.every((type) => !type || type.dtype === 'float32');
