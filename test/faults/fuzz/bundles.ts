/** The bundles that fuzzers alter: one made by hand with a host op, one compiled, each with the result it must give. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import {
  compile,
  conv2d,
  defineModel,
  dense,
  flatten,
  maxPool2d,
  relu,
  softmax,
  tensor,
} from '../../../compiler/index.ts';
import type { Manifest } from '../../../runtime/format/format.ts';
import { readManifest } from '../../../runtime/format/read.ts';
import { type LoadOptions, load } from '../../../runtime/node.ts';
import { chain, encode, writeBundle } from '../../support/chain.ts';
import type { Random } from '../../support/random.ts';
import { WrongResult } from './fuzzer.ts';

export interface Subject {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly executorText: string;
  /** What it gives, by engine: hex of all outputs. */
  readonly expected: Map<string, string>;
}

const digits = () =>
  defineModel('digits', { image: tensor('float32', [1, 12, 12, 3]) }, ({ image }) => {
    const x = maxPool2d(relu(conv2d(image, { filters: 24, kernel: 3, padding: 'same' })), { kernel: 2 });
    const hidden = relu(dense(flatten(x), { units: 420 }));
    return { probs: softmax(dense(hidden, { units: 700 })), hidden };
  });

const proved = new Set<readonly Subject[]>();
const made = new Map<string, Promise<readonly Subject[]>>();

/** Both in `folder`; made once, since each case leaves them as it found them. */
export function makeSubjects(folder: string): Promise<readonly Subject[]> {
  const subjects = made.get(folder) ?? writeSubjects(folder);
  made.set(folder, subjects);
  return subjects;
}

async function writeSubjects(folder: string): Promise<readonly Subject[]> {
  mkdirSync(folder, { recursive: true });
  const byHand = await writeBundle(chain({ layers: 5, width: 64, rows: 24, host: true }));
  await cp(byHand.path, join(folder, 'chain'), { recursive: true });
  await byHand.remove();
  await (await compile(digits())).write(join(folder, 'digits'));
  return Promise.all(['chain', 'digits'].map((name) => subjectAt(join(folder, name))));
}

async function subjectAt(folder: string): Promise<Subject> {
  const manifest = readManifest(readFileSync(join(folder, 'manifest.bin')), crc32);
  const executorText = readFileSync(join(folder, 'executor.js'), 'utf8');
  const subject = { folder, manifest, executorText, expected: new Map<string, string>() };
  return subject;
}

export const writeManifest = ({ folder }: Subject, manifest: unknown): void =>
  writeFileSync(join(folder, 'manifest.bin'), encode(manifest));

const inputsOf = (ports: readonly { name: string; byteLength?: number; shape: readonly number[] }[]) =>
  Object.fromEntries(
    ports.map(({ name, shape }) => [
      name,
      Float32Array.from({ length: shape.reduce((n, extent) => n * extent, 1) }, (_, i) => Math.sin(i) / 2),
    ]),
  );

/** Ways that between them use both engines, all modes, sources and kinds of plan. */
const ways = (manifest: Manifest): readonly LoadOptions[] => {
  const small = manifest.plans[0]!.name;
  const middle = manifest.plans[Math.floor(manifest.plans.length / 2)]!.name;
  return [
    { engine: 'wasm', mode: 'stream', plan: small },
    { engine: 'wasm', mode: 'stream', plan: middle, deterministic: true },
    { engine: 'wasm', mode: 'resident' },
    { engine: 'wasm', mode: 'stream', plan: small, threads: 2 },
    { engine: 'native', mode: 'stream', plan: small },
    { engine: 'native', mode: 'stream', plan: middle, threads: 2, source: 'file' },
    { engine: 'native', mode: 'sequential', plan: small },
    { engine: 'native', mode: 'resident' },
    { engine: 'native', mode: 'mmap', plan: small, threads: 2 },
    { engine: 'native', mode: 'stream', plan: middle, allocation: 'malloc' },
    { engine: 'native', mode: 'stream', plan: middle, deterministic: true, prime: true },
  ];
};

/** Loads and runs it twice; the bytes that were planned. With `honest`, other bits than the expected are thrown. */
export async function runSubject(
  subject: Subject,
  way: LoadOptions,
  honest: boolean,
  more: LoadOptions = {},
): Promise<number> {
  const model = await load(subject.folder, { ...way, ...more });
  try {
    const key = model.isa;
    for (let run = 0; run < 2; run++) {
      const outputs = await model.run(inputsOf(model.inputs));
      if (!honest) continue;
      const hex = Object.keys(outputs)
        .sort()
        .map((name) => Buffer.from(outputs[name]!.buffer).toString('hex'))
        .join(' ');
      const expected = subject.expected.get(key) ?? hex;
      subject.expected.set(key, expected);
      if (hex !== expected) throw new WrongResult(`${JSON.stringify(way)}, run ${run}: other bits`);
    }
    return model.plan.peakBytes;
  } finally {
    await model.close();
  }
}

export const wayFor = (subject: Subject, random: Random): LoadOptions => random.pick(ways(subject.manifest));

/** Every way, unmutated. */
export async function runHonest(subjects: readonly Subject[]): Promise<void> {
  if (proved.has(subjects)) return;
  proved.add(subjects);
  for (const subject of subjects)
    for (const way of ways(subject.manifest)) await runSubject(subject, way, true);
}
