/** Engines with the kernels of a network alone: small, the same bits, and never a trap where a kernel is gone. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { stripEngine } from '../../../compiler/bundle/engine/strip.ts';
import { kernelsIn } from '../../../compiler/bundle/files.ts';
import { defineModel, dense, relu, tensor } from '../../../compiler/index.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import type { Tensor } from '../../../compiler/ir/tensor.ts';
import { interpret } from '../../../compiler/ops/constants/interpret.ts';
import { HELD_KERNELS_SECTION, kernelsOf } from '../../../runtime/engine/held-kernels.ts';
import { MillraceError } from '../../../runtime/error.ts';
import { kernelNames } from '../../../runtime/kernels/table.ts';
import { compileInMemory, type Network, open, runTensors } from '../../support/network.ts';
import { networks } from '../../support/networks.ts';
import { assertClose, randomInputs } from '../../support/tensors.ts';

const engineFile = (name: string): Uint8Array =>
  readFileSync(new URL(`../../../build/engine/${name}`, import.meta.url));
const engines = ['engine.wasm', 'engine-relaxed.wasm'] as const;

/** The network's parts with engines that hold these kernels. */
const withKernels = (network: Network, kernels: ReadonlySet<string>): Network => ({
  ...network,
  parts: { ...network.parts, engine: async (file) => stripEngine(engineFile(file), kernels) },
});

/** A network of products alone, whose kernel is that of a convolution. */
const chainOfProducts = (): Graph =>
  defineModel('products', { x: tensor('float32', [2, 8]) }, ({ x }) => ({
    y: dense(relu(dense(x, { units: 40 })), { units: 4 }),
  })).graph;

describe('an engine without the kernels that a network does not call', () => {
  before(() => setFlagsFromString('--experimental-wasm-relaxed-simd'));

  it('is a module of the same functions, smaller by what went, and the same bytes each time', () => {
    const whole = stripEngine(engineFile('engine.wasm'), new Set(kernelNames));
    const none = stripEngine(engineFile('engine.wasm'), new Set());
    assert.ok(none.length < 20_000, `${none.length} bytes without any kernel`);
    assert.ok(whole.length > 5 * none.length);
    for (const kernel of kernelNames) {
      const one = stripEngine(engineFile('engine.wasm'), new Set([kernel]));
      assert.ok(WebAssembly.validate(one as Uint8Array<ArrayBuffer>), kernel);
      assert.ok(one.length > none.length && one.length < whole.length, kernel);
      assert.deepEqual(one, stripEngine(engineFile('engine.wasm'), new Set([kernel])));
    }
  });

  it('says which kernels it holds, and nothing of names', async () => {
    const kernels = new Set(['f32-pool', 'f32-conv']);
    for (const file of engines) {
      const bytes = stripEngine(engineFile(file), kernels);
      const text = new TextDecoder('latin1').decode(bytes);
      assert.ok(text.endsWith(`${HELD_KERNELS_SECTION}f32-conv f32-pool`));
      assert.ok(!text.includes('kernel_f32') && !text.includes('producers'));
    }
  });

  it('has room to spare for ResNet-50', () => {
    const called = ['f32-conv', 'f32-gemm', 'f32-pool', 'f32-reduce', 'f32-softmax'];
    for (const file of engines) {
      const { length } = stripEngine(engineFile(file), new Set(called));
      assert.ok(length <= 60_000, `${file}: ${length} bytes`);
    }
  });

  // All other networks of the tests run on engines of their own kernels: `compileInMemory` gives them no others.
  for (const [name, make] of Object.entries(networks))
    it(`gives the bits of the whole engine: ${name}`, async () => {
      const { graph } = make();
      const inputs = randomInputs(graph, 7);
      const network = await compileInMemory(graph, { target: 8192 });
      const whole = {
        ...network,
        parts: { ...network.parts, engine: async (file: string) => engineFile(file) },
      };
      const plan = network.manifest.plans[0]!.name;
      for (const options of [
        { deterministic: true },
        { plan, threads: 2 },
        { plan, deterministic: true, threads: 2 },
      ]) {
        const results = [];
        for (const each of [network, whole]) {
          const model = await open(each, { engine: 'wasm', ...options });
          results.push(await runTensors(model, inputs));
          await model.close();
        }
        assert.deepEqual(results[1], results[0]);
      }
    });

  it('is refused by a program that calls what is gone', async () => {
    const network = await compileInMemory(networks['residual']!().graph, { target: 8192 });
    const called = kernelsIn(network.schedule);
    for (const kernel of called)
      for (const threads of [1, 2]) {
        const fewer = new Set([...called].filter((name) => name !== kernel));
        await assert.rejects(open(withKernels(network, fewer), { engine: 'wasm', threads }), (error) => {
          assert.ok(error instanceof MillraceError, String(error));
          assert.equal(error.code, 'BUNDLE_INVALID');
          assert.match(
            error.message,
            new RegExp(`^engine-relaxed\\.wasm: the engine has no kernel ${kernel}\n`),
          );
          return true;
        });
      }
  });

  it('refuses modules that it does not understand', () => {
    const bytes = engineFile('engine.wasm');
    assert.throws(() => stripEngine(bytes.subarray(0, bytes.length / 2), new Set()), /ends early/);
    const nameless = stripEngine(bytes, new Set(kernelNames));
    assert.throws(() => stripEngine(nameless, new Set()), { code: 'INTERNAL' });
  });

  it('keeps what a kernel calls of another', async () => {
    const graph = chainOfProducts();
    const network = await compileInMemory(graph, { target: 8192 });
    assert.deepEqual([...kernelsIn(network.schedule)], ['f32-gemm']);
    const model = await open(network, { engine: 'wasm', deterministic: true });
    const inputs = randomInputs(graph, 7);
    const [[, expected]] = [...interpret(graph, inputs)] as [[string, Tensor]];
    assertClose((await runTensors(model, inputs)).get('y')!, expected, 1e-5, 'y');
    await model.close();
  });

  it('finds the kernels that a program calls', () => {
    const program = Int32Array.of(1, 3, 0, 16, 3, 5, 17, 2, 16, 3, 0, 0, 2);
    assert.deepEqual([...kernelsOf(program)], kernelNames.slice(0, 2));
  });
});
