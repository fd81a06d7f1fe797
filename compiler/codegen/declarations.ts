/**
 * The bundle's `index.d.ts`: what its user's editor shows. The types of this network's inputs and outputs are written
 * here, all else is the runtime's own text (`rollup.ts`).
 */
import { arrayFor } from '../../runtime/format/dtype.ts';
import type { PortDocs } from '../ir/graph.ts';
import type { DType, TensorType } from '../ir/types.ts';
import type { SchedulePort } from '../schedule/schedule.ts';
import { readPrepared } from './prepared.ts';
import { rollUp } from './rollup.ts';

const notes: Partial<Record<DType, string>> = {
  float16: ' The 16 bits of each number.',
  bool: ' One byte each, 0 or 1.',
};

/** What index.js exports beside `load`; the rest of the runtime's names are types. */
const values: ReadonlySet<string> = new Set(['MillraceError', 'errorCodes']);

/** Of the runtime, what a bundle's user may want to name. */
const exported = [
  'LoadedModel',
  'Context',
  'BundleLoadOptions',
  'LoadOptions',
  'ContextOptions',
  'RunOptions',
  'RunStats',
  'TraceEvent',
  'Plan',
  'TensorPort',
  'DType',
  'TypedArray',
  'MillraceError',
  'ErrorCode',
  'errorCodes',
];

export async function emitDeclarations(
  model: string,
  inputs: readonly SchedulePort[],
  outputs: readonly SchedulePort[],
  compiler: string,
  docs?: PortDocs,
): Promise<string> {
  return [
    `// The network "${model.replace(/[^\x20-\x7e]/g, ' ')}", compiled by ${compiler}.`,
    '/// <reference lib="esnext.disposable" />',
    '',
    '/** What `run` takes: dense, row-major arrays of exactly the shapes given. */',
    'export interface Inputs {',
    ...inputs.flatMap((port) => field(port, docs?.inputs.get(port.name))),
    '}',
    '',
    '/** What `run` returns, in arrays of its own. */',
    'export interface Outputs {',
    ...outputs.flatMap((port) => field(port, docs?.outputs.get(port.name))),
    '}',
    '',
    '/** The network of this folder, loaded. */',
    'export interface Model extends LoadedModel<Inputs, Outputs> {',
    `  readonly inputs: ${ports(inputs)};`,
    `  readonly outputs: ${ports(outputs)};`,
    '}',
    '',
    '/** Loads the network of this folder. Errors are MillraceError, with a `code`. */',
    'export declare function load(options?: BundleLoadOptions): Promise<Model>;',
    '',
    '// What follows is the runtime, as it declares itself.',
    '',
    await runtimeDeclarations(),
  ].join('\n');
}

/** Types of one literal value: names, element types and shapes can be computed with. */
function ports(list: readonly SchedulePort[]): string {
  const entries = list.map(
    ({ name, type }) =>
      `{ readonly name: ${JSON.stringify(name)}; readonly dtype: '${type.dtype}'; readonly shape: readonly [${type.shape.join(', ')}] }`,
  );
  return entries.length === 0 ? 'readonly []' : `readonly [\n    ${entries.join(',\n    ')},\n  ]`;
}

/** The same for every network: made once. */
let runtime: Promise<string> | null = null;

const runtimeDeclarations = (): Promise<string> => {
  const prepared = readPrepared();
  runtime ??= prepared === null ? rollUpRuntime() : Promise.resolve(prepared.declarations);
  return runtime;
};

export async function rollUpRuntime(): Promise<string> {
  const { ts } = await import('ts-morph');
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const entry = new URL(`../../runtime/node.${extension}`, import.meta.url);
  const declarations = rollUp(ts, entry, exported, values);
  const parts = [...declarations].map(([name, text]) =>
    exported.includes(name) ? text.replace(/^(?=(?:declare|interface|type) )/m, 'export ') : text,
  );
  // Without it, a file of declarations exports all of them.
  return `${parts.join('\n\n')}\n\nexport {};\n`;
}

/** A property; what the model's author says of it comes first. */
function field({ name, type, sized }: SchedulePort, doc?: string): string[] {
  const most = sized === undefined ? '' : 'At most ';
  const shape = `${most}${formatShape(type)}.${notes[type.dtype] ?? ''}`;
  // The text may come from a model file, and must not end the comment.
  const words = doc === undefined ? [] : doc.replaceAll('*/', '*\\/').split(/\r?\n/);
  const comment =
    words.length === 0
      ? [`  /** ${shape} */`]
      : ['  /**', ...[...words, '', shape].map((line) => `   * ${line}`.trimEnd()), '   */'];
  return [...comment, `  readonly ${propertyName(name)}: ${arrayFor(type.dtype).name};`];
}

const formatShape = (type: TensorType): string => `${type.dtype} [${type.shape.join(', ')}]`;

const propertyName = (name: string): string =>
  /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
