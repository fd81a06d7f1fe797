/**
 * Reads fields of an untrusted decoded value, each with its type and range. Every failure is a BUNDLE_INVALID that
 * says which field: `segments[3].offset`. A Record remembers where it stands in the manifest for that.
 */
import { MillraceError } from '../error.ts';

const MOST = Number.MAX_SAFE_INTEGER;

export const invalid = (at: string, what: string, expected: string, got: unknown): MillraceError =>
  new MillraceError('BUNDLE_INVALID', what, { at: `manifest.bin: ${at}`, expected, got: show(got) });

function show(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  const text =
    typeof value === 'object' && value !== null ? kindOf(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
const kindOf = (value: object): string =>
  Array.isArray(value) ? `an array of ${value.length}` : 'an object';

/** Whether it is a safe integer within [least, most]. */
const isInteger = (value: unknown, least: number, most: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;

function notInteger(at: string, least: number, most: number, value: unknown): MillraceError {
  const range = most === MOST ? `${least} or more` : `${least} to ${most}`;
  return invalid(at, 'not an integer in range', `an integer, ${range}`, value);
}

export class Fields {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #parent: Fields | null;
  readonly #name: string;
  readonly #index: number;

  /** Of a record's field, or of the entry `index` of one that is a list. */
  constructor(value: unknown, parent: Fields | null = null, name = '', index = -1) {
    this.#parent = parent;
    this.#name = name;
    this.#index = index;
    if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value))
      throw invalid(this.#at(), 'not a record', 'an object', value);
    this.#fields = value as Readonly<Record<string, unknown>>;
  }

  path(name: string): string {
    const at = this.#at();
    return at === '' ? name : `${at}.${name}`;
  }

  #at(): string {
    if (this.#parent === null) return '';
    return `${this.#parent.path(this.#name)}${this.#index < 0 ? '' : `[${this.#index}]`}`;
  }

  has(name: string): boolean {
    return this.#get(name) !== undefined;
  }

  integer(name: string, least: number, most = MOST): number {
    const value = this.#get(name);
    if (isInteger(value, least, most)) return value;
    throw notInteger(this.path(name), least, most, value);
  }

  /** Finite and not negative: times and operation counts. */
  amount(name: string): number {
    const value = this.#get(name);
    if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
    throw invalid(this.path(name), 'not an amount', 'a finite number, 0 or more', value);
  }

  text(name: string): string {
    const value = this.#get(name);
    if (typeof value === 'string') return value;
    throw invalid(this.path(name), 'not text', 'a string', value);
  }

  texts(name: string): string[] {
    return this.#list(name).map((value, i) => {
      if (typeof value === 'string') return value;
      throw invalid(`${this.path(name)}[${i}]`, 'not text', 'a string', value);
    });
  }

  /** Integers within [least, most]; exactly `length` of them if given. */
  integers(name: string, least: number, most = MOST, length?: number): number[] {
    const list = this.#list(name);
    if (length !== undefined && list.length !== length)
      throw invalid(this.path(name), 'length', `${length} entries`, list);
    // There are thousands of them: where each stands is only worked out for one that is wrong.
    for (const [i, value] of list.entries())
      if (!isInteger(value, least, most)) throw notInteger(`${this.path(name)}[${i}]`, least, most, value);
    return list as number[];
  }

  records<T>(name: string, read: (fields: Fields, index: number) => T): T[] {
    return this.#list(name).map((value, i) => read(new Fields(value, this, name, i), i));
  }

  record(name: string): Fields {
    return new Fields(this.#get(name), this, name);
  }

  /** Of a record that is a table: what its entries are called. */
  names(): string[] {
    return Object.keys(this.#fields);
  }

  #get(name: string): unknown {
    return Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined;
  }

  #list(name: string): readonly unknown[] {
    const value = this.#get(name);
    if (Array.isArray(value)) return value;
    throw invalid(this.path(name), 'not a list', 'an array', value);
  }
}
