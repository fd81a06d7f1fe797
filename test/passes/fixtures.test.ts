/**
 * One file per case in a folder per pass (`optimize` is all of them): a line that says what the case shows, the graph
 * before, a line `// becomes`, and the graph after. UPDATE_SNAPSHOTS=1 writes what comes out; read the diff.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Graph } from '../../compiler/ir/graph.ts';
import { parse } from '../../compiler/ir/parse.ts';
import { print } from '../../compiler/ir/print.ts';
import { verify } from '../../compiler/ir/verify.ts';
import { interpret } from '../../compiler/ops/constants/interpret.ts';
import { signatures } from '../../compiler/ops/index.ts';
import { optimize, passes } from '../../compiler/passes/index.ts';
import { assertClose, randomInputs } from '../support/tensors.ts';

const SEPARATOR = '// becomes\n';
const update = process.env['UPDATE_SNAPSHOTS'] === '1';

const runs = new Map<string, (graph: Graph) => Graph>(passes.map((pass) => [pass.name, pass.run]));
runs.set('optimize', (graph) => optimize(graph, { verify: true }));

const root = new URL('./', import.meta.url);
const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());

for (const { name: folder } of folders)
  describe(folder, () => {
    const run = runs.get(folder);
    assert.ok(run, `no pass named ${folder}`);
    for (const file of readdirSync(new URL(`${folder}/`, root)).sort())
      it(file.replace(/\.txt$/, '').replaceAll('-', ' '), () => {
        const path = new URL(`${folder}/${file}`, root);
        const text = readFileSync(path, 'utf8');
        const [before, expected] = text.split(SEPARATOR) as [string, string | undefined];
        const [said] = before.split('\n');
        assert.match(said!, /^\/\/ /, 'a first line that says what the case shows');
        const graph = parse(before, signatures);
        const result = run(graph);
        verify(result, signatures);
        const after = print(result, signatures);
        if (update) writeFileSync(path, `${said}\n${print(graph, signatures)}${SEPARATOR}${after}`);
        else assert.equal(after, expected);
        const inputs = randomInputs(graph, 1);
        const wanted = interpret(graph, inputs);
        const made = interpret(result, inputs);
        const tolerance = /: float16\[/.test(before) ? 0.01 : 1e-5;
        for (const [name, tensor] of wanted) assertClose(made.get(name)!, tensor, tolerance, name);
      });
  });

it('every pass has a case', () => {
  const covered = new Set(folders.map((entry) => entry.name));
  for (const name of runs.keys()) assert.ok(covered.has(name), name);
});
