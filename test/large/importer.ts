/** The importer on a model of 2.6 GB, and on thousands of broken ones: time and memory. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inFolder, modelBytes, node } from '../onnx/make-model.ts';

const MIB = 2 ** 20;
const LAYERS = 650;
const WIDTH = 1024;

function child<T>(script: string, args: readonly string[]): T {
  const path = fileURLToPath(new URL(`../onnx/${script}`, import.meta.url));
  const said = execFileSync(process.execPath, ['--import=tsx', path, ...args], { maxBuffer: 64 * MIB });
  return JSON.parse(said.toString()) as T;
}

/** A chain of dense layers whose weights are in a file of their own, which is sparse: the importer reads none of it. */
function writeModel(folder: string): string {
  const bytes = WIDTH * WIDTH * 4;
  const file = openSync(join(folder, 'weights.bin'), 'w');
  ftruncateSync(file, LAYERS * bytes);
  closeSync(file);
  const parts = {
    nodes: Array.from({ length: LAYERS }, (_, i) =>
      node('MatMul', [i === 0 ? 'x' : `y${i - 1}`, `w${i}`], [`y${i}`]),
    ),
    inputs: { x: [1, WIDTH] },
    outputs: [`y${LAYERS - 1}`],
    initializers: Array.from({ length: LAYERS }, (_, i) => ({
      name: `w${i}`,
      dims: [BigInt(WIDTH), BigInt(WIDTH)],
      dataType: 1,
      dataLocation: 1,
      externalData: [
        { key: 'location', value: 'weights.bin' },
        { key: 'offset', value: `${i * bytes}` },
        { key: 'length', value: `${bytes}` },
      ],
    })),
  };
  const path = join(folder, 'model.onnx');
  writeFileSync(path, modelBytes(parts));
  return path;
}

/** The same weights inside the file: tags, names and lengths between two and a half gigabytes of nothing. */
function writeWhole(folder: string): string {
  const bytes = WIDTH * WIDTH * 4;
  const path = join(folder, 'whole.onnx');
  const varint = (value: number): number[] =>
    value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
  const text = (value: string): number[] => [...Buffer.from(value)];
  const field = (number: number, payload: readonly number[]): number[] => [
    ...varint(number * 8 + 2),
    ...varint(payload.length),
    ...payload,
  ];
  const info = [
    ...field(1, text('x')),
    ...field(2, field(1, [8, 1, ...field(2, [...field(1, [8, 1]), ...field(1, [8, ...varint(WIDTH)])])])),
  ];
  const graph: { readonly head: number[]; readonly gap: number }[] = [];
  for (let i = 0; i < LAYERS; i++) {
    const inputs = [i === 0 ? 'x' : `y${i - 1}`, `w${i}`].flatMap((name) => field(1, text(name)));
    graph.push({
      head: field(1, [...inputs, ...field(2, text(`y${i}`)), ...field(4, text('MatMul'))]),
      gap: 0,
    });
    const meta = [
      8,
      ...varint(WIDTH),
      8,
      ...varint(WIDTH),
      16,
      1,
      ...field(8, text(`w${i}`)),
      74,
      ...varint(bytes),
    ];
    graph.push({ head: [42, ...varint(meta.length + bytes), ...meta], gap: bytes });
  }
  graph.push({ head: [...field(11, info), ...field(12, field(1, text(`y${LAYERS - 1}`)))], gap: 0 });
  const size = graph.reduce((sum, { head, gap }) => sum + head.length + gap, 0);
  const file = openSync(path, 'w');
  let position = writeSync(file, Buffer.from([8, 8, ...field(8, [16, 17]), 58, ...varint(size)]), 0, null, 0);
  for (const { head, gap } of graph) position += writeSync(file, Buffer.from(head), 0, null, position) + gap;
  ftruncateSync(file, position);
  closeSync(file);
  return path;
}

interface Imported {
  readonly initializers: number;
  readonly nodes: number;
  readonly indexMs: number;
  readonly peakRssBytes: number;
}

describe('a model of 2.6 GB', () => {
  for (const [what, write] of [
    ['with external data', writeModel],
    ['in one file', writeWhole],
  ] as const)
    it(`${what} is indexed in a second and imported within 150 MiB`, () =>
      inFolder((folder) => {
        const report = child<Imported>('large-model.child.ts', [write(folder)]);
        console.log(`      ${JSON.stringify(report)}`);
        assert.deepEqual([report.initializers, report.nodes], [LAYERS, LAYERS]);
        assert.ok(report.indexMs <= 1000 && report.peakRssBytes <= 150 * MIB);
      }));
});

describe('2,400 mutations of models', () => {
  it('are imported or refused with a code, each in 5 s, all within 250 MiB', () =>
    inFolder((folder) => {
      const report = child<{
        readonly ended: Readonly<Record<string, number>>;
        readonly untyped: readonly string[];
        readonly longestMs: number;
        readonly peakRssBytes: number;
      }>('mutations.child.ts', [folder, '2400', '20260']);
      console.log(`      ${JSON.stringify({ ...report, untyped: report.untyped.length })}`);
      assert.deepEqual(report.untyped, []);
      assert.ok(report.longestMs <= 5000 && report.peakRssBytes <= 250 * MIB);
    }));
});
