/**
 * The engine's control block as TypeScript sees it. Every access is atomic: in threads mode the other side is
 * another thread, and the order of "write wakeAt, then read progress" is what makes a wake-up impossible to miss.
 */
import { type ControlWord, controlWords } from './program.ts';

const indexOf = Object.fromEntries(controlWords.map((word, i) => [word, i])) as Record<ControlWord, number>;

export class Control {
  readonly #words: Int32Array;

  constructor(buffer: ArrayBufferLike, address: number) {
    this.#words = new Int32Array(buffer, address, controlWords.length);
  }

  get(word: ControlWord): number {
    return Atomics.load(this.#words, indexOf[word]);
  }

  set(word: ControlWord, value: number): void {
    Atomics.store(this.#words, indexOf[word], value);
  }

  /** Adds one and wakes whoever sleeps on the word. */
  raise(word: ControlWord): void {
    Atomics.add(this.#words, indexOf[word], 1);
    Atomics.notify(this.#words, indexOf[word]);
  }

  /** Resolves when the word no longer has the value `seen`, without blocking the isolate. Shared memory only. */
  async changed(word: ControlWord, seen: number): Promise<void> {
    const wait = Atomics.waitAsync(this.#words, indexOf[word], seen);
    if (wait.async) await wait.value;
  }
}
