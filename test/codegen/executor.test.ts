/** The generated module: readable text, valid strict TypeScript, and a program of exactly the words that were promised. */
import assert from 'node:assert/strict';
import { Project, ts } from 'ts-morph';
import { emitExecutor } from '../../compiler/codegen/executor.ts';
import { programWords } from '../../compiler/codegen/words.ts';
import { graphBuilder } from '../../compiler/ops/index.ts';
import { partition } from '../../compiler/schedule/cut/partition.ts';
import { lowerGraph } from '../../compiler/schedule/lower/lower.ts';
import type { Schedule } from '../../compiler/schedule/schedule.ts';
import { Program } from '../../runtime/engine/program.ts';
import { executorOf } from '../support/network.ts';
import { networks } from '../support/networks.ts';
import { randomGraph } from '../support/random-graph.ts';
import { matchesFile } from '../support/snapshot.ts';

const COMPILER = 'millrace test';

/** A cut product, an op of the reference, and names with everything in them. */
function example(): Schedule {
  const builder = graphBuilder('a "name"\n*/ with `code` \u2028');
  const f32 = (...shape: number[]) => ({ dtype: 'float32', shape }) as const;
  const x = builder.input('x\ny', f32(2, 8));
  const w = builder.constant('w', f32(8, 40), { kind: 'splat', value: 0.5 });
  const [product] = builder.node(
    'matmul',
    [x, w, null],
    { act: 'clip', alpha: -1 / 3, beta: Infinity },
    'mat*/mul\n',
  );
  const [all] = builder.node('reduceProd', [product!], { axes: [1], keepDims: false });
  builder.output('product', product!);
  builder.output('all', all!);
  return partition(lowerGraph(builder.build()), 1024);
}

const declaredHost = `
interface Op {
  evaluate(inputs: readonly unknown[], attrs: object, outputs: readonly object[]): readonly unknown[];
}
`;

/** What a strict compiler has to say about a module. */
function problemsOf(source: string): string[] {
  const project = new Project({
    useInMemoryFileSystem: true,
    compilerOptions: {
      strict: true,
      noEmit: true,
      noUnusedLocals: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
    },
  });
  const names = /^import \{ (.*) \} from '\.\/host\.js';/m.exec(source)?.[1]?.split(', ') ?? [];
  const host = names.map((name) => `export declare const ${name}: Op;`).join('\n');
  project.createSourceFile('host.d.ts', `${declaredHost}${host}\nexport {};`);
  project.createSourceFile('executor.ts', source);
  return project.getPreEmitDiagnostics().map((one) => {
    const text = one.getMessageText();
    return `line ${one.getLineNumber()}: ${typeof text === 'string' ? text : text.getMessageText()}`;
  });
}

describe('the executor', () => {
  it('reads like this', async () => {
    const { source } = await emitExecutor(example(), COMPILER);
    matchesFile(source, new URL('./executor/example.txt', import.meta.url));
  });

  it('is strict TypeScript', async () => {
    const { source } = await emitExecutor(example(), COMPILER);
    assert.deepEqual(problemsOf(source), []);
  });

  it('records as many words as the plan was made for', async () => {
    const graphs = Object.values(networks).map((make) => make().graph);
    for (let seed = 1; seed <= 10; seed++) graphs.push(randomGraph(seed));
    const schedules = graphs.map((graph) => partition(lowerGraph(graph), 4096));
    for (const schedule of [...schedules, example()]) {
      const program = new Program();
      const { javascript } = await emitExecutor(schedule, COMPILER);
      executorOf(javascript, schedule).record(program);
      assert.equal(program.end().length, programWords(schedule), schedule.name);
    }
  });
});
