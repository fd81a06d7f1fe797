/** Which characters of some modules have run, by V8's own block coverage: what tells an input that went a new way. */
import { Session } from 'node:inspector';

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}
interface ScriptCoverage {
  readonly url: string;
  readonly functions: readonly { readonly ranges: readonly Range[] }[];
}

export class Coverage {
  readonly #session = new Session();
  readonly #modules: RegExp;
  /** By module, 1 for each character that has run. */
  readonly #seen = new Map<string, Uint8Array>();

  /** Of modules whose address matches; those loaded before are counted from here on. */
  constructor(modules: RegExp) {
    this.#modules = modules;
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Whether anything ran since the last call that never ran before. */
  grew(): boolean {
    let grew = false;
    // A session to one's own thread answers before `post` returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, { result }) => {
      if (error !== null) throw error;
      for (const script of result) if (this.#modules.test(script.url) && this.#add(script)) grew = true;
    });
    return grew;
  }

  /** Counting slows all that runs. */
  stop(): void {
    this.#session.disconnect();
  }

  #add({ url, functions }: ScriptCoverage): boolean {
    const end = Math.max(0, ...functions.map(({ ranges }) => ranges[0]!.endOffset));
    let seen = this.#seen.get(url);
    if (seen === undefined || seen.length < end) {
      const longer = new Uint8Array(end);
      longer.set(seen ?? []);
      this.#seen.set(url, longer);
      seen = longer;
    }
    let grew = false;
    const ran = new Uint8Array(end);
    // Outer functions and blocks come first, inner ones correct them.
    for (const { ranges } of functions)
      for (const { startOffset, endOffset, count } of ranges)
        ran.fill(Math.min(count, 1), startOffset, endOffset);
    for (const [at, did] of ran.entries())
      if (did === 1 && seen[at] === 0) {
        seen[at] = 1;
        grew = true;
      }
    return grew;
  }
}
