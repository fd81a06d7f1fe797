/** Makes what every bundle has (`compiler/codegen/prepared.ts`), with the compiler as it was just built. */
import { writeFileSync } from 'node:fs';
import type * as Declarations from '../compiler/codegen/declarations.ts';
import type * as Entry from '../compiler/codegen/entry.ts';
import type * as Made from '../compiler/codegen/prepared.ts';

const built = <M>(name: string): Promise<M> =>
  import(new URL(`../dist/compiler/codegen/${name}.js`, import.meta.url).href) as Promise<M>;

const { preparedFile } = await built<typeof Made>('prepared');
const [index, worker] = await (await built<typeof Entry>('entry')).bundleRuntime();
const declarations = await (await built<typeof Declarations>('declarations')).rollUpRuntime();
const prepared: Made.Prepared = { index, worker, declarations };
writeFileSync(preparedFile, JSON.stringify(prepared));
