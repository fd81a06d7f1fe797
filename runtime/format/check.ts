/**
 * What the fields of a manifest must say of each other before it is believed. Segments lie in the file in order and
 * apart. Plans put them inside their peak and read them in order and before their use. Every value has one place.
 * Types and ranges of single fields have been checked by `read.ts`.
 */
import { type DType, elementCount, elementSize } from './dtype.ts';
import { invalid } from './fields.ts';
import {
  type Manifest,
  type Plan,
  type Port,
  RESIDENT,
  SEGMENT_ALIGNMENT,
  VALUE_ALIGNMENT,
} from './format.ts';

export function checkManifest(manifest: Manifest): void {
  checkPorts(manifest.inputs, 'inputs');
  checkPorts(manifest.outputs, 'outputs');
  checkLayers(manifest);
  checkSegments(manifest);
  const isWeight = checkWeights(manifest);
  if (manifest.plans.length === 0) throw invalid('plans', 'no plan', 'at least one', manifest.plans);
  let peak = 0;
  for (const [i, plan] of manifest.plans.entries()) {
    if (plan.peakBytes < peak)
      throw invalid(`plans[${i}].peakBytes`, 'plans out of order', `${peak} or more`, plan.peakBytes);
    peak = plan.peakBytes;
    const held = plan.arenaBytes + manifest.fixedBytes;
    if (peak !== held)
      throw invalid(`plans[${i}].peakBytes`, 'not arena and fixed part', `${held}`, plan.peakBytes);
    checkPlan(manifest, plan, `plans[${i}]`, isWeight);
  }
}

function checkPorts(ports: readonly Port[], at: string): void {
  const names = new Set<string>();
  for (const [i, port] of ports.entries()) {
    if (names.has(port.name)) throw invalid(`${at}[${i}].name`, 'name used twice', 'unique names', port.name);
    names.add(port.name);
    const bytes = elementCount(port.shape) * elementSize(port.dtype as DType);
    if (port.sized !== undefined && ports[port.sized]?.dtype !== 'int64')
      throw invalid(`${at}[${i}].sized`, 'no shape', 'int64', port.sized);
    if (port.byteLength !== bytes)
      throw invalid(`${at}[${i}].byteLength`, 'does not fit the shape', `${bytes}`, port.byteLength);
  }
}

function checkLayers(manifest: Manifest): void {
  for (const [i, layer] of manifest.layers.entries())
    if (layer.firstStep + layer.steps > manifest.steps)
      throw invalid(
        `layers[${i}]`,
        'steps past the end',
        `at most ${manifest.steps}`,
        layer.firstStep + layer.steps,
      );
}

function checkSegments({ segments, weightsFileBytes }: Manifest): void {
  let end = 0;
  let use = 0;
  for (const [i, segment] of segments.entries()) {
    aligned(segment.offset, SEGMENT_ALIGNMENT, () => `segments[${i}].offset`);
    aligned(segment.byteLength, SEGMENT_ALIGNMENT, () => `segments[${i}].byteLength`);
    if (segment.offset < end)
      throw invalid(`segments[${i}].offset`, 'segments overlap', `${end} or more`, segment.offset);
    // Neither sum can lose precision: both terms are multiples of 4096 below 2^53.
    end = segment.offset + segment.byteLength;
    if (end > weightsFileBytes)
      throw invalid(`segments[${i}]`, 'outside weights.bin', `at most ${weightsFileBytes}`, end);
    if (segment.firstUse < use)
      throw invalid(`segments[${i}].firstUse`, 'segments out of order', `${use} or more`, segment.firstUse);
    use = segment.firstUse;
    if (segment.lastUse < use)
      throw invalid(`segments[${i}].lastUse`, 'before the first use', `${use} or more`, segment.lastUse);
  }
}

/** Which value ids are weights. */
function checkWeights({ weights, segments, values }: Manifest): Uint8Array {
  const isWeight = new Uint8Array(values);
  for (const [i, { value, segment, offset }] of weights.entries()) {
    if (isWeight[value] === 1) throw invalid(`weights[${i}].value`, 'value placed twice', 'one place', value);
    isWeight[value] = 1;
    aligned(offset, VALUE_ALIGNMENT, () => `weights[${i}].offset`);
    const { byteLength } = segments[segment]!;
    if (offset >= byteLength)
      throw invalid(`weights[${i}].offset`, 'outside its segment', `< ${byteLength}`, offset);
  }
  return isWeight;
}

function checkPlan(manifest: Manifest, plan: Plan, at: string, isWeight: Uint8Array): void {
  let issue = -1;
  for (const [s, segment] of manifest.segments.entries()) {
    const offset = plan.segmentOffsets[s]!;
    aligned(offset, SEGMENT_ALIGNMENT, () => `${at}.segmentOffsets[${s}]`);
    if (offset + segment.byteLength > plan.arenaBytes)
      throw invalid(
        `${at}.segmentOffsets[${s}]`,
        'outside the arena',
        `end at most ${plan.arenaBytes}`,
        offset,
      );
    const issued = plan.issue[s]!;
    if (issued === RESIDENT) continue;
    if (issued < issue) throw invalid(`${at}.issue[${s}]`, 'reads out of order', `${issue} or more`, issued);
    if (issued >= segment.firstUse)
      throw invalid(`${at}.issue[${s}]`, 'read after its first use', `< ${segment.firstUse}`, issued);
    issue = issued;
  }
  checkResidents(manifest, plan, at);
  for (const [value, offset] of plan.valueOffsets.entries())
    if (offset !== -1 && (value === 0 || isWeight[value] === 1))
      throw invalid(`${at}.valueOffsets[${value}]`, 'not an activation', '-1', offset);
  for (const port of [...manifest.inputs, ...manifest.outputs]) {
    if (isWeight[port.value] === 1) continue; // an output that is a constant lies in a segment
    const offset = plan.valueOffsets[port.value]!;
    if (offset === -1 || offset + port.byteLength > plan.arenaBytes)
      throw invalid(
        `${at}.valueOffsets[${port.value}]`,
        `"${port.name}" outside the arena`,
        'a place in it',
        offset,
      );
  }
  for (const [i, { value, byteLength }] of manifest.lifetimes.entries()) {
    const offset = plan.valueOffsets[value]!;
    if (offset === -1 || offset + byteLength > plan.arenaBytes)
      throw invalid(
        `${at}.valueOffsets[${value}]`,
        `lifetimes[${i}] outside the arena`,
        'a place in it',
        offset,
      );
  }
}

/** A resident segment is read once: nothing else of the weights may ever lie where it does. */
function checkResidents({ segments }: Manifest, plan: Plan, at: string): void {
  const order = segments.map((_, s) => s).sort((a, b) => plan.segmentOffsets[a]! - plan.segmentOffsets[b]!);
  let residentEnd = 0;
  let end = 0;
  for (const s of order) {
    const offset = plan.segmentOffsets[s]!;
    const resident = plan.issue[s] === RESIDENT;
    if (offset < (resident ? end : residentEnd))
      throw invalid(`${at}.segmentOffsets[${s}]`, 'overlaps a resident segment', `${end} or more`, offset);
    end = Math.max(end, offset + segments[s]!.byteLength);
    if (resident) residentEnd = end;
  }
}

/** Where it stands is only worked out when it is wrong. */
function aligned(value: number, alignment: number, at: () => string): void {
  if (value % alignment !== 0) throw invalid(at(), 'not aligned', `a multiple of ${alignment}`, value);
}
