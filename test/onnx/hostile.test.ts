import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { importOnnx } from '../../compiler/onnx/import/import.ts';
import { ByteSource } from '../../compiler/onnx/read/byte-source.ts';
import { readModelFrom } from '../../compiler/onnx/read/model.ts';
import { MillraceError } from '../../runtime/error.ts';
import { inFolder, initializer, modelBytes, node, tensor, withFile } from './make-model.ts';

const read = (bytes: Uint8Array) => readModelFrom(ByteSource.of('model', bytes));

const varint = (value: number | bigint): number[] => {
  let rest = BigInt(value);
  const bytes: number[] = [];
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
};
/** A length-delimited field. */
const field = (number: number, body: readonly number[]): number[] => [
  ...varint(number * 8 + 2),
  ...varint(body.length),
  ...body,
];
const int = (number: number, value: number | bigint): number[] => [...varint(number * 8), ...varint(value)];
const text = (value: string): number[] => [...new TextEncoder().encode(value)];
const model = (...graph: readonly number[][]): Uint8Array =>
  new Uint8Array([...int(1, 8), ...field(7, graph.flat())]);
const withTensor = (...body: readonly number[][]): Uint8Array =>
  model(field(5, [...field(8, text('w')), ...body.flat()]));

const small = modelBytes({
  nodes: [node('Conv', ['x', 'w'], ['y'], { pads: [1, 1, 1, 1] }), node('Relu', ['y'], ['z'])],
  inputs: { x: ['N', 1, 4, 4] },
  outputs: ['z'],
  initializers: [initializer('w', tensor('float32', [1, 1, 3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]))],
});

describe('onnx reader, given a hostile file', () => {
  it('tells a truncated file, wherever it ends', () => {
    for (let length = 0; length < small.length; length++) {
      try {
        read(small.subarray(0, length));
      } catch (error) {
        assert.ok(error instanceof MillraceError, `${length} bytes: ${error}`);
        assert.equal(error.code, 'MODEL_INVALID');
        assert.match(error.message, /byte \d+/);
        continue;
      }
      // What follows the graph is the opset; between two fields the file ends well.
      assert.ok(length > 0);
    }
  });

  it('names tensors that no memory holds, and weights that do not part into gates', async () => {
    const refused = (what: RegExp) => (error: unknown) =>
      error instanceof MillraceError && error.code === 'MODEL_SHAPE' && what.test(error.message);
    const large = modelBytes({
      nodes: [node('Expand', ['x', 'shape'], ['y'])],
      inputs: { x: [1] },
      outputs: ['y'],
      initializers: [initializer('shape', tensor('int64', [2], [2 ** 31, 2 ** 31]))],
    });
    await withFile(large, (path) => assert.rejects(importOnnx(path), refused(/larger than any memory/)));
    const wave = (shape: readonly number[]) =>
      tensor('float32', shape, Array(shape.reduce((n, extent) => n * extent, 1)).fill(0.5));
    const uneven = modelBytes({
      nodes: [node('LSTM', ['x', 'w', 'r', 'b'], ['h'], { hidden_size: 3 })],
      inputs: { x: [4, 1, 2] },
      outputs: ['h'],
      initializers: [
        initializer('w', wave([1, 12, 2])),
        initializer('r', wave([1, 12, 3])),
        initializer('b', wave([1, 18])),
      ],
    });
    await withFile(uneven, (path) => assert.rejects(importOnnx(path), refused(/gates|LSTM/)));
  });

  it('imports or refuses, but never breaks, with any byte changed', async () => {
    for (let position = 0; position < small.length; position += 1) {
      const bytes = small.slice();
      bytes[position] = (bytes[position]! + 1 + position * 7) & 255;
      await withFile(bytes, async (path) => {
        try {
          await importOnnx(path);
        } catch (error) {
          assert.ok(
            error instanceof MillraceError,
            `byte ${position}: ${error instanceof Error ? error.stack : error}`,
          );
          assert.notEqual(error.code, 'INTERNAL');
        }
      });
    }
  });

  const cases: Readonly<Record<string, Uint8Array>> = {
    'an empty file': new Uint8Array(0),
    text: new Uint8Array(text('this is not a model')),
    'a graph longer than the file': new Uint8Array([...int(1, 8), 0x3a, ...varint(2 ** 40)]),
    'a length that no double holds': new Uint8Array([...int(1, 8), 0x3a, ...varint(2n ** 63n)]),
    'a length of 2^64 - 1': new Uint8Array([...int(1, 8), 0x3a, ...varint(2n ** 64n - 1n)]),
    'a varint without end': new Uint8Array([8, ...new Array<number>(20).fill(255)]),
    'field number 0': new Uint8Array([0, 0]),
    'a group': new Uint8Array([...int(1, 8), 0x3b, 0x3c]),
    'two graphs': new Uint8Array([...int(1, 8), ...field(7, []), ...field(7, [])]),
    'no graph': new Uint8Array(int(1, 8)),
    'a node without operator': model(field(1, field(2, text('y')))),
    'an attribute without name': model(field(1, [...field(4, text('Relu')), ...field(5, int(3, 1))])),
    'an attribute twice': model(
      field(1, [...field(4, text('A')), ...field(5, field(1, text('a'))), ...field(5, field(1, text('a')))]),
    ),
    'two tensors in an attribute': model(
      field(1, [
        ...field(4, text('A')),
        ...field(5, [...field(1, text('a')), ...field(5, []), ...field(5, [])]),
      ]),
    ),
    'text that is not UTF-8': model(field(2, [0xff, 0xfe])),
    'a name of a megabyte': model(field(2, new Array<number>(1 << 20).fill(65))),
    'an initializer twice': model(
      field(5, [...field(8, [65]), ...int(1, 0), ...int(2, 1)]),
      field(5, [...field(8, [65]), ...int(1, 0), ...int(2, 1)]),
    ),
    'an initializer without name': model(field(5, [...int(1, 0), ...int(2, 1)])),
    'raw_data twice': withTensor(int(1, 1), int(2, 1), field(9, [0, 0]), field(9, [0, 0])),
    'raw_data too short': withTensor(int(1, 2), int(2, 1), field(9, [0, 0, 0, 0])),
    'raw_data too long': withTensor(int(1, 1), int(2, 1), field(9, [0, 0, 0, 0, 0])),
    'dimensions whose product overflows': withTensor(
      int(1, 2 ** 30),
      int(1, 2 ** 30),
      int(2, 1),
      field(9, [0]),
    ),
    'a negative dimension': withTensor(int(1, 2n ** 64n - 1n), int(2, 1), field(9, [])),
    'dimensions that promise a terabyte': withTensor(int(1, 2 ** 37), int(2, 7), field(7, [1, 2, 3])),
    'too few integers': withTensor(int(1, 3), int(2, 7), field(7, [1, 2])),
    'too many integers': withTensor(int(1, 3), int(2, 7), field(7, [1, 2, 3, 4])),
    'integers cut off in a varint': withTensor(int(1, 1), int(2, 7), field(7, [0x80])),
    'packed floats of 5 bytes': withTensor(int(1, 1), int(2, 1), field(4, [0, 0, 0, 0, 0])),
    'no data': withTensor(int(1, 3), int(2, 1)),
    'floats among integers': withTensor(int(1, 1), int(2, 1), field(5, [1])),
    'data in two fields': withTensor(int(1, 1), int(2, 1), field(4, [0, 0, 0, 0]), field(9, [0, 0, 0, 0])),
    'a hundred dimensions': withTensor(
      ...new Array<number[]>(100).fill(int(1, 1)),
      int(2, 1),
      field(9, [0, 0, 0, 0]),
    ),
    'type as a string': withTensor(int(1, 1), field(2, [1]), field(9, [0, 0, 0, 0])),
    'two types of an input': model(field(11, [...field(1, [65]), ...field(2, []), ...field(2, [])])),
  };
  for (const [what, bytes] of Object.entries(cases))
    it(`refuses ${what}`, () => {
      assert.throws(
        () => read(bytes),
        (error: unknown) =>
          error instanceof MillraceError && error.code === 'MODEL_INVALID' && /byte \d+/.test(error.at ?? ''),
      );
    });

  it('refuses bodies nested a hundred thousand deep', async () => {
    // Each level is a node with an attribute that holds a graph; lengths grow, so it is built from inside out.
    let size = 0;
    const levels: number[][] = [];
    const length = (n: number): number[] => varint(n);
    for (let i = 0; i < 100_000; i++) {
      const attribute = [0x32, ...length(size)];
      const attributeName = field(1, [65]);
      const body = attribute.length + size + attributeName.length;
      const wrapped = [...field(4, [65]), 0x2a, ...length(body), ...attributeName, ...attribute];
      const head = [0x0a, ...length(wrapped.length + size), ...wrapped];
      levels.push(head);
      size += head.length;
    }
    const graph = levels.reverse().flat();
    const bytes = new Uint8Array([
      ...int(1, 8),
      0x3a,
      ...length(graph.length),
      ...graph,
      ...field(8, int(2, 17)),
    ]);
    await withFile(bytes, (path) =>
      assert.rejects(importOnnx(path), { code: 'MODEL_INVALID', message: /nested more than 64 deep/ }),
    );
  });

  it('refuses files that are none', () =>
    inFolder(async (folder) => {
      mkdirSync(join(folder, 'folder.onnx'));
      for (const name of ['folder.onnx', 'missing.onnx'])
        await assert.rejects(importOnnx(join(folder, name)), { code: 'MODEL_READ' });
      // A link to a model is the user's business, unlike links that a model follows.
      writeFileSync(join(folder, 'model.onnx'), small);
      symlinkSync('model.onnx', join(folder, 'link.onnx'));
      assert.equal((await importOnnx(join(folder, 'link.onnx'))).nodes.length > 0, true);
    }));
});
