/**
 * A voice for the example to find: pulses of a larynx through the resonances of vowels, hisses between them (source and
 * filter: Klatt, Software for a cascade/parallel formant synthesizer, JASA 67(3), 1980), in a room that is not quite still.
 */
import type { Recording } from './wav.ts';

const RATE = 16_000;
/** The first three resonances, in Hz (Peterson and Barney, JASA 24(2), 1952). */
const vowels = {
  a: [730, 1090, 2440],
  e: [530, 1840, 2480],
  i: [270, 2290, 3010],
  o: [570, 840, 2410],
  u: [300, 870, 2240],
} as const;

/** Vowel, and the pitch in Hz that it begins and ends with. */
type Syllable = readonly [vowel: keyof typeof vowels, from: number, to: number];
const phrase: readonly Syllable[] = [
  ['a', 120, 130],
  ['i', 140, 120],
  ['o', 125, 110],
  ['e', 130, 140],
  ['u', 120, 100],
];

/** Where the phrases stand in the recording, in seconds. */
export const spoken: readonly (readonly [from: number, to: number])[] = [
  [1, 3.5],
  [5, 6.25],
];

type Filter = (sample: number) => number;

function resonator(frequency: number, bandwidth: number): Filter {
  const radius = Math.exp((-Math.PI * bandwidth) / RATE);
  const c = -radius * radius;
  const b = 2 * radius * Math.cos((2 * Math.PI * frequency) / RATE);
  let [before, earlier] = [0, 0];
  return (sample) => {
    const next = (1 - b - c) * sample + b * before + c * earlier;
    [before, earlier] = [next, before];
    return next;
  };
}

const seconds = (length: number): number => Math.round(length * RATE);

/** Soft at both ends, which take so many seconds. */
const envelope = (i: number, count: number, rise: number, fall: number): number =>
  Math.min(1, i / seconds(rise), (count - i) / seconds(fall));

function vowel([name, from, to]: Syllable, noise: () => number): Float32Array {
  const filters = vowels[name].map((frequency, i) => resonator(frequency, [60, 90, 150][i]!));
  const breath = resonator(3500, 250);
  const result = new Float32Array(seconds(0.18));
  let phase = 0;
  for (let i = 0; i < result.length; i++) {
    const vibrato = 3 * Math.sin((2 * Math.PI * 5 * i) / RATE);
    phase += (from + ((to - from) * i) / result.length + vibrato) / RATE;
    const pulse = phase >= 1 ? 1 : 0;
    phase %= 1;
    const voiced = filters.reduce((sample, filter) => filter(sample), 8 * (pulse + 0.003 * noise()));
    result[i] = (voiced + 0.3 * breath(voiced)) * envelope(i, result.length, 0.03, 0.05);
  }
  return result;
}

function hiss(noise: () => number): Float32Array {
  const filter = resonator(4500, 1500);
  const result = new Float32Array(seconds(0.07));
  for (let i = 0; i < result.length; i++)
    result[i] = 0.3 * filter(noise()) * envelope(i, result.length, 0.0125, 0.0125);
  return result;
}

export function speak(): Recording {
  let seed = 1;
  const noise = (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 2 ** 31 - 1;
  };
  const samples = new Float32Array(seconds(8));
  for (const [from, to] of spoken) {
    let at = seconds(from);
    for (let n = 0; at < seconds(to); n++)
      for (const part of [hiss(noise), vowel(phrase[n % phrase.length]!, noise)]) {
        samples.set(part, at);
        at += part.length;
      }
  }
  const loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  return { rate: RATE, samples: samples.map((sample) => (0.5 * sample) / loudest + 0.001 * noise()) };
}
