/**
 * A bundle made by hand: a chain of fully connected layers, one segment each, with plans from "one segment at a
 * time" to "all resident". Small enough to read, and it goes through everything the runtime does.
 */

import { mkdtempSync, writeFileSync } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { buildSync } from 'esbuild';
import { Packr } from 'msgpackr';
import type { Executor } from '../../runtime/engine/executor.ts';
import { recordProgram } from '../../runtime/engine/executor.ts';
import { fixedBytesOf } from '../../runtime/engine/layout.ts';
import { alignUp } from '../../runtime/format/alignment.ts';
import {
  type Manifest,
  type Plan,
  RESIDENT,
  SEGMENT_ALIGNMENT,
  withFixed,
} from '../../runtime/format/format.ts';
import { encodeHeader } from '../../runtime/format/header.ts';
import { PANEL } from '../../runtime/kernels/layouts.ts';

const root = new URL('../../', import.meta.url);

export interface ChainOptions {
  readonly layers?: number;
  /** Rows of the input; the widths of all layers are the same. */
  readonly rows?: number;
  readonly width?: number;
  /** Puts a host op, y = −x, in the middle. */
  readonly host?: boolean;
}

export interface Chain {
  readonly manifest: Manifest;
  readonly weights: Uint8Array;
  readonly executor: Executor;
  /** The text of an executor module that does the same. */
  readonly executorText: string;
  readonly rows: number;
  readonly width: number;
  /** The result, by plain loops. */
  expected(input: Float32Array): Float32Array;
}

const wave = (i: number): number => Math.fround(Math.sin(i * 12.9898) * 0.5);

export function chain(options: ChainOptions = {}): Chain {
  const { layers = 6, rows = 4, width = 64, host = false } = options;
  const hostAt = host ? Math.floor(layers / 2) : -1;
  const steps = layers + (host ? 1 : 0);
  const panels = width / PANEL;
  const weightBytes = panels * (1 + width) * PANEL * 4;
  const segmentBytes = alignUp(weightBytes, SEGMENT_ALIGNMENT);
  const activationBytes = alignUp(rows * width * 4, SEGMENT_ALIGNMENT);
  const weights = new Uint8Array(layers * segmentBytes);
  const coefficient = (layer: number, n: number, k: number): number =>
    wave(layer * 7919 + n * 131 + k * 17 + 1) / Math.sqrt(width);
  for (let layer = 0; layer < layers; layer++) {
    const words = new Float32Array(weights.buffer, layer * segmentBytes, weightBytes / 4);
    for (let n = 0; n < width; n++)
      for (let k = -1; k < width; k++)
        words[(Math.floor(n / PANEL) * (1 + width) + 1 + k) * PANEL + (n % PANEL)] = coefficient(layer, n, k);
  }

  const stepOf = (layer: number): number => (host && layer >= hostAt ? layer + 1 : layer);
  // Values: 0 absent, 1 … steps + 1 activations, then the weights. Activations alternate between two places.
  const weightValue = (layer: number): number => steps + 2 + layer;
  const values = steps + 2 + layers;
  const planOf = (name: string, depth: number): Plan => {
    const slots = Math.min(depth, layers);
    const resident = slots === layers;
    const arenaBytes = 2 * activationBytes + slots * segmentBytes;
    return {
      name,
      ...withFixed({ peakBytes: arenaBytes, lowerBoundBytes: arenaBytes }, fixedBytesOf(sizes)),
      activationBytes: 2 * activationBytes,
      weightBytes: slots * segmentBytes,
      scratchBytes: 0,
      residentBytes: resident ? slots * segmentBytes : 0,
      depth: resident ? 0 : slots,
      predictedMs: 1,
      predictedResidentMs: 1,
      planner: 'ring',
      issue: Array.from({ length: layers }, (_, s) =>
        resident ? RESIDENT : s < slots ? -1 : stepOf(s - slots),
      ),
      segmentOffsets: Array.from(
        { length: layers },
        (_, s) => 2 * activationBytes + (s % slots) * segmentBytes,
      ),
      valueOffsets: Array.from({ length: values }, (_, v) =>
        v >= 1 && v <= steps + 1 ? ((v - 1) % 2) * activationBytes : -1,
      ),
    };
  };

  const lines: string[] = [];
  for (let step = 0, layer = 0; step < steps; step++) {
    lines.push(`program.mark(${step});`);
    if (step === hostAt) {
      lines.push('program.host(0);');
      continue;
    }
    const operands = `{ y: ${step + 2}, x: ${step + 1}, w: ${weightValue(layer)} }`;
    const params = `{ m: ${rows}, n: ${width}, k: ${width}, ldx: ${width}, ldy: ${width}, ldr: 0, panel0: 0, panels: ${panels}, act: '${layer % 2 === 1 ? 'relu' : 'none'}', alpha: 0, beta: 0 }`;
    lines.push(`program.wait(${layer});`, `program.call('f32-gemm', ${operands}, ${params});`);
    lines.push(`program.free(${layer});`);
    layer++;
  }
  const type = { dtype: 'float32', shape: [rows, width] } as const;
  const operand = (value: number): string => JSON.stringify({ value, ...type });
  const hostText = host
    ? `[{ name: 'negate', inputs: [${operand(hostAt + 1)}], outputs: [${operand(hostAt + 2)}],
  evaluate: ([x]) => [{ type: x.type, data: x.data.map((v) => -v) }] }]`
    : '[]';
  const executorText = `export const host = ${hostText};\nexport const record = (program) => {\n${lines.join('\n')}\n};\n`;
  const executor = new Function(
    `${executorText.replaceAll('export const', 'const')}return { host, record };`,
  )() as Executor;

  const port = (name: string, value: number) => ({ name, ...type, value, byteLength: rows * width * 4 });
  const sizes = { values, segments: layers, programWords: wordsOf(executor) };
  const manifest: Manifest = {
    compiler: 'test',
    model: {
      name: 'chain',
      nodes: steps,
      weightsBytes: layers * weightBytes,
      flops: 2 * layers * rows * width * width,
    },
    inputs: [port('x', 1)],
    outputs: [port('y', steps + 1)],
    values,
    programWords: sizes.programWords,
    steps,
    layers: Array.from({ length: steps }, (_, step) => ({
      name: `layer${step}`,
      op: step === hostAt ? 'neg' : 'matmul',
      firstStep: step,
      steps: 1,
      flops: 2 * rows * width * width,
      weightBytes,
      type: `float32[${rows},${width}]`,
    })),
    segments: Array.from({ length: layers }, (_, s) => ({
      offset: s * segmentBytes,
      byteLength: segmentBytes,
      crc32: crc32(weights.subarray(s * segmentBytes, (s + 1) * segmentBytes)),
      firstUse: stepOf(s),
      lastUse: stepOf(s),
    })),
    weights: Array.from({ length: layers }, (_, s) => ({ value: weightValue(s), segment: s, offset: 0 })),
    lifetimes: Array.from({ length: steps + 1 }, (_, step) => ({
      value: step + 1,
      name: step === 0 ? 'x' : `layer${step - 1}`,
      kind: 'activation',
      byteLength: rows * width * 4,
      start: step - 1,
      end: step + 1,
    })),
    hostOps: executor.host.map((op) => op.name),
    fixedBytes: fixedBytesOf(sizes),
    weightsFileBytes: weights.length,
    plans: [planOf('smallest', 1), planOf('double', 2), planOf('triple', 3), planOf('resident', layers)],
  };

  const expected = (input: Float32Array): Float32Array => {
    let x: Float32Array = input;
    for (let layer = 0; layer < layers; layer++) {
      if (layer === hostAt) x = x.map((v) => -v);
      const y = new Float32Array(rows * width);
      for (let m = 0; m < rows; m++)
        for (let n = 0; n < width; n++) {
          let sum = Math.fround(coefficient(layer, n, -1));
          for (let k = 0; k < width; k++) sum += x[m * width + k]! * Math.fround(coefficient(layer, n, k));
          y[m * width + n] = layer % 2 === 1 ? Math.max(0, sum) : sum;
        }
      x = y;
    }
    return x;
  };
  return { manifest, weights, executor, executorText, rows, width, expected };
}

function wordsOf(executor: Executor): number {
  let words = 0;
  const probe = { hostOps: executor.host.map((op) => op.name), programWords: -1 } as unknown as Manifest;
  try {
    recordProgram(executor, probe);
  } catch (error) {
    words = Number((error as { got: string }).got);
  }
  return words;
}

/** manifest.bin of a manifest, valid or not. */
export function encode(manifest: unknown): Uint8Array {
  const payload = new Packr({ useRecords: false }).pack(manifest);
  return Buffer.concat([encodeHeader(payload), payload]);
}

/** An input that differs with `seed`. */
export const inputFor = ({ rows, width }: Chain, seed = 0): Float32Array =>
  Float32Array.from({ length: rows * width }, (_, i) => wave(i * 3 + seed * 1013));

export interface BundleFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/** Writes the bundle's files to a folder of their own. */
export async function writeBundle(made: Chain): Promise<BundleFolder> {
  const path = mkdtempSync(join(tmpdir(), 'millrace-chain-'));
  writeFileSync(join(path, 'package.json'), '{ "type": "module" }\n');
  writeFileSync(join(path, 'manifest.bin'), encode(made.manifest));
  writeFileSync(join(path, 'weights.bin'), made.weights);
  writeFileSync(join(path, 'executor.js'), made.executorText);
  for (const file of ['engine.wasm', 'engine-relaxed.wasm'])
    await copyFile(new URL(`build/engine/${file}`, root), join(path, file));
  buildSync({
    entryPoints: [fileURLToPath(new URL('runtime/platform/node/worker.ts', root))],
    outfile: join(path, 'worker.js'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'error',
  });
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
