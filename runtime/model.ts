/**
 * A loaded model: what `load` returns. It is a context, and makes more of them. Invariant: `close` closes its contexts
 * before anything of its own, since their resident weights may lie in its memory; after it nothing is left but this
 * object.
 */

import { Context, type ContextParts, type Tensors } from './context.ts';
import type { Isa } from './engine/isa.ts';
import { MillraceError } from './error.ts';
import type { Mode } from './format/choose.ts';
import type { DType } from './format/dtype.ts';
import { type Plan, type Port, RESIDENT } from './format/format.ts';
import { count, MAX_THREADS } from './options.ts';
import type { EngineKind } from './pipeline/engine.ts';

/** An input or output, for people. */
export interface TensorPort {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** Options of `context`. */
export interface ContextOptions {
  /** Threads that compute for this context, 1 by default. */
  readonly threads?: number | undefined;
  /** true: an OPTION error rather than a second copy of resident weights, which a context in WASM needs. */
  readonly shareWeights?: boolean | undefined;
}

/** What a model is made of; released on close. */
export interface ModelParts extends Omit<ContextParts, 'what' | 'sharesWeights' | 'dependents'> {
  readonly plan: Plan;
  readonly mode: Mode;
  readonly engineReason: string | undefined;
}

/** A loaded model: what `load` returns. */
export class LoadedModel<Inputs = Tensors, Outputs = Tensors> extends Context<Inputs, Outputs> {
  readonly inputs: readonly TensorPort[];
  readonly outputs: readonly TensorPort[];
  /** The plan in force. */
  readonly plan: Plan;
  readonly mode: Mode;
  readonly engine: EngineKind;
  readonly isa: Isa;
  /** Why `engine: 'auto'` has taken WASM: no native engine was found, or the bundle's is damaged. Else undefined. */
  readonly engineReason: string | undefined;
  readonly #parts: ModelParts;
  /** Those that are open or being opened. */
  readonly #contexts: Set<Promise<Context<Inputs, Outputs>>>;

  /** @internal `load` makes them. */
  constructor(parts: ModelParts) {
    const contexts = new Set<Promise<Context<Inputs, Outputs>>>();
    const dependents = async (): Promise<void> => {
      const closed = [...contexts].map((opening) =>
        opening.then(
          (context) => context.close(),
          () => {},
        ),
      );
      await Promise.all(closed);
    };
    super({ ...parts, sharesWeights: true, what: 'model', dependents });
    this.#contexts = contexts;
    this.#parts = parts;
    this.inputs = parts.inputs.map(publicPort);
    this.outputs = parts.outputs.map(publicPort);
    this.plan = parts.plan;
    this.mode = parts.mode;
    this.engine = parts.engine.kind;
    this.isa = parts.engine.isa;
    this.engineReason = parts.engineReason;
  }

  /**
   * A context: the same network, plan and weights with a slab, a weight window and threads of its own, so that its
   * runs go on beside the model's and those of other contexts. Native: resident weights are held once, however many
   * there are; mapped ones are the file cache's. WASM: each context has its own copy of resident weights.
   */
  async context(options: ContextOptions = {}): Promise<Context<Inputs, Outputs>> {
    if (this.closed) throw new MillraceError('CLOSED', 'the model is closed');
    for (const name of Object.keys(options))
      if (name !== 'threads' && name !== 'shareWeights')
        throw new MillraceError('OPTION', 'unknown option', {
          at: name,
          expected: 'threads, shareWeights',
          got: name,
        });
    const threads = count('threads', options.threads ?? 1, MAX_THREADS);
    const sharesWeights = this.engine === 'native' || !this.plan.issue.includes(RESIDENT);
    if (options.shareWeights && !sharesWeights)
      throw new MillraceError('OPTION', 'a context in WASM has its own copy of resident weights', {
        at: 'shareWeights',
        got: `plan ${this.plan.name} with ${this.plan.residentBytes} resident bytes`,
        hint: 'Use the native engine, or a plan that streams everything.',
      });
    const opening: Promise<Context<Inputs, Outputs>> = this.#open(threads, sharesWeights, () =>
      this.#contexts.delete(opening),
    );
    this.#contexts.add(opening);
    return opening;
  }

  async #open(threads: number, sharesWeights: boolean, gone: () => void): Promise<Context<Inputs, Outputs>> {
    const parts = this.#parts;
    try {
      const engine = await parts.engine.context(threads);
      if (this.closed) {
        await engine.close();
        throw new MillraceError('CLOSED', 'the model is closed');
      }
      const reclaim = (): void => {
        gone();
        parts.reclaim();
      };
      return new Context({ ...parts, engine, threadCount: threads, sharesWeights, reclaim, what: 'context' });
    } catch (error) {
      gone();
      throw error;
    }
  }
}

const publicPort = ({ name, dtype, shape }: Port): TensorPort => ({ name, dtype: dtype as DType, shape });
