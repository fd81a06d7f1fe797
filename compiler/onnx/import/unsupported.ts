/** Everything in a model that Millrace does not do, gathered into one error: grouped by op and reason, nodes named. */
import { MillraceError } from '../../../runtime/error.ts';
import type { OnnxModel, OnnxNode } from '../read/schema.ts';

/** Thrown where a part of the model is of no form that Millrace has; the importer notes it and goes on. */
export class Unsupported extends Error {}

/** Names listed per line; more are counted. */
const namesShown = 8;

export class UnsupportedReport {
  readonly #model: OnnxModel;
  /** Names by what they are of and why. */
  readonly #lines = new Map<string, string[]>();

  constructor(model: OnnxModel) {
    this.#model = model;
    if (model.graph.sparseInitializers > 0)
      this.note(`${model.graph.sparseInitializers} sparse initializers`, 'dense ones only');
    for (const name of model.functions) this.note(`function ${name}`, 'model-local functions');
  }

  note(what: OnnxNode | string, reason: string, name?: string): void {
    const subject = typeof what === 'string' ? what : this.#describe(what);
    const key = `${subject}\t${reason}`;
    const names = this.#lines.get(key);
    if (names === undefined) this.#lines.set(key, name === undefined ? [] : [name]);
    else if (name !== undefined) names.push(name);
  }

  #describe({ op, domain }: OnnxNode): string {
    const version = this.#model.opsets.get(domain);
    return `${op} (${domain || 'ai.onnx'}, ${version === undefined ? 'opset not imported' : `opset ${version}`})`;
  }

  throwIfAny(): void {
    if (this.#lines.size === 0) return;
    const lines = [...this.#lines].map(([key, names]) => {
      const [subject, reason] = key.split('\t');
      const more = names.length > namesShown ? ` and ${names.length - namesShown} more` : '';
      const list = names.length > 0 ? `: ${names.slice(0, namesShown).join(', ')}${more}` : '';
      return `${subject}${list}: ${reason}`;
    });
    throw new MillraceError(
      'MODEL_UNSUPPORTED',
      `the model uses what is not supported:\n    ${lines.join('\n    ')}`,
      { at: this.#model.graph.name || 'model' },
    );
  }
}
