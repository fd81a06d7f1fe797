/** The example that finds speech, where its packages are installed (`npm run vad` does it), and what it is made of. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { stretches } from '../../examples/vad/speech.ts';
import { speak, spoken } from '../../examples/vad/voice.ts';
import { readWav, resampled, writeWav } from '../../examples/vad/wav.ts';
import { type Folder, temporaryFolder } from '../support/command.ts';
import { skip } from '../support/skip.ts';

const at = (path: string): string => fileURLToPath(new URL(`../../examples/vad/${path}`, import.meta.url));

describe('finding speech', () => {
  let folder: Folder;
  before(() => {
    folder = temporaryFolder();
  });
  after(() => folder.remove());

  it('finds where the example speaks, to a tenth of a second, in the memory of the plan', async function () {
    if (!existsSync(at('node_modules'))) return skip(this, 'the example is not installed (npm run vad)');
    const args = ['--import=tsx', at('main.ts'), '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const { reports } = JSON.parse(stdout) as {
      readonly reports: readonly {
        readonly speech: readonly [number, number][];
        readonly plannedBytes: number;
      }[];
    };
    const [{ speech, plannedBytes }] = reports as [(typeof reports)[number]];
    assert.equal(speech.length, spoken.length);
    for (const [i, [from, to]] of spoken.entries()) {
      assert.ok(Math.abs(speech[i]![0] - from) < 0.1, `begins at ${speech[i]![0]}`);
      assert.ok(Math.abs(speech[i]![1] - to) < 0.15, `ends at ${speech[i]![1]}`);
    }
    assert.ok(plannedBytes < 2 ** 20);
  });

  it('reads what recorders write', () => {
    const samples = Float32Array.from({ length: 50 }, (_, i) => Math.sin(i / 5) / 2);
    const path = folder.at('a.wav');
    writeWav(path, { rate: 8000, samples });
    const read = readWav(path);
    assert.equal(read.rate, 8000);
    for (const [i, sample] of read.samples.entries()) assert.ok(Math.abs(sample - samples[i]!) < 1e-4);

    /** The format's word, its bits, and how a sample is written. */
    const forms: readonly (readonly [number, number, (bytes: Buffer, at: number, value: number) => void])[] =
      [
        [1, 8, (bytes, at, value) => bytes.writeUInt8(Math.round(value * 127) + 128, at)],
        [1, 24, (bytes, at, value) => bytes.writeIntLE(Math.round(value * (2 ** 23 - 1)), at, 3)],
        [1, 32, (bytes, at, value) => bytes.writeInt32LE(Math.round(value * (2 ** 31 - 1)), at)],
        [3, 32, (bytes, at, value) => bytes.writeFloatLE(value, at)],
        [3, 64, (bytes, at, value) => bytes.writeDoubleLE(value, at)],
      ];
    const head = readFileSync(path).subarray(0, 44);
    for (const [kind, bits, write] of forms) {
      const bytes = Buffer.concat([head, Buffer.alloc((2 * samples.length * bits) / 8)]);
      bytes.writeUInt16LE(kind, 20);
      bytes.writeUInt16LE(2, 22);
      bytes.writeUInt16LE(bits, 34);
      bytes.writeUInt32LE(bytes.length - 44, 40);
      // Two channels, of which one is silent.
      for (const [i, sample] of samples.entries()) {
        write(bytes, 44 + (2 * i * bits) / 8, sample);
        write(bytes, 44 + ((2 * i + 1) * bits) / 8, 0);
      }
      writeFileSync(path, bytes);
      const read = readWav(path);
      assert.equal(read.samples.length, samples.length);
      for (const [i, sample] of read.samples.entries())
        assert.ok(Math.abs(2 * sample - samples[i]!) < 0.01, `${kind}, ${bits} bits: ${i}`);
    }
    for (const [bytes, why] of [
      [Buffer.from('text'), /expected a WAV file/],
      [head.subarray(0, 36), /has no samples/],
      [Buffer.concat([head.subarray(0, 20), Buffer.of(7, 0), head.subarray(22)]), /format 7/],
    ] as const) {
      writeFileSync(path, bytes);
      assert.throws(() => readWav(path), why);
    }
  });

  it('takes any rate', () => {
    const tone = (rate: number): Float32Array =>
      Float32Array.from({ length: rate / 10 }, (_, i) => Math.sin((2 * Math.PI * 200 * i) / rate));
    for (const rate of [8000, 16_000, 44_100, 48_000]) {
      const result = resampled({ rate, samples: tone(rate) }, 16_000);
      assert.equal(result.length, 1600);
      const expected = tone(16_000);
      // The mean of a few samples lies up to half of their length later.
      for (let i = 0; i < 1590; i++) assert.ok(Math.abs(result[i]! - expected[i]!) < 0.12, `${rate}: ${i}`);
    }
  });

  it('joins what a short pause parts, and drops what is short', () => {
    const chances = (text: string): number[] => [...text].map((digit) => Number(digit) / 10);
    assert.deepEqual(stretches(chances('0009999999900999999990000')), [[3 * 0.032, 21 * 0.032]]);
    assert.deepEqual(stretches(chances('0009990000000')), []);
    assert.deepEqual(stretches(chances('00099999444999999')), [[3 * 0.032, 17 * 0.032]]);
    assert.equal(speak().samples.length, 8 * 16_000);
  });
});
