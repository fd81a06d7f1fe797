/**
 * Names of checkpoints of Hugging Face's transformers, for networks whose parameters are called
 *
 *   embedding.{token, position, segment}.weight     embedding.norm.{weight, bias}
 *   block<n>.attention.{q_proj, k_proj, v_proj, out_proj}.{weight, bias}   block<n>.attention.norm.{weight, bias}
 *   block<n>.mlp.{up, down}.{weight, bias}                                 block<n>.mlp.norm.{weight, bias}
 *   norm.{weight, bias}                             pooler.{weight, bias}
 *
 * as `multiHeadAttention` calls its own, with blocks counted from 1 and dense weights [out, in].
 */
import { type NameMap, rules } from '../names.ts';
import { part, steps, transposed } from '../transforms.ts';

/** How the names of a checkpoint of BERT are written. */
export interface BertNames {
  /** What stands before all names: "bert." in checkpoints with a head. */
  readonly prefix?: string;
  /** The first checkpoints call scale and bias of a normalisation gamma and beta. Default: weight and bias. */
  readonly gamma?: boolean;
}

const layerOf = (block: string): number => Number(block) - 1;
const projections: readonly string[] = ['q_proj', 'k_proj', 'v_proj'];
/** Of BERT, for the same. */
const written: Readonly<Record<string, string>> = { q_proj: 'query', k_proj: 'key', v_proj: 'value' };

/** BERT. The heads of a checkpoint (`cls.…`) are left over, and ignored. */
function bert({ prefix = '', gamma = false }: BertNames = {}): NameMap {
  const norm = (role: string): string =>
    role === 'weight' ? (gamma ? 'gamma' : 'weight') : gamma ? 'beta' : 'bias';
  const layer = (block: string): string => `${prefix}encoder.layer.${layerOf(block)}`;
  const embeddings: Readonly<Record<string, string>> = {
    token: 'word',
    position: 'position',
    segment: 'token_type',
  };
  return rules(
    [
      [
        /^embedding\.(token|position|segment)\.weight$/,
        (what = '') => `${prefix}embeddings.${embeddings[what]}_embeddings.weight`,
      ],
      [/^embedding\.norm\.(\w+)$/, (role = '') => `${prefix}embeddings.LayerNorm.${norm(role)}`],
      [
        /^block(\d+)\.attention\.([qkv]_proj)\.(\w+)$/,
        (block = '', what = '', role = '') => `${layer(block)}.attention.self.${written[what]}.${role}`,
      ],
      [
        /^block(\d+)\.attention\.out_proj\.(\w+)$/,
        (block = '', role) => `${layer(block)}.attention.output.dense.${role}`,
      ],
      [
        /^block(\d+)\.attention\.norm\.(\w+)$/,
        (block = '', role = '') => `${layer(block)}.attention.output.LayerNorm.${norm(role)}`,
      ],
      [/^block(\d+)\.mlp\.up\.(\w+)$/, (block = '', role) => `${layer(block)}.intermediate.dense.${role}`],
      [/^block(\d+)\.mlp\.down\.(\w+)$/, (block = '', role) => `${layer(block)}.output.dense.${role}`],
      [
        /^block(\d+)\.mlp\.norm\.(\w+)$/,
        (block = '', role = '') => `${layer(block)}.output.LayerNorm.${norm(role)}`,
      ],
      [/^pooler\.(\w+)$/, (role) => `${prefix}pooler.dense.${role}`],
    ],
    /^cls\.|\.position_ids$/,
  );
}

/**
 * GPT-2. Its dense weights are [in, out] ("Conv1D"), and query, key and value one matrix [in, 3·out]; the causal mask is
 * stored with every layer, and ignored.
 */
const gpt2: NameMap = rules(
  [
    [/^embedding\.token\.weight$/, 'wte.weight'],
    [/^embedding\.position\.weight$/, 'wpe.weight'],
    [
      /^block(\d+)\.attention\.([qkv]_proj)\.weight$/,
      (block = '', what = '') => ({
        from: `h.${layerOf(block)}.attn.c_attn.weight`,
        make: steps(part(projections.indexOf(what), 3, 1), transposed()),
      }),
    ],
    [
      /^block(\d+)\.attention\.([qkv]_proj)\.bias$/,
      (block = '', what = '') => ({
        from: `h.${layerOf(block)}.attn.c_attn.bias`,
        make: part(projections.indexOf(what), 3),
      }),
    ],
    [
      /^block(\d+)\.(attention\.out_proj|mlp\.up|mlp\.down)\.(\w+)$/,
      (block = '', what = '', role = '') => {
        const names: Readonly<Record<string, string>> = {
          'attention.out_proj': 'attn.c_proj',
          'mlp.up': 'mlp.c_fc',
          'mlp.down': 'mlp.c_proj',
        };
        const from = `h.${layerOf(block)}.${names[what]}.${role}`;
        return role === 'weight' ? { from, make: transposed() } : from;
      },
    ],
    [
      /^block(\d+)\.(attention|mlp)\.norm\.(\w+)$/,
      (block = '', what, role) => `h.${layerOf(block)}.${what === 'attention' ? 'ln_1' : 'ln_2'}.${role}`,
    ],
    [/^norm\./, 'ln_f.'],
  ],
  /\.attn\.(?:masked_)?bias$/,
);

/** Checkpoints of Hugging Face's transformers: `bert` is a function of how the names are written, `gpt2` a map. */
export const huggingface: {
  readonly bert: (names?: BertNames) => NameMap;
  readonly gpt2: NameMap;
} = { bert, gpt2 };
