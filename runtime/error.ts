/**
 * The one error class of Millrace, compiler and runtime alike. `code` is stable and meant for programs; the
 * message is meant for people: what was being looked at, what was expected, what was found, and what to do.
 *
 * Every bundle holds a copy of this class. All copies bear one brand, so an error of one is an error of all.
 */
export const errorCodes = [
  // compile time: the model
  'MODEL_READ',
  'MODEL_INVALID',
  'MODEL_UNSUPPORTED',
  'MODEL_SCOPE',
  'MODEL_OPSET',
  'MODEL_DIMENSION',
  'MODEL_EXTERNAL_DATA',
  'MODEL_SHAPE',
  'MODEL_WEIGHTS',
  // compile time: options and output
  'OPTION',
  'BUDGET',
  'PROFILE',
  'OUTPUT',
  'INTERNAL',
  // run time
  'BUNDLE_READ',
  'BUNDLE_INVALID',
  'BUNDLE_VERSION',
  'SEGMENT_CRC',
  'SEGMENT_READ',
  'INPUT',
  'ENGINE',
  'CLOSED',
  'ABORTED',
  'BUSY',
] as const;
/** One of `errorCodes`. */
export type ErrorCode = (typeof errorCodes)[number];

/** What an error is about, and what to do. */
export interface ErrorContext {
  /** Node, field, file or option the error is about. */
  readonly at?: string;
  readonly expected?: string;
  readonly got?: string;
  /** What the reader can do about it. */
  readonly hint?: string;
  readonly cause?: unknown;
}

const BRAND = Symbol.for('millrace.error');

/** What Millrace throws and rejects with: `code` is for programs, the message for people. */
export class MillraceError extends Error {
  readonly code: ErrorCode;
  readonly at: string | undefined;
  readonly expected: string | undefined;
  readonly got: string | undefined;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, what: string, context: ErrorContext = {}) {
    const lines = [context.at === undefined ? what : `${context.at}: ${what}`];
    if (context.expected !== undefined) lines.push(`  expected: ${context.expected}`);
    if (context.got !== undefined) lines.push(`  got: ${context.got}`);
    if (context.hint !== undefined) lines.push(`  ${context.hint}`);
    super(lines.join('\n'), context.cause === undefined ? undefined : { cause: context.cause });
    this.name = 'MillraceError';
    this.code = code;
    this.at = context.at;
    this.expected = context.expected;
    this.got = context.got;
    this.hint = context.hint;
  }

  /** Whether a value is an error of Millrace, of whichever copy: the compiler's, the runtime's, any bundle's. */
  static is(value: unknown): value is MillraceError {
    return typeof value === 'object' && value !== null && BRAND in value;
  }
}

Object.defineProperty(MillraceError.prototype, BRAND, { value: true });
// `instanceof` holds across copies too. A subclass has no brand of its own, and is looked for in the usual way.
Object.defineProperty(MillraceError, Symbol.hasInstance, {
  value(this: unknown, value: unknown): boolean {
    return this === MillraceError
      ? MillraceError.is(value)
      : Function.prototype[Symbol.hasInstance].call(this as typeof MillraceError, value);
  },
});

/** A checksum, as messages show it. */
export const hex = (word: number): string => `0x${word.toString(16).padStart(8, '0')}`;
