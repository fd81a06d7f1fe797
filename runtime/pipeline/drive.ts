/**
 * Drives one run of the engine from its first step to its last, in the two ways there are. Alone: the engine runs
 * inside this isolate and returns after every step, which costs less than a microsecond. Reads are started without
 * leaving the loop, and the event loop gets a turn every few milliseconds. Threads: the engine runs elsewhere and
 * this isolate sleeps until it is wanted. Both return whether the run was completed; false means it was stopped.
 */
import { engineReasons, status } from '../engine/program.ts';
import type { Threads } from '../engine/threads.ts';
import type { WasmEngine } from '../engine/wasm.ts';
import { MillraceError } from '../error.ts';
import { type Loader, NEVER } from './loader.ts';
import type { TraceRing } from './trace.ts';

export interface Drive {
  readonly engine: WasmEngine;
  readonly loader: Loader;
  /** Runs a host op on the arena. */
  readonly host: (index: number) => void;
  /** What is computed at a step, for errors. */
  readonly nameOf: (step: number) => string;
  readonly now: () => number;
  /** One turn of the event loop: others' callbacks run, reads that have ended are learnt of. */
  readonly turn: () => Promise<void>;
  /** null: nothing is recorded. */
  readonly trace: TraceRing | null;
}

/** Longest time without a turn of the event loop, a single step excepted. A turn costs a few microseconds. */
const TURN_MS = 8;

export async function runAlone(drive: Drive): Promise<boolean> {
  const { engine, loader, now, turn, trace } = drive;
  const { control } = engine;
  begin(drive);
  let turned = now();
  let began = turned;
  const record = (): void => {
    if (trace === null) return;
    const ended = now();
    trace.record('step', control.get('progress'), began, ended);
    began = ended;
  };
  for (;;) {
    control.set('wakeAt', control.get('progress') + 1);
    switch (engine.replay()) {
      case status.WAKE:
        record();
        loader.advance();
        if (loader.backlogged || now() - turned > TURN_MS) {
          await turn();
          turned = now();
          began = turned;
        }
        break;
      case status.NEED:
        await loader.arrival(control.get('detail'));
        turned = now();
        began = turned;
        break;
      case status.HOST:
        drive.host(control.get('detail'));
        break;
      case status.DONE:
        record();
        return true;
      case status.STOPPED:
        return false;
      default:
        throw engineError(drive);
    }
  }
}

export async function runOnThreads(drive: Drive, threads: Threads): Promise<boolean> {
  const { engine, loader } = drive;
  const { control } = engine;
  threads.check();
  threads.hold(true);
  try {
    begin(drive);
    control.raise('generation');
    for (;;) {
      // Read before the status: whatever changes after this look changes the word, and the sleep ends at once.
      const seen = control.get('wake');
      threads.check();
      switch (control.get('status')) {
        case status.RUNNING:
          loader.advance();
          await control.changed('wake', seen);
          break;
        case status.HOST:
          drive.host(control.get('detail'));
          control.set('status', status.RUNNING);
          control.raise('generation');
          break;
        case status.DONE:
          return true;
        case status.STOPPED:
          return false;
        default:
          throw engineError(drive);
      }
    }
  } finally {
    threads.hold(false);
  }
}

function begin({ engine, loader }: Drive): void {
  const { control } = engine;
  control.set('pc', 0);
  control.set('progress', -1);
  control.set('wakeAt', NEVER);
  control.set('stop', 0);
  control.set('status', status.RUNNING);
  loader.begin();
}

function engineError({ engine, loader, nameOf }: Drive): MillraceError {
  if (loader.failure !== null) return loader.failure;
  const detail = engine.control.get('detail');
  return new MillraceError('ENGINE', engineReasons[detail] ?? `engine error ${detail}`, {
    at: nameOf(engine.control.get('progress') + 1),
  });
}
