/**
 * Puts cases to child processes, so that a crash and a hang are told from an error. A child that died or hangs is
 * replaced; what it was asked is the finding. Invariant: a case depends on target, seed and index alone.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Question {
  readonly target: string;
  readonly seed: number;
  /** −1: the unmutated inputs. */
  readonly index: number;
}

export interface Answer {
  readonly index: number;
  readonly how?: string;
  readonly finding?: Finding['what'];
  readonly detail?: string;
}

export interface Finding {
  readonly what: 'crash' | 'hang' | 'untyped' | 'wrong' | 'growth' | 'honest';
  readonly index: number;
  readonly detail: string;
}

export interface Tally {
  readonly cases: number;
  /** How they ended, by count. */
  readonly ended: Readonly<Record<string, number>>;
  readonly findings: readonly Finding[];
}

const CASE_MS = 30_000;
/** Starting takes seconds: modules, and the inputs, which are compiled. */
const START_MS = 240_000;
/** However little time there is. */
const LEAST_CASES = 20;
/** More of a kind say nothing new. */
const MOST_FINDINGS = 20;

const script = fileURLToPath(new URL('child.ts', import.meta.url));

class Child {
  readonly #process: ChildProcess;
  readonly #folder = mkdtempSync(join(tmpdir(), 'millrace-fuzz-'));
  #said = '';
  /** Its modules are loaded. */
  readonly ready: Promise<Answer>;

  constructor() {
    this.#process = fork(script, [join(this.#folder, 'in')], {
      execArgv: ['--import=tsx'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#process.stderr!.on('data', (text: Buffer) => {
      this.#said = (this.#said + text.toString()).slice(-4000);
    });
    this.ready = this.ask(null, START_MS);
  }

  /** What it answers; a finding where it dies or is silent for too long. */
  ask(question: Question | null, limit: number): Promise<Answer> {
    const index = question?.index ?? -2;
    return new Promise((resolve) => {
      const settle = (answer: Answer): void => {
        clearTimeout(timer);
        this.#process.off('message', settle).off('exit', died);
        resolve(answer);
      };
      const died = (code: number | null, signal: string | null): void =>
        settle({ index, finding: 'crash', detail: `${signal ?? `exit code ${code}`}\n${this.#said}` });
      const timer = setTimeout(() => settle({ index, finding: 'hang', detail: `${limit} ms` }), limit);
      this.#process.on('message', settle).on('exit', died);
      if (question !== null) this.#process.send(question);
    });
  }

  end(): void {
    this.#process.removeAllListeners();
    this.#process.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export interface Campaign {
  readonly target: string;
  readonly seed: number;
  readonly first: number;
  readonly cases: number;
  /** When no more are begun, as of Date.now(); asked when the unmutated inputs have run. */
  readonly until: () => number;
}

/** Children live on from one campaign to the next. */
export class Pool {
  readonly #idle: Child[] = [];

  async fuzz({ target, seed, first, cases, until }: Campaign): Promise<Tally> {
    const ended: Record<string, number> = {};
    const findings: Finding[] = [];
    let next = first;
    let done = 0;
    const note = ({ index, how, finding, detail = '' }: Answer): void => {
      if (finding !== undefined) findings.push({ what: index < 0 ? 'honest' : finding, index, detail });
      else if (how !== undefined) ended[how] = (ended[how] ?? 0) + 1;
    };
    /** A child that has proved that its unmutated inputs run; null where they don't. */
    const proved = async (): Promise<Child | null> => {
      const child = this.#idle.pop() ?? new Child();
      let answer = await child.ready;
      if (answer.finding === undefined) answer = await child.ask({ target, seed, index: -1 }, START_MS);
      if (answer.finding === undefined) return child;
      note({ ...answer, index: -1, detail: `${answer.finding}: ${answer.detail}` });
      child.end();
      return null;
    };
    const work = async (): Promise<void> => {
      let child = await proved();
      const stop = until();
      while (child !== null && next < first + cases && findings.length < MOST_FINDINGS) {
        if (done >= LEAST_CASES && Date.now() > stop) break;
        const answer: Answer = await child.ask({ target, seed, index: next++ }, CASE_MS);
        note(answer);
        done++;
        if (answer.finding !== 'crash' && answer.finding !== 'hang') continue;
        child.end();
        child = await proved();
      }
      if (child !== null) this.#idle.push(child);
    };
    await Promise.all(Array.from({ length: Math.min(cases, availableParallelism()) }, work));
    return { cases: done, ended, findings };
  }

  end(): void {
    for (const child of this.#idle.splice(0)) child.end();
  }
}
