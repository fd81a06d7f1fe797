/**
 * The encoder of Whisper (Radford et al. 2022, arXiv 2212.04356): two convolutions over a spectrogram of mel bands, of
 * which the second halves the frames, then a transformer. Positions are a constant, and no parameter.
 */
import { defineModel, expectShapeOf, tensor } from 'millrace';
import { add, conv1d, gelu, sinusoids } from 'millrace/layers';
import { transformer } from './blocks/transformer.ts';

export interface WhisperSizes<F extends number, M extends number, W extends number> {
  /** 100 to a second. */
  readonly frames: F;
  readonly bands: M;
  readonly layers: number;
  readonly width: W;
  readonly heads: number;
}

export const whisperEncoder = <const F extends number, const M extends number, const W extends number>(
  name: string,
  { frames, bands, layers, width, heads }: WhisperSizes<F, M, W>,
) =>
  defineModel(name, { mel: tensor('float32', [1, frames, bands]) }, ({ mel }) => {
    const wide = gelu(conv1d(mel, { name: 'conv1', filters: width, kernel: 3, padding: 1 }));
    const half = gelu(conv1d(wide, { name: 'conv2', filters: width, kernel: 3, stride: 2, padding: 1 }));
    const placed = expectShapeOf(add(half, sinusoids(half.dim(1), width)), half);
    return { states: transformer(placed, layers, { heads, keyBias: false }) };
  });

/** 30 seconds. */
export const whisperTinyEncoder = () =>
  whisperEncoder('whisper_tiny_encoder', { frames: 3000, bands: 80, layers: 4, width: 384, heads: 6 });
