/** What is said of inputs that lack extents: which dimensions, and a command that gives them. */
import { basename } from 'node:path';
import type { OnnxDimension, OnnxValueInfo } from '../read/schema.ts';

const formatDimension = (dim: OnnxDimension): string => (dim === null ? '?' : `${dim}`);

/** The shape as the model has it: `[1, time, ?]`. */
export const formatShape = (shape: readonly OnnxDimension[]): string =>
  `[${shape.map(formatDimension).join(', ')}]`;

/** `bound` has the symbolic dimensions that are decided. */
export function describeOpen({ name, shape }: OnnxValueInfo, bound: ReadonlyMap<string, number>): string {
  if (shape === null) return `input "${name}": the model does not say its shape`;
  const open = shape.flatMap((dim, axis) => {
    if (typeof dim === 'string') return bound.has(dim) ? [] : [`"${dim}"`];
    return dim === null && axis > 0 ? [`dimension ${axis}`] : [];
  });
  return `input "${name}": ${formatShape(shape)} leaves ${[...new Set(open)].join(', ')} open`;
}

/** A command that binds all of them, to extents that are only examples: those of an image, or a short sequence. */
export function commandFor(
  path: string,
  inputs: readonly OnnxValueInfo[],
  bound: ReadonlyMap<string, number>,
): string {
  const example = (rank: number): number => (rank === 4 ? 224 : 16);
  const symbols = new Map<string, number>();
  const flags: string[] = [];
  for (const { name, shape } of inputs) {
    const given = shape ?? [null, 3, null, null];
    const extents = given.map((dim, axis) => {
      if (typeof dim === 'number') return dim;
      if (dim === null) return axis === 0 ? 1 : axis === 1 && given.length === 4 ? 3 : example(given.length);
      const extent = bound.get(dim) ?? symbols.get(dim) ?? example(given.length);
      symbols.set(dim, extent);
      return extent;
    });
    // A shape is needed where a dimension has no name to bind it by.
    if (shape === null || shape.some((dim, axis) => dim === null && axis > 0))
      flags.push(`--shape ${quoted(`${name}=${extents.join('x')}`)}`);
  }
  const named = [...symbols].filter(([name]) => !bound.has(name));
  flags.unshift(...named.map(([name, extent]) => `--dim ${quoted(`${name}=${extent}`)}`));
  const file = basename(path);
  return `millrace compile ${quoted(file)} -o ${quoted(file.replace(/\.onnx$/i, ''))} ${flags.join(' ')}`;
}

/** As a shell takes it. */
const quoted = (text: string): string =>
  /^[\w./=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
