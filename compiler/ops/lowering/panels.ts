/**
 * Weights in panels: the parameters that say which run of panels a kernel call does, and the checks that decide
 * whether a node's weights can be packed at all. Lowering always emits the whole layer; partition cuts it.
 */
import { panelCount, type StoredElement } from '../../../runtime/kernels/layouts.ts';
import type { Attrs } from '../../ir/constant.ts';
import type { TensorType } from '../../ir/types.ts';
import type { LowerContext, PackedWeight } from '../define/lowering.ts';

export type PanelWeight = Extract<PackedWeight, { layout: 'panels' }>;

export const wholeLayer = ({ groups, channels }: PanelWeight) => ({
  panel0: 0,
  panels: panelCount(groups, channels),
});

/**
 * Weight and bias of a node that can be packed: the weight is constant, and the bias is constant or absent.
 * Otherwise null.
 */
export function packable(
  context: Pick<LowerContext<Attrs>, 'inputs' | 'constant'>,
  weightInput: number,
  biasInput: number,
): Pick<PanelWeight, 'element' | 'weight' | 'bias'> | null {
  const weight = context.constant(weightInput);
  if (weight === null) return null;
  const element: StoredElement = 'f32';
  if (!context.inputs[biasInput]) return { element, weight, bias: null };
  const bias = context.constant(biasInput);
  return bias && { element, weight, bias };
}

/** Kernels named f32 read and write nothing else. */
export const allFloat32 = (...types: readonly (TensorType | null | undefined)[]): boolean =>
  types.every((type) => !type || type.dtype === 'float32');
