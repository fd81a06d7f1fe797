/**
 * What commands print. Names come out of model files, and a terminal obeys escape bytes: nothing that controls it, or
 * turns the direction of text, is printed as it is. Invariant: every byte of a command's output passes here.
 */

/** C0 and C1 controls, DEL, line separators and the marks that turn text around. */
const CONTROLS = /[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu;

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** A name on one line. */
export const nameText = (name: string): string => name.replace(CONTROLS, escaped);

/** Text of several lines. */
export const plainText = (text: string): string =>
  text.replace(CONTROLS, (character) => (character === '\n' ? '\n' : escaped(character)));

/** To stdout: what the command was asked for. */
export function print(text: string): void {
  process.stdout.write(plainText(text));
}

/** To stderr: what people should know beside it. */
export function tell(text: string): void {
  process.stderr.write(plainText(text));
}

/** One JSON document on stdout; escapes leave it the same document. */
export function printJson(value: unknown, indent?: number): void {
  print(`${JSON.stringify(value, null, indent)}\n`);
}
