/** What both engines are opened with, and what both ask of it. */
import type { Executor } from './engine/executor.ts';
import type { PlanChoice } from './format/choose.ts';
import type { CheckFile } from './format/files.ts';
import type { Manifest } from './format/format.ts';
import { layerAt, layersByStep } from './format/layers.ts';
import type { CheckedOptions } from './options.ts';
import type { BundleParts, Platform } from './parts.ts';
import type { LayerOf } from './pipeline/trace.ts';
import type { SourceWish } from './weights/source.ts';

export interface Opening {
  readonly bundle: BundleParts;
  readonly platform: Platform;
  readonly options: CheckedOptions;
  readonly manifest: Manifest;
  readonly choice: PlanChoice;
  readonly executor: Executor;
  readonly program: Int32Array;
  readonly check: CheckFile;
}

/** Resident weights are read once: the file cache may help then, and nothing is gained by going around it. */
export const sourceFor = ({ options: { source }, choice: { mode } }: Opening): SourceWish =>
  source === 'auto' && mode === 'resident' ? 'file' : source;

/** The layer of a step, or the first that uses a segment. */
export function layersOf({ manifest }: Opening): LayerOf {
  const layers = layersByStep(manifest.layers, manifest.steps);
  return (what, id) => {
    if (what === 'run') return '';
    return layers[what === 'step' || what === 'work' ? id : manifest.segments[id]!.firstUse]?.name ?? '';
  };
}

/** What is computed at a step, for errors. */
export const namesOf =
  ({ manifest }: Opening) =>
  (step: number): string => {
    const layer = layerAt(manifest.layers, step);
    return layer === undefined ? `step ${step}` : `${layer.op} "${layer.name}"`;
  };
