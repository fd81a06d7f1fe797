/**
 * Everything that stands between a model and Millrace, gathered into one error: opset, inputs without extents, ops and
 * element types. Ops are grouped by reason, with the names of their nodes.
 */
import { type ErrorCode, MillraceError } from '../../../runtime/error.ts';
import type { OnnxModel } from '../read/schema.ts';
import { outOfScope } from './out-of-scope.ts';

/** Thrown where a part of the model is of no form that Millrace has; the importer notes it and goes on. */
export class Unsupported extends Error {}

/** Thrown where a value is missing that was refused before, and noted there. */
export class Unavailable extends Error {}

/** Names listed per line; more are counted. */
const namesShown = 8;

export class ImportReport {
  readonly #model: OnnxModel;
  readonly #lines: string[] = [];
  readonly #hints: string[] = [];
  /** Names by what they are of and why. */
  readonly #unsupported = new Map<string, string[]>();
  /** What no version of Millrace means to import. */
  readonly #foreign: readonly string[];
  /** The least grave of the codes that are true of the model. */
  #code: ErrorCode = 'MODEL_DIMENSION';

  constructor(model: OnnxModel) {
    this.#model = model;
    this.#foreign = outOfScope(model);
    if (model.graph.sparseInitializers > 0)
      this.unsupported(`${model.graph.sparseInitializers} sparse initializers`, 'dense ones only');
  }

  /** The model is of an opset that Millrace does not know; 0 for none. */
  opset(opset: number, known: { readonly first: number; readonly last: number }): void {
    if (this.#code === 'MODEL_OPSET') return;
    this.#code = 'MODEL_OPSET';
    const range = `${known.first} to ${known.last}`;
    this.#lines.push(
      opset === 0
        ? `no opset of the default domain is imported: expected ${range}`
        : `opset ${opset}: expected ${range}`,
    );
    this.#hints.push(
      `Convert the model with onnx.version_converter, or export it again for an opset from ${range}.`,
    );
  }

  /** Inputs that lack extents, in words, and how to give them. */
  open(lines: readonly string[], hint: string): void {
    this.#lines.push(...lines);
    this.#hints.push(hint);
  }

  unsupported(subject: string, reason: string, name?: string): void {
    const key = `${subject}\t${reason}`;
    const names = this.#unsupported.get(key);
    if (names === undefined) this.#unsupported.set(key, name === undefined ? [] : [name]);
    else if (name !== undefined) names.push(name);
  }

  throwIfAny(): void {
    const lines = [
      ...this.#foreign.map((what) => `out of scope: ${what}`),
      ...this.#lines,
      ...this.#unsupportedLines(),
    ];
    if (lines.length === 0) return;
    throw new MillraceError(
      this.#foreign.length > 0
        ? 'MODEL_SCOPE'
        : this.#unsupported.size > 0
          ? 'MODEL_UNSUPPORTED'
          : this.#code,
      `cannot be imported as it is:\n    ${lines.join('\n    ')}`,
      {
        at: this.#model.graph.name || 'model',
        ...(this.#hints.length === 0 ? {} : { hint: this.#hints.join('\n  ') }),
      },
    );
  }

  #unsupportedLines(): string[] {
    return [...this.#unsupported].map(([key, names]) => {
      const [subject, reason] = key.split('\t');
      const more = names.length > namesShown ? ` and ${names.length - namesShown} more` : '';
      const list = names.length > 0 ? `: ${names.slice(0, namesShown).join(', ')}${more}` : '';
      return `${subject}${list}: ${reason}`;
    });
  }
}
