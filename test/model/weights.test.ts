import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TypedConstant } from '../../compiler/ir/constant.ts';
import { fromNumbers, toNumbers } from '../../compiler/ir/tensor.ts';
import type { Shape } from '../../compiler/ir/types.ts';
import { batchNorm, conv2d, defineModel, dense, relu, tensor } from '../../compiler/model/index.ts';
import {
  huggingface,
  joined,
  loadWeights,
  mapNames,
  type NameMap,
  part,
  rules,
  shaped,
  steps,
  torchvision,
  toSafetensors,
  transposed,
  type WeightSet,
} from '../../compiler/model/weights/index.ts';
import { weightSet } from '../../compiler/model/weights/weight-set.ts';
import { interpret } from '../../compiler/ops/constants/interpret.ts';
import { ConstantReader } from '../../compiler/ops/constants/materialize.ts';
import resnet152 from '../../examples/resnet152/model.ts';
import { MillraceError } from '../../runtime/error.ts';
import { withFolder } from '../support/folder.ts';
import { writeFloats } from './safetensors-file.ts';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const inline = (shape: Shape, values: readonly number[]): TypedConstant => {
  const { type, data } = fromNumbers({ dtype: 'float32', shape }, values);
  return { type, constant: { kind: 'inline', bytes: new Uint8Array(data.buffer as ArrayBuffer) } };
};
const setOf = (tensors: Readonly<Record<string, TypedConstant>>): WeightSet =>
  weightSet(new Map(Object.entries(tensors)));
const read = (constant: TypedConstant | undefined): number[] => {
  assert.ok(constant !== undefined);
  return toNumbers(new ConstantReader().read(constant));
};

/** y = x·wᵀ + b, [1, 3] → [1, 2]. */
const linear = (weights: WeightSet) =>
  defineModel(
    'linear',
    { x: tensor('float32', [1, 3]) },
    ({ x }) => ({ y: dense(x, { name: 'fc', units: 2 }) }),
    { weights },
  );
const run = (weights: WeightSet, x: readonly number[]): number[] => {
  const input = fromNumbers({ dtype: 'float32', shape: [1, 3] }, x);
  return toNumbers(interpret(linear(weights).graph, new Map([['x', input]])).get('y')!);
};

describe('weights of a model', () => {
  it('come from a file, and stay there', () =>
    withFolder((folder) => {
      const path = join(folder, 'w.safetensors');
      writeFloats(path, {
        'fc.weight': { shape: [2, 3], values: [1, 2, 3, 4, 5, 6] },
        'fc.bias': { shape: [2], values: [10, 20] },
      });
      const weights = loadWeights(path);
      assert.deepEqual(run(weights, [1, 0, -1]), [8, 18]);
      const { graph } = linear(weights);
      const kinds = [...graph.values.values()].flatMap(({ constant }) => constant?.kind ?? []);
      assert.deepEqual(kinds, ['file', 'file']);
    }));

  it('are cast where the file is in half or double precision', () => {
    for (const dtype of ['float16', 'float64'] as const) {
      const { type, data } = fromNumbers({ dtype, shape: [2, 3] }, [1, 2, 3, 4, 5, 6]);
      const bytes = new Uint8Array(data.buffer as ArrayBuffer);
      const weights = setOf({
        'fc.weight': { type, constant: { kind: 'inline', bytes } },
        'fc.bias': inline([2], [0, 1]),
      });
      assert.deepEqual(run(weights, [1, 1, 1]), [6, 16], dtype);
    }
  });

  it('that do not fit are all named at once', () => {
    const weights = setOf({
      'a.weight': inline([2, 1, 1, 1], [1, 2]),
      'a.bias': inline([3], [1, 2, 3]),
      'b.weight': { type: { dtype: 'int32', shape: [2, 2] }, constant: { kind: 'splat', value: 0 } },
      strange: inline([1], [1]),
      other: inline([1], [1]),
    });
    const define = () =>
      defineModel(
        'net',
        { x: tensor('float32', [1, 4, 4, 1]) },
        ({ x }) => {
          const y = relu(batchNorm(conv2d(x, { name: 'a', filters: 2, kernel: 1 }), { name: 'norm' }));
          return { y: dense(y, { name: 'b', units: 2 }) };
        },
        { weights },
      );
    assert.throws(define, (error: unknown) => {
      assert.ok(error instanceof MillraceError);
      assert.equal(error.code, 'MODEL_WEIGHTS');
      for (const text of [
        '5 missing',
        'norm.weight',
        'norm.running_var',
        'b.bias',
        '2 of another type or shape',
        'a.bias: expected float32[2], got float32[3]',
        'b.weight: expected float32[2,2], got int32[2,2]',
        '2 asked for by no layer',
        'strange',
        'other',
      ])
        assert.ok(error.message.includes(text), `${text} in ${error.message}`);
      return true;
    });
    // The failed definition does not block the next.
    assert.throws(define, { code: 'MODEL_WEIGHTS' });
  });

  it('names of a long list are counted', () => {
    const tensors = Object.fromEntries(upTo(50).map((i) => [`t${i}`, inline([1], [i])]));
    assert.throws(
      () =>
        linear(setOf({ ...tensors, 'fc.weight': inline([2, 3], upTo(6)), 'fc.bias': inline([2], [0, 0]) })),
      /50 asked for by no layer[\s\S]*t19[\s\S]*and 30 more/,
    );
  });
});

describe('mapped names', () => {
  const theirs = setOf({
    qkv: inline([3, 4], upTo(12)),
    w: inline([2, 3], upTo(6)),
    'bn.num_batches_tracked': inline([], [1]),
  });

  it('rename, cut, transpose, reshape and join', () => {
    const map = rules(
      [
        [/^same\.(\w)$/, '$1'],
        [/^part(\d)$/, (index) => ({ from: 'qkv', make: steps(part(Number(index), 2, 1), transposed()) })],
        [/^flat$/, () => ({ from: 'w', make: shaped([6]) })],
        [/^both$/, () => ({ from: ['w', 'w'], make: joined(1) })],
        [/^none$/, () => ({ from: ['w', 'absent'], make: joined(0) })],
        [/^bad$/, () => ({ from: 'w', make: part(0, 4) })],
        [/^two$/, () => ({ from: ['w', 'w'] })],
      ],
      /num_batches_tracked$/,
    );
    const ours = mapNames(theirs, map);
    assert.deepEqual(read(ours.get('same.w')), upTo(6));
    assert.deepEqual(read(ours.get('part1')), [2, 6, 10, 3, 7, 11]);
    assert.deepEqual(ours.get('part1')?.type.shape, [2, 3]);
    assert.deepEqual(ours.get('flat')?.type.shape, [6]);
    assert.deepEqual(read(ours.get('both')), [0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5]);
    assert.equal(ours.get('none'), undefined);
    assert.equal(ours.get('anything'), undefined);
    assert.deepEqual(read(ours.get('w')), upTo(6), 'an unknown name is kept');
    assert.throws(() => ours.get('bad'), { code: 'MODEL_SHAPE' });
    assert.throws(() => ours.get('two'), { code: 'OPTION' });
    assert.deepEqual(ours.sourcesOf?.('both'), ['w', 'w']);
    assert.equal(ours.ignores?.('bn.num_batches_tracked'), true);
    assert.equal(ours.ignores?.('w'), false);
  });

  it('are both in the message, and what is ignored is not', () => {
    const map: NameMap = rules(
      [
        [/^fc\.weight$/, () => ({ from: 'qkv', make: part(0, 5) })],
        [/^fc\.bias$/, 'lost'],
      ],
      /tracked$/,
    );
    assert.throws(
      () => linear(mapNames(theirs, map)),
      (error: unknown) => {
        const { message } = error as MillraceError;
        assert.match(message, /1 missing:\n\s+fc.bias \(stored as lost\)/);
        assert.match(message, /fc.weight: cannot be cut into 5 along axis 0/);
        assert.match(message, /1 asked for by no layer:\n\s+w\b/);
        assert.ok(!message.includes('tracked'));
        return true;
      },
    );
  });

  it('of torchvision: every parameter of ResNet-152 has its own', () => {
    const map = torchvision.resnet152;
    const names = new Map<string, Shape>();
    for (const { name, type, constant } of resnet152.graph.values.values())
      if (constant !== undefined) {
        const stored = map(name);
        assert.equal(typeof stored, 'string', name);
        assert.ok(!names.has(stored as string), name);
        names.set(stored as string, type.shape);
      }
    // A state_dict has 932 entries, 155 of which are counters.
    assert.equal(names.size, 932 - 155);
    assert.deepEqual(names.get('conv1.weight'), [64, 3, 7, 7]);
    assert.deepEqual(names.get('bn1.running_var'), [64]);
    assert.deepEqual(names.get('layer1.0.conv2.weight'), [64, 64, 3, 3]);
    assert.deepEqual(names.get('layer1.0.downsample.0.weight'), [256, 64, 1, 1]);
    assert.deepEqual(names.get('layer1.0.downsample.1.running_mean'), [256]);
    assert.deepEqual(names.get('layer3.35.bn3.weight'), [1024]);
    assert.deepEqual(names.get('fc.weight'), [1000, 2048]);
    assert.ok(map.ignore?.test('layer1.0.bn1.num_batches_tracked'));
  });

  it('of GPT-2: query, key and value are columns of one matrix', () => {
    const columns = (values: (row: number, column: number) => number): TypedConstant =>
      inline(
        [2, 6],
        upTo(12).map((i) => values(Math.floor(i / 6), i % 6)),
      );
    const set = mapNames(
      setOf({
        'h.0.attn.c_attn.weight': columns((row, column) => 10 * row + column),
        'h.0.attn.c_attn.bias': inline([6], upTo(6)),
        'h.0.mlp.c_fc.weight': inline([1, 2], [1, 2]),
        'h.0.ln_1.weight': inline([2], [1, 1]),
        'ln_f.bias': inline([2], [2, 2]),
      }),
      huggingface.gpt2,
    );
    assert.deepEqual(read(set.get('block1.attention.k_proj.weight')), [2, 12, 3, 13]);
    assert.deepEqual(read(set.get('block1.attention.v_proj.bias')), [4, 5]);
    assert.deepEqual(set.get('block1.mlp.up.weight')?.type.shape, [2, 1]);
    assert.deepEqual(read(set.get('block1.attention.norm.weight')), [1, 1]);
    assert.deepEqual(read(set.get('norm.bias')), [2, 2]);
    assert.equal(huggingface.gpt2.ignore?.test('h.3.attn.bias'), true);
    assert.equal(huggingface.gpt2.ignore?.test('h.3.attn.c_attn.bias'), false);
  });

  it('of BERT', () => {
    const map = huggingface.bert({ prefix: 'bert.', gamma: true });
    assert.equal(map('embedding.segment.weight'), 'bert.embeddings.token_type_embeddings.weight');
    assert.equal(map('embedding.norm.bias'), 'bert.embeddings.LayerNorm.beta');
    assert.equal(map('block12.attention.q_proj.bias'), 'bert.encoder.layer.11.attention.self.query.bias');
    assert.equal(
      map('block1.attention.out_proj.weight'),
      'bert.encoder.layer.0.attention.output.dense.weight',
    );
    assert.equal(huggingface.bert()('block1.mlp.norm.weight'), 'encoder.layer.0.output.LayerNorm.weight');
    assert.ok(map.ignore?.test('cls.predictions.bias'));
  });
});

describe('toSafetensors', () => {
  it('writes the parameters of a model, which it is loaded from again', () =>
    withFolder((folder) => {
      const path = join(folder, 'm.safetensors');
      const seeded = defineModel('m', { x: tensor('float32', [1, 8, 8, 3]) }, ({ x }) => ({
        y: batchNorm(conv2d(x, { name: 'c', filters: 5, kernel: 3 }), { name: 'n' }),
      }));
      toSafetensors(path, seeded, { metadata: { made: 'by a test' } });
      const bytes = readFileSync(path);
      const header = bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString();
      assert.equal(header.length % 8, 0);
      assert.equal(JSON.parse(header).__metadata__.made, 'by a test');
      const weights = loadWeights(path);
      assert.deepEqual(
        [...weights.names()],
        ['c.weight', 'c.bias', 'n.weight', 'n.bias', 'n.running_mean', 'n.running_var'],
      );
      for (const { name, type, constant } of seeded.graph.values.values())
        if (constant !== undefined) assert.deepEqual(read(weights.get(name)), read({ type, constant }), name);
      const copy = join(folder, 'copy.safetensors');
      toSafetensors(copy, weights);
      assert.deepEqual(read(loadWeights(copy).get('c.weight')), read(weights.get('c.weight')));
    }));

  it('writes tensors of all dtypes, the widest first, and arrays', () =>
    withFolder((folder) => {
      const path = join(folder, 't.safetensors');
      const splat = (dtype: 'bool' | 'int64' | 'float16' | 'uint16', value: number): TypedConstant => ({
        type: { dtype, shape: [3] },
        constant: { kind: 'splat', value },
      });
      toSafetensors(path, {
        flag: splat('bool', 1),
        word: splat('uint16', 7),
        half: splat('float16', 0.5),
        array: Float32Array.of(1, 2),
        long: splat('int64', -1),
      });
      const set = loadWeights(path);
      assert.deepEqual([...set.names()], ['long', 'array', 'word', 'half', 'flag']);
      assert.deepEqual(set.get('half')?.type, { dtype: 'float16', shape: [3] });
      assert.deepEqual(read(set.get('half')), [0.5, 0.5, 0.5]);
      assert.deepEqual(read(set.get('word')), [7, 7, 7]);
      assert.deepEqual(read(set.get('array')), [1, 2]);
      assert.deepEqual(read(set.get('long')), [-1, -1, -1]);
      assert.deepEqual(read(set.get('flag')), [1, 1, 1]);
    }));

  it('leaves nothing behind when it fails', () =>
    withFolder((folder) => {
      assert.throws(() => toSafetensors(join(folder, 'none', 'a.safetensors'), {}), { code: 'OUTPUT' });
      const path = join(folder, 'a.safetensors');
      const gone: TypedConstant = {
        type: { dtype: 'float32', shape: [4] },
        constant: { kind: 'file', path: join(folder, 'gone'), offset: 0 },
      };
      assert.throws(() => toSafetensors(path, { gone }), { code: 'MODEL_READ' });
      assert.throws(() => readFileSync(path), { code: 'ENOENT' });
    }));
});
