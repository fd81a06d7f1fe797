/** The replayer's commands, word by word, in cooperative mode: where it stops, and where it goes on. */
import assert from 'node:assert/strict';
import {
  type ControlWord,
  controlWords,
  engineErrors,
  Program,
  segmentStates,
  status,
} from '../../runtime/engine/program.ts';
import { openWasm } from './kernel-harness.ts';

const { EMPTY, ISSUED, ARRIVED, RESIDENT, FAILED } = segmentStates;
const NEVER = 0x7fffffff;
const SEGMENTS = 4;

/** A program in the engine's memory, past everything the engine owns. */
class Replay {
  readonly #control: Int32Array;
  readonly states: Int32Array;
  readonly #engine = openWasm('plain');

  constructor(program: Program) {
    const { memory, exports } = this.#engine;
    const base = (exports.__heap_base.value as number) + 65536;
    const words = program.end();
    this.#control = new Int32Array(memory.buffer, exports.control(), controlWords.length);
    this.states = new Int32Array(memory.buffer, base, SEGMENTS).fill(EMPTY);
    new Int32Array(memory.buffer, base + 4 * SEGMENTS, words.length).set(words);
    this.#control.fill(0);
    this.set('cooperative', 1);
    this.set('threads', 1);
    this.set('wakeAt', NEVER);
    this.set('states', base);
    this.set('program', base + 4 * SEGMENTS);
  }

  set(word: ControlWord, value: number): void {
    this.#control[controlWords.indexOf(word)] = value;
  }

  get(word: ControlWord): number {
    return this.#control[controlWords.indexOf(word)]!;
  }

  /** Replays and checks what it ended with. */
  expect(expected: keyof typeof status, detail?: number): void {
    assert.equal(this.#engine.exports.replay(), status[expected]);
    assert.equal(this.get('status'), status[expected]);
    if (detail !== undefined) assert.equal(this.get('detail'), detail);
  }
}

describe('replay', () => {
  it('counts steps', () => {
    const replay = new Replay(new Program().mark(0).host(7).mark(1).host(8).mark(2).host(9));
    replay.expect('HOST', 7);
    assert.equal(replay.get('progress'), -1);
    replay.expect('HOST', 8);
    assert.equal(replay.get('progress'), 0);
    replay.expect('HOST', 9);
    replay.expect('DONE');
    assert.equal(replay.get('progress'), 2);
    replay.set('pc', 0);
    replay.expect('HOST', 7);
    assert.equal(replay.get('progress'), -1);
  });

  it('needs a segment until it has arrived', () => {
    const replay = new Replay(new Program().mark(0).wait(2).free(2).wait(3).free(3).mark(1));
    replay.states[3] = RESIDENT;
    replay.expect('NEED', 2);
    replay.states[2] = ISSUED;
    replay.expect('NEED', 2);
    replay.states[2] = ARRIVED;
    replay.expect('DONE');
    assert.deepEqual([...replay.states], [EMPTY, EMPTY, EMPTY, RESIDENT]);
  });

  it('fails when a segment has', () => {
    const replay = new Replay(new Program().mark(0).wait(1));
    replay.states[1] = FAILED;
    replay.expect('ERROR', engineErrors.SEGMENT);
  });

  it('wakes the loader once per step, and goes on past it', () => {
    const replay = new Replay(new Program().mark(0).mark(1).mark(2).mark(3));
    replay.set('wakeAt', 1);
    replay.expect('WAKE');
    assert.equal(replay.get('progress'), 1);
    replay.expect('WAKE');
    assert.equal(replay.get('progress'), 2);
    replay.set('wakeAt', NEVER);
    replay.expect('DONE');
  });

  it('stops at a step and while it waits', () => {
    const replay = new Replay(new Program().mark(0).wait(0).mark(1));
    replay.expect('NEED', 0);
    replay.set('stop', 1);
    replay.expect('STOPPED');
    replay.states[0] = ARRIVED;
    replay.expect('STOPPED');
    assert.equal(replay.get('progress'), 0);
    replay.set('stop', 0);
    replay.expect('DONE');
    assert.equal(replay.get('progress'), 1);
  });

  it('refuses an unknown opcode', () => {
    const replay = new Replay(new Program().mark(0));
    const { memory } = openWasm('plain');
    const words = new Int32Array(memory.buffer, replay.get('program'), 5);
    words[3] = 999;
    replay.expect('ERROR', engineErrors.OPCODE);
    assert.equal(replay.get('pc'), 3);
  });
});
