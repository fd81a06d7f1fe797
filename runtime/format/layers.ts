/** Which layer a step belongs to. Layers follow each other, and a step of none (a copy before the first) is possible. */

/** Steps `firstStep` to `firstStep + steps − 1`. */
export interface StepRange {
  readonly firstStep: number;
  readonly steps: number;
}

/** The layer of one step. */
export const layerAt = <Layer extends StepRange>(layers: readonly Layer[], step: number): Layer | undefined =>
  layers.find(({ firstStep, steps }) => firstStep <= step && step < firstStep + steps);

/** The layers of all steps, for those who look up many. */
export function layersByStep<Layer extends StepRange>(
  layers: readonly Layer[],
  steps: number,
): readonly (Layer | undefined)[] {
  const found = Array.from({ length: steps }, (): Layer | undefined => undefined);
  for (const layer of layers) found.fill(layer, layer.firstStep, layer.firstStep + layer.steps);
  return found;
}
