/** The zoo's sequences: small ones compiled and streamed, and what their words see. */
import assert from 'node:assert/strict';
import { type Model, parameterCount } from 'millrace';
import { valueAt } from '../../compiler/ir/graph.ts';
import { fromNumbers, type Tensor, toNumbers } from '../../compiler/ir/tensor.ts';
import { elementCount } from '../../compiler/ir/types.ts';
import { interpret } from '../../compiler/ops/constants/interpret.ts';
import { bert, bertBase } from '../../examples/zoo/bert.ts';
import { gpt2, gpt2Small } from '../../examples/zoo/gpt2.ts';
import { keywords } from '../../examples/zoo/keywords.ts';
import { llama, tinyLlama } from '../../examples/zoo/llama.ts';
import { vit, vitB16 } from '../../examples/zoo/vit.ts';
import { whisperEncoder, whisperTinyEncoder } from '../../examples/zoo/whisper.ts';
import { compileInMemory, open, runTensors } from '../support/network.ts';
import { assertClose, randomTensor } from '../support/tensors.ts';

const WORDS = 50;
const small = { vocabulary: WORDS, positions: 16, layers: 2, width: 16, heads: 2 };
const networks: readonly Model[] = [
  vit('vit_small', { image: 16, patch: 4, layers: 2, width: 16, heads: 2 }),
  bert('bert_small', 9, small),
  gpt2('gpt2_small', 9, small),
  llama('llama_small', 9, { ...small, hidden: 24, heads: 4, keyValueHeads: 2, tied: false }),
  llama('llama_tied', 9, { ...small, hidden: 24, keyValueHeads: 1, tied: true }),
  whisperEncoder('whisper_small', { frames: 21, bands: 8, layers: 2, width: 16, heads: 2 }),
  keywords(),
];

/** Words of the whole vocabulary; the last of the sequence is masked. */
const inputsOf = ({ graph }: Model): Map<string, Tensor> =>
  new Map(
    graph.inputs.map((id, seed) => {
      const { name, type } = valueAt(graph, id);
      if (type.dtype === 'float32') return [name, randomTensor(type, seed)];
      const count = elementCount(type.shape);
      const of = (i: number): number =>
        name === 'tokens' ? (17 * i + 3) % WORDS : Number((name === 'mask') === i < count - 2);
      return [
        name,
        fromNumbers(
          type,
          Array.from({ length: count }, (_, i) => of(i)),
        ),
      ];
    }),
  );

describe('zoo: small transformers, compiled, streamed and compared', () => {
  for (const defined of networks)
    it(defined.name, async () => {
      const inputs = inputsOf(defined);
      const network = await compileInMemory(defined.graph);
      const model = await open(network, { mode: 'stream', plan: network.manifest.plans[0]!.name });
      try {
        const outputs = await runTensors(model, inputs);
        for (const [output, expected] of interpret(defined.graph, inputs)) {
          assert.ok(toNumbers(expected).every(Number.isFinite), output);
          assertClose(outputs.get(output)!, expected, 1e-5, output);
        }
      } finally {
        await model.close();
      }
    });
});

/** Elements [from, to) of each run of `length`. */
const across = (tensor: Tensor, length: number, from: number, to: number): number[] =>
  toNumbers(tensor).filter((_, i) => i % length >= from && i % length < to);

describe('zoo: what words see', () => {
  const run = (model: Model, inputs: ReadonlyMap<string, Tensor>, output: string): Tensor =>
    interpret(model.graph, inputs).get(output)!;
  const withLast = (model: Model): Map<string, Tensor> => {
    const inputs = inputsOf(model);
    const tokens = inputs.get('tokens')!;
    return inputs.set('tokens', fromNumbers(tokens.type, toNumbers(tokens).with(-1, 1)));
  };

  for (const model of networks.filter(({ name }) => /gpt2|llama/.test(name)))
    it(`${model.name}: nothing of what comes after them`, () => {
      const [a, b] = [run(model, inputsOf(model), 'logits'), run(model, withLast(model), 'logits')];
      const before = 8 * WORDS;
      assert.deepEqual(across(a, 9 * WORDS, 0, before), across(b, 9 * WORDS, 0, before));
      assert.notDeepEqual(toNumbers(a), toNumbers(b));
    });

  it('BERT: nothing of what is masked', () => {
    const model = networks[1]!;
    const [a, b] = [run(model, inputsOf(model), 'pooled'), run(model, withLast(model), 'pooled')];
    assert.deepEqual(toNumbers(a), toNumbers(b));
  });
});

describe('zoo: sequences of other sizes', () => {
  it('TinyLlama has 1,100,048,384 parameters', () =>
    assert.equal(parameterCount(tinyLlama(8)), 1_100_048_384));

  it('shapes of sequences are literal', () => {
    const logits: readonly [1, 32, 50257] = gpt2Small(32).outputs.logits.shape;
    const states: readonly [1, 128, 768] = bertBase().outputs.states.shape;
    const pooled: readonly [1, 768] = bertBase().outputs.pooled.shape;
    const probs: readonly [1, 1000] = vitB16().outputs.probs.shape;
    const frames: readonly [1, 1500, 384] = whisperTinyEncoder().outputs.states.shape;
    assert.deepEqual(
      [logits, states, pooled, probs, frames],
      [
        [1, 32, 50257],
        [1, 128, 768],
        [1, 768],
        [1, 1000],
        [1, 1500, 384],
      ],
    );
    // @ts-expect-error there are not 32 words
    const wrong: readonly [1, 32, 50257] = gpt2Small(31).outputs.logits.shape;
    assert.equal(wrong[1], 31);
  });
});
