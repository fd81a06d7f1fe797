/** WAV files (RIFF; Multimedia Programming Interface and Data Specifications 1.0, 1991): PCM of 8 to 32 bits, and floats. */
import { readFileSync, writeFileSync } from 'node:fs';

export interface Recording {
  /** Samples in a second. */
  readonly rate: number;
  /** One channel, the mean of all, from −1 to 1. */
  readonly samples: Float32Array;
}

const PCM = 1;
const FLOAT = 3;
/** The format stands in the first word of a GUID. */
const EXTENSIBLE = 0xfffe;

interface Format {
  readonly kind: number;
  readonly channels: number;
  readonly rate: number;
  readonly bits: number;
}

export function readWav(path: string): Recording {
  const bytes = readFileSync(path);
  const refused = (why: string): Error => new Error(`${path}: ${why}`);
  if (bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WAVE')
    throw refused('expected a WAV file');
  let format: Format | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const name = bytes.toString('latin1', at, at + 4);
    const end = Math.min(bytes.length, at + 8 + bytes.readUInt32LE(at + 4));
    const chunk = bytes.subarray(at + 8, end);
    if (name === 'fmt ') {
      if (chunk.length < 16) throw refused('the format is cut short');
      const kind = chunk.readUInt16LE(0);
      format = {
        kind: kind === EXTENSIBLE && chunk.length >= 26 ? chunk.readUInt16LE(24) : kind,
        channels: chunk.readUInt16LE(2),
        rate: chunk.readUInt32LE(4),
        bits: chunk.readUInt16LE(14),
      };
    }
    if (name === 'data') {
      if (format === undefined) throw refused('samples stand before their format');
      const sample = sampleReader(format);
      if (sample === null || format.channels === 0 || format.rate === 0)
        throw refused(`expected PCM or floats, got format ${format.kind} of ${format.bits} bits`);
      return { rate: format.rate, samples: mixed(chunk, format, sample) };
    }
    // Chunks begin at even addresses.
    at = end + (end % 2);
  }
  throw refused('has no samples');
}

type SampleReader = (chunk: Buffer, at: number) => number;

function sampleReader({ kind, bits }: Format): SampleReader | null {
  if (kind === FLOAT && bits === 32) return (chunk, at) => chunk.readFloatLE(at);
  if (kind === FLOAT && bits === 64) return (chunk, at) => chunk.readDoubleLE(at);
  if (kind !== PCM) return null;
  // Eight bits have no sign.
  if (bits === 8) return (chunk, at) => (chunk[at]! - 128) / 128;
  if (bits !== 16 && bits !== 24 && bits !== 32) return null;
  return (chunk, at) => chunk.readIntLE(at, bits / 8) / 2 ** (bits - 1);
}

function mixed(chunk: Buffer, { channels, bits }: Format, sample: SampleReader): Float32Array {
  const width = bits / 8;
  const result = new Float32Array(Math.floor(chunk.length / (width * channels)));
  for (let i = 0; i < result.length; i++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++)
      sum += sample(chunk, (i * channels + channel) * width);
    result[i] = sum / channels;
  }
  return result;
}

/** Writes one channel of 16 bits. */
export function writeWav(path: string, { rate, samples }: Recording): void {
  const bytes = Buffer.alloc(44 + 2 * samples.length);
  bytes.write('RIFF', 0, 'latin1');
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write('WAVEfmt ', 8, 'latin1');
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(PCM, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(2 * rate, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36, 'latin1');
  bytes.writeUInt32LE(2 * samples.length, 40);
  for (const [i, sample] of samples.entries())
    bytes.writeInt16LE(Math.round(Math.max(-1, Math.min(1, sample)) * 32_767), 44 + 2 * i);
  writeFileSync(path, bytes);
}

/** At another rate: each sample is the mean of those it stands for, or lies between two. */
export function resampled({ rate, samples }: Recording, to: number): Float32Array {
  if (rate === to) return samples;
  const step = rate / to;
  const result = new Float32Array(Math.floor(samples.length / step));
  for (let i = 0; i < result.length; i++) {
    const [from, end] = [i * step, (i + 1) * step];
    if (step <= 1) {
      const [low, part] = [Math.floor(from), from % 1];
      result[i] = samples[low]! * (1 - part) + (samples[low + 1] ?? samples[low]!) * part;
      continue;
    }
    let sum = 0;
    let weight = 0;
    for (let at = Math.floor(from); at < Math.min(end, samples.length); at++) {
      const share = Math.min(end, at + 1) - Math.max(from, at);
      sum += share * samples[at]!;
      weight += share;
    }
    result[i] = sum / weight;
  }
  return result;
}
