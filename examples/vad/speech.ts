/** Chunks go in, probabilities of speech come out, and from these the stretches that are speech. */

/** Samples in a second, as Silero VAD was taught. */
export const RATE = 16_000;
/** Samples that are new in a chunk, and those of the chunk before that stand in front of them. */
export const CHUNK = 512;
export const CONTEXT = 64;
/** Numbers in the state: [2, 1, 128]. */
export const STATE = 256;

/** Runs the network once; the state that comes back goes into the next run. */
export type Step = (
  input: Float32Array,
  state: Float32Array,
) => Promise<{ readonly probability: number; readonly state: Float32Array }>;

/** The probability of speech in each chunk of 32 ms; the last one is filled up with silence. */
export async function probabilities(samples: Float32Array, step: Step): Promise<number[]> {
  const result: number[] = [];
  const input = new Float32Array(CONTEXT + CHUNK);
  let state: Float32Array = new Float32Array(STATE);
  for (let at = 0; at < samples.length; at += CHUNK) {
    input.copyWithin(0, CHUNK);
    input.fill(0, CONTEXT);
    input.set(samples.subarray(at, at + CHUNK), CONTEXT);
    const next = await step(input, state);
    state = next.state;
    result.push(next.probability);
  }
  return result;
}

/** Speech begins above the one and ends below the other. */
const BEGINS = 0.5;
const ENDS = 0.35;
/** Chunks: a pause that is shorter is speech, speech that is shorter is noise. */
const SHORTEST_PAUSE = 4;
const SHORTEST_SPEECH = 6;

/** Stretches of speech, in seconds. */
export function stretches(chances: readonly number[]): [from: number, to: number][] {
  const found: [from: number, to: number][] = [];
  let from: number | null = null;
  for (const [i, chance] of [...chances, 0].entries()) {
    if (from === null && chance >= BEGINS) from = i;
    else if (from !== null && (chance < ENDS || i === chances.length)) {
      const before = found.at(-1);
      if (before !== undefined && from - before[1] < SHORTEST_PAUSE) before[1] = i;
      else found.push([from, i]);
      from = null;
    }
  }
  return found
    .filter(([begin, end]) => end - begin >= SHORTEST_SPEECH)
    .map(([begin, end]) => [(begin * CHUNK) / RATE, (end * CHUNK) / RATE]);
}
