/** `compile` seen from outside: the graph after each pass, and what was verified. */
import assert from 'node:assert/strict';
import { compile, defineModel, dense, MillraceError, relu, tensor } from '../../compiler/index.ts';
import { passes } from '../../compiler/passes/index.ts';

const { graph } = defineModel('two', { x: tensor('float32', [2, 8]) }, ({ x }) => ({
  y: dense(relu(dense(x, { units: 8 })), { units: 4 }),
}));

describe('a compilation that is watched', () => {
  it('gives the graph after each pass', async () => {
    const seen: string[] = [];
    let last = graph;
    await compile(graph, {
      onPass: (pass, after) => {
        seen.push(pass);
        last = after;
      },
    });
    assert.deepEqual(
      seen,
      passes.map(({ name }) => name),
    );
    assert.ok(last.nodes.length < graph.nodes.length);
  });

  it('tells what is verified always, and what where it is asked to', async () => {
    const told = async (verify?: boolean): Promise<string[]> => {
      const seen: string[] = [];
      await compile(graph, { budget: '1MiB', verify, onVerified: (what) => seen.push(what) });
      return seen;
    };
    const always = ['sharing of memory', 'plan budget'];
    assert.deepEqual(await told(), always);
    const asked = await told(true);
    assert.ok(always.every((what) => asked.includes(what)));
    assert.equal(asked.length, always.length + 1 + passes.length + 1);
  });

  it('refuses a graph that is wrong before the first pass', async () => {
    const [first, ...rest] = graph.nodes;
    const turned = { ...graph, nodes: [...rest, first!] };
    await assert.rejects(compile(turned, { verify: true }), (error: unknown) => {
      assert.ok(error instanceof MillraceError);
      assert.equal(error.code, 'INTERNAL');
      assert.equal(error.at, 'before the passes');
      return true;
    });
  });
});
