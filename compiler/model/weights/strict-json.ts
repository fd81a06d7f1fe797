/**
 * JSON as RFC 8259 has it, and stricter in one respect: a name that appears twice in an object is an error.
 * `JSON.parse` keeps the last, other readers the first, so a file with both means different weights to each of them.
 * Objects become Maps: a tensor may be called "__proto__".
 */
export type Json = null | boolean | number | string | readonly Json[] | ReadonlyMap<string, Json>;

/** Headers of weights are three deep. */
const MAX_DEPTH = 16;

const space = /[ \t\n\r]*/y;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what JSON strings must not hold
const plain = /[^"\\\u0000-\u001f]*/y;
const literals: readonly (readonly [string, Json])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];

/** Throws SyntaxError, which says where. */
export const parseStrictJson = (text: string): Json => new Parser(text).document();

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): Json {
    const value = this.#value(0);
    this.#skip();
    if (this.#at < this.#text.length) throw this.#wrong('the end');
    return value;
  }

  #value(depth: number): Json {
    this.#skip();
    if (depth > MAX_DEPTH) throw this.#wrong(`nesting of at most ${MAX_DEPTH}`);
    const first = this.#text[this.#at];
    if (first === '{') return this.#object(depth);
    if (first === '[') return this.#array(depth);
    if (first === '"') return this.#string();
    for (const [word, value] of literals)
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    const digits = this.#match(number);
    if (digits === '') throw this.#wrong('a value');
    return Number(digits);
  }

  #object(depth: number): ReadonlyMap<string, Json> {
    const members = new Map<string, Json>();
    this.#at++;
    if (this.#takes('}')) return members;
    do {
      this.#skip();
      if (this.#text[this.#at] !== '"') throw this.#wrong('a name');
      const name = this.#string();
      if (members.has(name)) throw new SyntaxError(`the name ${JSON.stringify(name)} appears twice`);
      if (!this.#takes(':')) throw this.#wrong('":"');
      members.set(name, this.#value(depth + 1));
    } while (this.#takes(','));
    if (!this.#takes('}')) throw this.#wrong('"," or "}"');
    return members;
  }

  #array(depth: number): readonly Json[] {
    const items: Json[] = [];
    this.#at++;
    if (this.#takes(']')) return items;
    do items.push(this.#value(depth + 1));
    while (this.#takes(','));
    if (!this.#takes(']')) throw this.#wrong('"," or "]"');
    return items;
  }

  #string(): string {
    const start = this.#at++;
    let escaped = false;
    for (;;) {
      this.#match(plain);
      const next = this.#text[this.#at++];
      if (next === '"') break;
      if (next !== '\\') throw this.#wrong('the end of a string');
      escaped = true;
      this.#at++;
    }
    if (!escaped) return this.#text.slice(start + 1, this.#at - 1);
    try {
      return JSON.parse(this.#text.slice(start, this.#at)) as string;
    } catch {
      throw new SyntaxError(`a string at character ${start} has a wrong escape`);
    }
  }

  /** Whether the next token is `token`, which is then passed. */
  #takes(token: string): boolean {
    this.#skip();
    if (this.#text[this.#at] !== token) return false;
    this.#at++;
    return true;
  }

  #skip(): void {
    this.#match(space);
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  #wrong(expected: string): SyntaxError {
    const got = this.#at < this.#text.length ? JSON.stringify(this.#text[this.#at]) : 'the end';
    return new SyntaxError(`expected ${expected} at character ${this.#at}, got ${got}`);
  }
}
