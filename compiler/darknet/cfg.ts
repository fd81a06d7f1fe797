/**
 * Darknet's `.cfg`: sections of `key=value` lines. Read as Darknet reads it (`parser.c`, `option_list.c`): white space
 * is nothing, `#` and `;` begin comments, the first of two equal keys counts, keys nobody asks for are ignored.
 * Numbers are checked, which Darknet leaves to `atoi`: what a layer is made of must be said in whole.
 */
import { MillraceError } from '../../runtime/error.ts';

/** Darknet counts in C's int. */
export const MAX_INT = 2 ** 31 - 1;
const MAX_LAYERS = 100_000;

export class Section {
  /** As it is written between the brackets. */
  readonly type: string;
  /** Where it is, for messages: "yolov3.cfg:12 [convolutional]". */
  readonly at: string;
  readonly #options = new Map<string, string>();

  constructor(type: string, at: string) {
    this.type = type;
    this.at = at;
  }

  set(key: string, value: string): void {
    if (!this.#options.has(key)) this.#options.set(key, value);
  }

  text(key: string): string | undefined {
    return this.#options.get(key);
  }

  /** A whole number from `least` on. */
  int(key: string, otherwise: number, least = 0): number {
    const text = this.#options.get(key);
    return text === undefined ? otherwise : this.#integer(key, text, least);
  }

  /** Whole numbers with commas between. */
  ints(key: string): number[] {
    const text = this.#options.get(key);
    if (text === undefined) throw this.invalid(`has no ${key}`);
    return text
      .replace(/,$/, '')
      .split(',')
      .map((item) => this.#integer(key, item, -MAX_INT));
  }

  real(key: string, otherwise: number): number {
    const text = this.#options.get(key);
    if (text === undefined) return otherwise;
    if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?f?$/i.test(text))
      throw this.invalid(key, { expected: 'a number', got: text });
    return Number(text.replace(/f$/i, ''));
  }

  invalid(what: string, context: { expected?: string; got?: string } = {}): MillraceError {
    return new MillraceError('MODEL_INVALID', what, { at: this.at, ...context });
  }

  #integer(key: string, text: string, least: number): number {
    const value = /^[+-]?\d+(\.0*)?$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= least && value <= MAX_INT))
      throw this.invalid(key, { expected: `a whole number from ${least} to ${MAX_INT}`, got: text });
    return value;
  }
}

export interface Cfg {
  /** `[net]`, which is first. */
  readonly net: Section;
  /** The layers, numbered from 0 as routes do. */
  readonly layers: readonly Section[];
}

/** Reads the text of a `.cfg`; `name` is what messages call it. */
export function parseCfg(text: string, name: string): Cfg {
  const sections: Section[] = [];
  for (const [i, raw] of text.split('\n').entries()) {
    const at = `${name}:${i + 1}`;
    const line = raw.replace(/[#;][\s\S]*/, '').replace(/\s/g, '');
    if (line === '') continue;
    if (line.startsWith('[')) {
      if (!/^\[[\w-]+\]$/.test(line))
        throw new MillraceError('MODEL_INVALID', 'is no section', {
          at,
          expected: '[name]',
          got: line.slice(0, 80),
        });
      sections.push(new Section(line.slice(1, -1), `${at} ${line}`));
      continue;
    }
    const equals = line.indexOf('=');
    const section = sections.at(-1);
    if (section === undefined || equals <= 0)
      throw new MillraceError('MODEL_INVALID', 'is no option of a section', {
        at,
        expected: 'key=value',
        got: line.slice(0, 80),
      });
    section.set(line.slice(0, equals), line.slice(equals + 1));
  }
  const [net, ...layers] = sections;
  if (net === undefined || !['net', 'network'].includes(net.type))
    throw new MillraceError('MODEL_INVALID', 'does not describe a network', {
      at: name,
      expected: '[net] as its first section',
      got: net === undefined ? 'no section' : `[${net.type}]`,
    });
  if (layers.length === 0 || layers.length > MAX_LAYERS)
    throw new MillraceError('MODEL_INVALID', 'has no sensible number of layers', {
      at: name,
      expected: `1 to ${MAX_LAYERS}`,
      got: `${layers.length}`,
    });
  return { net, layers };
}
