/** `--variant`: the way that layers run which could run in several, pinned by the user. */
import { type Arguments, assignment, UsageError } from './command.ts';

export const variantOptions = { variant: { type: 'string', multiple: true } } as const;

export const variantHelp = `  --variant KERNEL=VARIANT
                        run every layer of this kernel that way, where it can (f32-conv=panels); may be repeated.
                        \`millrace inspect\` shows which ways there are and which was taken`;

/** Variant by kernel. */
export function variantsOf(given: Arguments, help: string): Record<string, string> {
  const pins = new Map<string, string>();
  for (const text of given.list('variant')) {
    const [kernel, variant] = assignment(text, 'variant', help);
    if (pins.has(kernel))
      throw new UsageError(`--variant: expected one variant for ${kernel}, got two; leave one out`, help);
    pins.set(kernel, variant);
  }
  return Object.fromEntries(pins);
}
