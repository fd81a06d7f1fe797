/** Kinds of layers by the names of their sections. */
import type { LayerKind } from '../layer.ts';
import { connected } from './connected.ts';
import { convolutional } from './convolutional.ts';
import { detection, region, yolo } from './detection.ts';
import { route, sam, scaleChannels, shortcut } from './joining.ts';
import { activation, batchnorm, crop, passive, softmax } from './pointwise.ts';
import { avgpool, localAvgpool, maxpool, upsample } from './pooling.ts';
import { reorg, reorg3d } from './reorg.ts';

const kinds: Readonly<Record<string, LayerKind>> = {
  convolutional,
  conv: convolutional,
  connected,
  conn: connected,
  maxpool,
  max: maxpool,
  local_avgpool: localAvgpool,
  avgpool,
  avg: avgpool,
  upsample,
  route,
  shortcut,
  sam,
  scale_channels: scaleChannels,
  reorg,
  reorg3d,
  crop,
  batchnorm,
  activation,
  softmax,
  soft: softmax,
  dropout: passive,
  cost: passive,
  yolo,
  region,
  detection,
};

export const kindOf = (type: string): LayerKind | undefined =>
  Object.hasOwn(kinds, type) ? kinds[type] : undefined;

export const kindNames: readonly string[] = Object.keys(kinds);
