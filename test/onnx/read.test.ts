import assert from 'node:assert/strict';
import {
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProtoSchema,
  FunctionProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProtoSchema,
} from 'onnx-buf';
import { ByteSource } from '../../compiler/onnx/read/byte-source.ts';
import { readModel, readModelFrom } from '../../compiler/onnx/read/model.ts';
import { MillraceError } from '../../runtime/error.ts';
import { skip } from '../support/skip.ts';
import { inFolder, int64s, modelBytes, node, shared, withFile } from './make-model.ts';
import { ourSummary, theirSummary } from './summary.ts';

const read = (bytes: Uint8Array) => readModelFrom(ByteSource.of('model', bytes));

/** Every field that the reader reads, with every way of writing elements. */
const everything = modelBytes({
  nodes: [
    node('Conv', ['x', 'w', ''], ['y'], {
      kernel_shape: [3, 3],
      group: 1,
      auto_pad: 'SAME_UPPER',
      alpha: 0.25,
    }),
    node('Constant', [], ['c'], { value: int64s('', [1, -2, 2 ** 40]) }),
    node('Constant', [], ['d'], { value_floats: { floats: [1.5, -0, 3] } }),
    { opType: 'Foo', domain: 'com.example', input: ['y'], output: ['z', '', 'q'] },
  ],
  inputs: { x: ['N', 3, null, 8], t: { dtype: 'int64', shape: [] }, [`long ${'n'.repeat(300)}`]: [1] },
  outputs: ['z'],
  domains: { 'com.example': 3 },
  initializers: [
    { name: 'w', dims: [2n, 1n], dataType: 1, floatData: [1, 2] },
    { name: 'i32', dims: [3n], dataType: 6, int32Data: [1, -2, 2 ** 31 - 1] },
    { name: 'i8', dims: [2n], dataType: 3, int32Data: [-128, 127] },
    { name: 'u8', dims: [2n], dataType: 2, int32Data: [255, 0] },
    { name: 'bool', dims: [2n], dataType: 9, int32Data: [1, 0] },
    { name: 'f16', dims: [2n], dataType: 10, int32Data: [0x3c00, 0xbc00] },
    { name: 'i64', dims: [2n, 2n], dataType: 7, int64Data: [-1n, 2n ** 62n, -(2n ** 63n), 0n] },
    { name: 'u64', dims: [1n], dataType: 13, uint64Data: [2n ** 64n - 1n] },
    { name: 'u32', dims: [1n], dataType: 12, uint64Data: [2n ** 32n - 1n] },
    { name: 'f64', dims: [2n], dataType: 11, doubleData: [Math.PI, -1e300] },
    { name: 'none', dims: [0n, 5n], dataType: 1 },
    { name: 'text', dims: [1n], dataType: 8, stringData: [new Uint8Array([65])] },
    {
      name: 'outside',
      dims: [4n],
      dataType: 1,
      dataLocation: 1,
      externalData: [{ key: 'location', value: 'a.bin' }],
    },
  ],
});

describe('onnx reader', () => {
  it('reads what onnx-buf reads', () => {
    assert.deepEqual(ourSummary(everything), theirSummary(everything));
  });

  it('reads what onnx-buf reads, in models made by others', function () {
    const root = join(shared, 'onnx');
    if (!existsSync(root)) return skip(this, 'the shared networks are not here');
    const files = (readdirSync(root, { recursive: true }) as string[]).filter((name) =>
      name.endsWith('.onnx'),
    );
    assert.ok(files.length > 100);
    let compared = 0;
    for (const file of files) {
      const bytes = readFileSync(join(root, file));
      let ours: unknown;
      try {
        ours = ourSummary(bytes);
      } catch (error) {
        // IR versions before 3 are the only reason to refuse one of these.
        assert.ok(error instanceof MillraceError && error.code === 'MODEL_UNSUPPORTED', `${file}: ${error}`);
        continue;
      }
      assert.deepEqual(ours, theirSummary(bytes), file);
      compared++;
    }
    assert.ok(compared > files.length * 0.9);
  });

  it('agrees with onnx-buf on every change of a byte that it accepts', () => {
    // Ours is stricter (UTF-8, duplicates, lengths of data): refusing is fine, crashing or disagreeing is not.
    const bytes = everything.slice();
    let accepted = 0;
    for (let position = 0; position < bytes.length; position += 2) {
      const before = bytes[position]!;
      for (const value of [before ^ 1, before ^ 0x80, 0xff]) {
        bytes[position] = value;
        let ours: unknown;
        try {
          ours = ourSummary(bytes);
        } catch (error) {
          assert.ok(error instanceof MillraceError, `byte ${position} = ${value}: ${error}`);
          continue;
        }
        let theirs: unknown;
        try {
          theirs = theirSummary(bytes);
        } catch {
          continue; // broken in a field that ours steps over
        }
        accepted++;
        assert.deepEqual(ours, theirs, `byte ${position} = ${value}`);
      }
      bytes[position] = before;
    }
    assert.ok(accepted > 100);
  });

  it('finds large payloads without reading them, beyond 2 GiB too', () =>
    inFolder((folder) => {
      const path = join(folder, 'large.onnx');
      const large = 2 ** 31 + 4096;
      // A graph with a node, an initializer of 2 GiB (a hole in the file), and a node after it.
      const part = (value: Parameters<typeof create<typeof GraphProtoSchema>>[1]): Uint8Array =>
        toBinary(GraphProtoSchema, create(GraphProtoSchema, value));
      const head = toBinary(
        TensorProtoSchema,
        create(TensorProtoSchema, { name: 'w', dims: [BigInt(large / 4)], dataType: 1 }),
      );
      const before = part({ node: [node('Relu', ['x'], ['a'])] });
      const after = part({ node: [node('Relu', ['a'], ['b'])] });
      const varint = (value: number): number[] =>
        value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
      const raw = [0x4a, ...varint(large)];
      const tensorHead = [0x2a, ...varint(head.length + raw.length + large)];
      const graphLength = before.length + tensorHead.length + head.length + raw.length + large + after.length;
      const start = new Uint8Array([
        0x08,
        8,
        0x3a,
        ...varint(graphLength),
        ...before,
        ...tensorHead,
        ...head,
        ...raw,
      ]);
      const file = openSync(path, 'w');
      writeSync(file, start);
      ftruncateSync(file, start.length + large);
      writeSync(file, after, 0, after.length, start.length + large);
      closeSync(file);
      const { graph } = readModel(path);
      assert.deepEqual(graph.initializers.get('w')?.payload, {
        kind: 'range',
        offset: start.length,
        length: large,
      });
      assert.deepEqual(
        graph.nodes.map(({ outputs }) => outputs),
        [['a'], ['b']],
      );
    }));

  it('reads elements written one by one, and in several packed pieces', () => {
    const dense = create(TensorProtoSchema, { name: 'w', dims: [2n], dataType: 1 });
    const head = toBinary(TensorProtoSchema, dense);
    const one = [0, 0, 0x80, 0x3f];
    const unpacked = [0x25, ...one, 0x25, 0, 0, 0, 0x40];
    const pieces = [0x22, 4, ...one, 0x22, 4, 0, 0, 0, 0x40];
    for (const body of [unpacked, pieces]) {
      const bytes = withTensor(new Uint8Array([...head, ...body]));
      assert.deepEqual(ourSummary(bytes), theirSummary(bytes));
      const payload = read(bytes).graph.initializers.get('w')?.payload;
      assert.deepEqual(payload, { kind: 'inline', bytes: new Uint8Array(new Float32Array([1, 2]).buffer) });
    }
  });

  it('keeps packed floats where they are', async () => {
    const bytes = modelBytes({ initializers: [{ name: 'w', dims: [2n], dataType: 1, floatData: [1, 2] }] });
    await withFile(bytes, (path) => {
      const payload = readModel(path).graph.initializers.get('w')?.payload;
      assert.ok(payload?.kind === 'range');
      assert.deepEqual(
        bytes.subarray(payload.offset, payload.offset + payload.length),
        new Uint8Array(new Float32Array([1, 2]).buffer),
      );
    });
  });

  it('takes IR versions 3 to 14', () => {
    for (const irVersion of [3, 7, 13, 14])
      assert.equal(read(modelBytes({ irVersion })).irVersion, irVersion);
    for (const irVersion of [1, 2, 15, 1000])
      assert.throws(() => read(modelBytes({ irVersion })), { code: 'MODEL_UNSUPPORTED' });
  });

  it('counts what it does not read, and keeps functions', () => {
    const sparse = { name: 's', dims: [1n], dataType: 1, floatData: [1] };
    const bytes = toBinary(
      ModelProtoSchema,
      create(ModelProtoSchema, {
        irVersion: 8n,
        graph: create(GraphProtoSchema, {
          sparseInitializer: [{ values: create(TensorProtoSchema, sparse) }],
        }),
        functions: [
          create(FunctionProtoSchema, {
            name: 'f',
            domain: 'ai.onnx',
            overload: 'o',
            input: ['a'],
            output: ['b'],
            node: [create(NodeProtoSchema, { opType: 'Relu', input: ['a'], output: ['b'] })],
            attributeProto: [create(AttributeProtoSchema, { name: 'k', type: 2, i: 3n })],
            opsetImport: [{ domain: '', version: 14n }],
          }),
        ],
      }),
    );
    const { graph, functions } = read(bytes);
    assert.equal(graph.sparseInitializers, 1);
    const [one] = functions;
    assert.ok(one !== undefined);
    const { name, domain, overload, inputs, outputs, nodes, opsets, defaults } = one;
    assert.deepEqual([name, domain, overload, inputs, outputs], ['f', '', 'o', ['a'], ['b']]);
    assert.deepEqual(
      nodes.map(({ op }) => op),
      ['Relu'],
    );
    assert.deepEqual([...opsets], [['', 14]]);
    assert.deepEqual(defaults.get('k'), { kind: 'int', value: 3n });
  });
});

/** A model whose only initializer is these bytes of a TensorProto. */
function withTensor(bytes: Uint8Array): Uint8Array {
  const length = (n: number): number[] => (n < 128 ? [n] : [(n % 128) + 128, ...length(Math.floor(n / 128))]);
  const graph = [0x2a, ...length(bytes.length), ...bytes];
  return new Uint8Array([0x08, 8, 0x3a, ...length(graph.length), ...graph]);
}
