/** Cuts the text of a graph into tokens, and reads them in order with errors that name the line. `//` begins a comment. */
import { MillraceError } from '../../runtime/error.ts';

export interface Token {
  readonly kind: 'value' | 'word' | 'number' | 'string' | 'mark' | 'end';
  readonly text: string;
  readonly line: number;
}

export interface ValueToken {
  /** The name without its `#2`. */
  readonly name: string;
  /** The name as written, with it: what tells values of one name apart. */
  readonly key: string;
  readonly line: number;
}

/** A name as it stands after `%`: bare where it is plain, quoted otherwise. */
export const formatName = (name: string): string =>
  /^[\w./-]+(:\d+)?$/.test(name) ? name : JSON.stringify(name);

const string = String.raw`"[^"\\\n]*(?:\\.[^"\\\n]*)*"`;
const pattern = new RegExp(
  [
    String.raw`(?<space>[ \t\r]+|\/\/[^\n]*)`,
    String.raw`(?<newline>\n)`,
    String.raw`(?<value>%(?:${string}|[\w.\/-]+(?::\d+)?)(?:#\d+)?)`,
    String.raw`(?<number>[-+]?(?:Infinity|NaN|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?!\w))`,
    `(?<string>${string})`,
    String.raw`(?<word>[A-Za-z_]\w*)`,
    String.raw`(?<mark>[{}()[\],:=])`,
  ].join('|'),
  'y',
);

export class Tokens {
  /** Index of the next token; may be set back to read again. */
  position = 0;
  readonly #tokens: Token[];

  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  peek(): Token {
    return this.#tokens[this.position]!;
  }

  accept(mark: string): boolean {
    const { kind, text } = this.peek();
    if (kind !== 'mark' || text !== mark) return false;
    this.position++;
    return true;
  }

  expect(mark: string): void {
    if (!this.accept(mark)) throw this.unexpected(`"${mark}"`);
  }

  acceptWord(word: string): boolean {
    const { kind, text } = this.peek();
    if (kind !== 'word' || text !== word) return false;
    this.position++;
    return true;
  }

  word(word: string): void {
    if (!this.acceptWord(word)) throw this.unexpected(`"${word}"`);
  }

  anyWord(): string {
    return this.#take('word', 'a word').text;
  }

  number(): number {
    return Number(this.#take('number', 'a number').text);
  }

  string(): string {
    const token = this.#take('string', 'a string in quotes');
    return this.#unquoted(token.text, token.line);
  }

  value(): ValueToken {
    const { text, line } = this.#take('value', 'a value such as %x');
    const [, written, turn] = /^%(.*?)(#\d+)?$/s.exec(text)!;
    const name = written!.startsWith('"') ? this.#unquoted(written!, line) : written!;
    return { name, key: formatName(name) + (turn ?? ''), line };
  }

  end(): void {
    if (this.peek().kind !== 'end') throw this.unexpected('the end of the text');
  }

  /** Moves past a recipe: up to the colon behind it, minding brackets. */
  skipExpression(): void {
    let depth = 0;
    for (;;) {
      const { kind, text } = this.peek();
      if (kind === 'end') throw this.unexpected('":" and a type');
      if (kind === 'mark') {
        if (depth === 0 && text === ':') return;
        if ('([{'.includes(text)) depth++;
        if (')]}'.includes(text)) depth--;
        if (depth < 0) throw this.unexpected('":" and a type');
      }
      this.position++;
    }
  }

  unexpected(expected: string): MillraceError {
    const token = this.peek();
    return this.error(
      token.line,
      'syntax',
      expected,
      token.kind === 'end' ? 'the end of the text' : token.text,
    );
  }

  error(line: number, what: string, expected?: string, got?: string): MillraceError {
    return errorAt(line, what, expected, got);
  }

  #take(kind: Token['kind'], expected: string): Token {
    const token = this.peek();
    if (token.kind !== kind) throw this.unexpected(expected);
    this.position++;
    return token;
  }

  #unquoted(text: string, line: number): string {
    try {
      return JSON.parse(text) as string;
    } catch {
      throw errorAt(line, 'syntax', 'a string as JSON writes it', text);
    }
  }
}

const errorAt = (line: number, what: string, expected?: string, got?: string): MillraceError =>
  new MillraceError('MODEL_INVALID', what, {
    at: `line ${line}`,
    ...(expected === undefined ? {} : { expected }),
    ...(got === undefined ? {} : { got }),
  });

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  pattern.lastIndex = 0;
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const groups = pattern.exec(text)?.groups;
    if (groups === undefined)
      throw errorAt(line, 'syntax', 'a token', JSON.stringify(text.slice(at, at + 12)));
    if (groups['newline'] !== undefined) line++;
    for (const kind of ['value', 'number', 'string', 'word', 'mark'] as const) {
      const found = groups[kind];
      if (found !== undefined) tokens.push({ kind, text: found, line });
    }
  }
  tokens.push({ kind: 'end', text: '', line });
  return tokens;
}
