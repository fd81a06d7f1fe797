/** The exported file: what a viewer shows, what names and texts come through, where weights lie, what is refused. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { type ModelProto, ModelProtoSchema } from 'onnx-buf';
import type { Graph } from '../../compiler/ir/graph.ts';
import { parse } from '../../compiler/ir/parse.ts';
import { fromNumbers } from '../../compiler/ir/tensor.ts';
import { type ExportOptions, exportOnnx } from '../../compiler/onnx/export/export.ts';
import { importOnnx } from '../../compiler/onnx/import/import.ts';
import { interpret } from '../../compiler/ops/constants/interpret.ts';
import { signatures } from '../../compiler/ops/index.ts';
import { optimize } from '../../compiler/passes/index.ts';
import { assertClose, randomInputs } from '../support/tensors.ts';
import { inFolder } from './make-model.ts';

const graphOf = (text: string): Graph => parse(text, signatures);

/** The messages of the exported graph; `at` is where it is written. */
async function exported(graph: Graph, options: ExportOptions = {}): Promise<ModelProto> {
  return inFolder(async (folder) => {
    const path = join(folder, 'model.onnx');
    await exportOnnx(graph, path, options);
    return fromBinary(ModelProtoSchema, readFileSync(path));
  });
}

/** `Conv(x, w) → y`, one line for each node. */
const linesOf = ({ graph }: ModelProto): string[] =>
  graph!.node.map(({ opType, input, output }) => `${opType}(${input.join(', ')}) → ${output.join(', ')}`);

const network = graphOf(`graph "small" {
  input %image: float32[1,8,8,3]
  const %stem.weight: float32[8,3,3,3] = random(normal, seed=1, mean=0, scale=0.1)
  const %stem.bias: float32[8] = splat(0.5)
  %stem: float32[1,8,8,8] = conv(%image, %stem.weight, %stem.bias) {strides=[1, 1], dilations=[1, 1], pads=[1, 1, 1, 1]}
  %relu: float32[1,8,8,8] = relu(%stem)
  %pool: float32[1,4,4,8] = maxPool(%relu) {kernel=[2, 2], strides=[2, 2], dilations=[1, 1], pads=[0, 0, 0, 0]}
  const %body.weight: float32[8,8,1,1] = random(normal, seed=2, mean=0, scale=0.1)
  %body: float32[1,4,4,8] = conv(%pool, %body.weight) {strides=[1, 1], dilations=[1, 1], pads=[0, 0, 0, 0]}
  const %shift: float32[8] = splat(0.25)
  %shifted: float32[1,4,4,8] = add(%body, %shift)
  %sum: float32[1,4,4,8] = add(%pool, %shifted)
  %mean: float32[1,8] = reduceMean(%sum) {axes=[1, 2], keepDims=false}
  const %head.weight: float32[10,8] = random(normal, seed=3, mean=0, scale=0.1)
  const %head.bias: float32[10] = splat(0)
  %head: float32[1,10] = matmul(%mean, %head.weight, %head.bias) {transB=true}
  output "scores" = %head
  output "features" = %sum
}`);

describe('exported ONNX files', () => {
  it('transpose at the borders only', async () => {
    assert.deepEqual(linesOf(await exported(network)), [
      'Transpose(image) → image.channels_first',
      'Conv(image.channels_first, stem.weight, stem.bias) → stem',
      'Relu(stem) → relu',
      'MaxPool(relu) → pool',
      'Conv(pool, body.weight) → body',
      'Add(body, shift) → shifted',
      'Add(pool, shifted) → sum',
      'ReduceMean(sum) → mean',
      'Gemm(mean, head.weight, head.bias) → scores',
      'Transpose(sum) → features',
    ]);
  });

  it('spell out what passes fused', async () => {
    const model = await exported(optimize(network));
    assert.deepEqual(
      linesOf(model).map((line) => line.split('(')[0]),
      ['Transpose', 'Conv', 'Relu', 'MaxPool', 'Conv', 'Add', 'ReduceMean', 'Gemm', 'Transpose'],
    );
    assert.deepEqual(
      model.graph!.node.map(({ name }) => name).filter((name) => name.startsWith('stem')),
      ['stem', 'stem.relu'],
    );
  });

  it('keep names, types and texts', async () => {
    const docs = {
      inputs: new Map([['image', 'RGB from 0 to 1.']]),
      outputs: new Map([['scores', 'Logits.\nNot normalised.']]),
    };
    await inFolder(async (folder) => {
      const path = join(folder, 'model.onnx');
      const metadata = { license: 'MIT' };
      const doc = 'A small network.';
      const report = await exportOnnx({ graph: { ...network, docs } }, path, { doc, metadata });
      assert.deepEqual(report, {
        model: path,
        data: null,
        opset: 17,
        nodes: 10,
        initializers: 6,
        dataBytes: 0,
      });
      const model = fromBinary(ModelProtoSchema, readFileSync(path));
      assert.equal(model.producerName, 'millrace');
      assert.equal(model.docString, doc);
      assert.deepEqual(
        model.metadataProps.map(({ key, value }) => [key, value]),
        [['license', 'MIT']],
      );
      const back = await importOnnx(path);
      assert.equal(back.name, 'small');
      assert.deepEqual(back.docs, docs);
      assert.deepEqual(optimize(back).docs, docs);
      assert.deepEqual(
        back.outputs.map(({ name }) => name),
        ['scores', 'features'],
      );
      const layers = new Set(back.nodes.map(({ name }) => name));
      for (const { name } of network.nodes) assert.ok(layers.has(name), name);
      const values = new Set([...back.values.values()].map(({ name }) => name));
      for (const name of ['image', 'stem.weight', 'stem.bias', 'body.weight', 'head.weight', 'head.bias'])
        assert.ok(values.has(name), name);
      const shown = model.graph!.valueInfo.find(({ name }) => name === 'relu')?.type?.value;
      assert.ok(shown?.case === 'tensorType');
      assert.deepEqual(
        shown.value.shape?.dim.map(({ value }) => value.value),
        [1n, 8n, 8n, 8n],
      );
    });
  });

  it('have large weights in a file beside them, aligned for mapping', async () => {
    const graph = graphOf(`graph "wide" {
      input %x: float32[2,300]
      const %a: float32[300,301] = random(uniform, seed=1, mean=0, scale=1)
      const %b: float32[301,1500] = mul(random(uniform, seed=2, mean=0, scale=1): float32[301,1500], splat(0.5): float32[])
      const %c: float32[1500] = splat(-1)
      %p: float32[2,301] = matmul(%x, %a)
      %y: float32[2,1500] = matmul(%p, %b, %c)
      output "y" = %y
    }`);
    await inFolder(async (folder) => {
      const path = join(folder, 'wide.onnx');
      const progress: number[] = [];
      const report = await exportOnnx(graph, path, {
        onProgress: (done, total) => progress.push(done / total),
      });
      assert.equal(report.data, `${path}.data`);
      assert.equal(statSync(report.data).size, report.dataBytes);
      assert.ok(statSync(path).size < 4096);
      assert.deepEqual(progress.slice(-1), [1]);
      const { graph: written } = fromBinary(ModelProtoSchema, readFileSync(path));
      const places = written!.initializer.map(({ externalData }) =>
        Object.fromEntries(externalData.map(({ key, value }) => [key, value])),
      );
      assert.deepEqual(places, [
        { location: 'wide.onnx.data', offset: '0', length: '361200' },
        { location: 'wide.onnx.data', offset: '364544', length: '1806000' },
        { location: 'wide.onnx.data', offset: '2170880', length: '6000' },
      ]);
      const inputs = randomInputs(graph, 5);
      const actual = interpret(await importOnnx(path), inputs).get('y')!;
      assertClose(actual, interpret(graph, inputs).get('y')!, 0);
    });
  });

  it('have outputs that are inputs, constants, or each other', async () => {
    const graph = graphOf(`graph "odd" {
      input %x: float32[2]
      input %y: float32[2]
      const %c: float32[2] = [1, 2]
      %r: float32[2] = relu(%x)
      %i: float32[2] = identity(%y)
      output "x" = %x
      output "y" = %r
      output "again" = %r
      output "c" = %c
      output "named" = %c
      output "i" = %i
    }`);
    await inFolder(async (folder) => {
      const path = join(folder, 'odd.onnx');
      await exportOnnx(graph, path);
      const back = await importOnnx(path);
      const names = ['x', 'y_1', 'again', 'c', 'named', 'i'];
      const inputs = new Map([
        ['x', fromNumbers({ dtype: 'float32', shape: [2] }, [-1, 3])],
        ['y', fromNumbers({ dtype: 'float32', shape: [2] }, [5, 6])],
      ]);
      const results = [...interpret(back, inputs)].map(([name, { data }]) => [name, ...data]);
      const values = [
        [-1, 3],
        [0, 3],
        [0, 3],
        [1, 2],
        [1, 2],
        [5, 6],
      ];
      assert.deepEqual(
        results,
        values.map((pair, i) => [names[i], ...pair]),
      );
    });
  });

  it('go to a later opset only where they must, and never silently to another than asked for', async () => {
    const dilated = graphOf(`graph "dilated" {
      input %x: float32[1,6,6,1]
      %y: float32[1,4,4,1] = averagePool(%x) {kernel=[2, 2], strides=[1, 1], dilations=[2, 2], pads=[0, 0, 0, 0]}
      output "y" = %y
    }`);
    assert.equal((await exported(dilated)).opsetImport[0]?.version, 19n);
    assert.equal((await exported(network, { opset: 13 })).opsetImport[0]?.version, 13n);
    await assert.rejects(exported(dilated, { opset: 18 }), { code: 'MODEL_OPSET' });
    await assert.rejects(exported(network, { opset: 12 }), { code: 'OPTION' });
    await assert.rejects(exported(network, { opset: 17.5 }), { code: 'OPTION' });
  });

  it('say which node has no ONNX form', async () => {
    const graph = graphOf(`graph "raw" {
      input %bits: uint16[4]
      %wide: float32[4] = fromBfloat16(%bits)
      output "y" = %wide
    }`);
    await assert.rejects(exported(graph), { code: 'MODEL_UNSUPPORTED', at: 'node "wide"' });
  });

  it('are not written over the weights of the graph itself, and leave nothing behind when they fail', async () => {
    await inFolder(async (folder) => {
      const path = join(folder, 'model.onnx');
      const large = graphOf(`graph "large" {
        input %x: float32[1,600]
        const %w: float32[600,1] = random(uniform, seed=1, mean=0, scale=1)
        %y: float32[1,1] = matmul(%x, %w)
        output "y" = %y
      }`);
      await exportOnnx(large, path);
      const before = readdirSync(folder);
      await assert.rejects(exportOnnx(await importOnnx(path), path), { code: 'OUTPUT' });
      await assert.rejects(exportOnnx(large, join(folder, 'none', 'model.onnx')), { code: 'OUTPUT' });
      assert.deepEqual(readdirSync(folder), before);
      const stopped = join(folder, 'stopped.onnx');
      const controller = new AbortController();
      const stop = { signal: controller.signal, onProgress: () => controller.abort() };
      await assert.rejects(exportOnnx(large, stopped, stop), { code: 'ABORTED' });
      assert.deepEqual(readdirSync(folder), before);
      await exportOnnx(await importOnnx(path), join(folder, 'copy.onnx'));
      await exportOnnx(large, path);
      writeFileSync(join(folder, 'gone.bin'), 'x');
      const lost = graphOf(`graph "lost" {
        const %w: float32[600] = file("${join(folder, 'gone.bin')}", offset=0)
        output "w" = %w
      }`);
      await assert.rejects(exportOnnx(lost, join(folder, 'lost.onnx')));
      assert.ok(!readdirSync(folder).some((name) => name.includes('lost') || name.includes('tmp')));
      assert.ok(existsSync(path));
    });
  });
});
