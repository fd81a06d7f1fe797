/**
 * Work that takes long, in pieces: a generator that yields the share that is done and returns what it made. Whoever runs
 * it decides what happens between two pieces: nothing, a word to the user, the end.
 */
export type Pieces<T> = Generator<number, T>;

/** All pieces at once. */
export function atOnce<T>(pieces: Pieces<T>): T {
  for (;;) {
    const next = pieces.next();
    if (next.done) return next.value;
  }
}
