/** Rebuilding and rewriting graphs: the text after says what happened. */
import assert from 'node:assert/strict';
import { parse } from '../../compiler/ir/parse.ts';
import { print } from '../../compiler/ir/print.ts';
import { freshNames, rebuildGraph, removeDead } from '../../compiler/ir/rebuild.ts';
import { Rewrite } from '../../compiler/ir/rewrite.ts';
import { verify } from '../../compiler/ir/verify.ts';
import { graphBuilder, signatures } from '../../compiler/ops/index.ts';

const text = `graph "g" {
  input %x: float32[4]
  %a: float32[4] = relu(%x)
  %b: float32[4] = tanh(%a)
  const %c: float32[4] = splat(1)
  %d: float32[4] = add(%b, %c)
  %unused: float32[4] = neg(%a)
  output "y" = %d
}
`;
const graph = () => parse(text, signatures);
const lines = (printed: string): string[] =>
  printed
    .split('\n')
    .filter((line) => /^ {2}%/.test(line))
    .map((line) => line.trim().replace(/: float32\[4\]/, ''));

describe('rebuildGraph', () => {
  it('replaces nodes by values, keeps the others and drops what is dead', () => {
    const result = rebuildGraph(graph(), graphBuilder, (node, inputs) =>
      node.op === 'tanh' ? [inputs[0]!] : null,
    );
    verify(result, signatures);
    assert.deepEqual(lines(print(result, signatures)), ['%a = relu(%x)', '%d = add(%a, %c)']);
  });

  it('gives new nodes names that no node has', () => {
    const result = rebuildGraph(graph(), graphBuilder, (node, inputs, { builder, fresh }) =>
      node.op === 'relu' ? builder.node('abs', inputs, {}, fresh('d')) : null,
    );
    verify(result, signatures);
    assert.deepEqual(lines(print(result, signatures)), [
      '%d_1 = abs(%x)',
      '%b = tanh(%d_1)',
      '%d = add(%b, %c)',
    ]);
  });

  it('types kept nodes anew when their inputs have other types', () => {
    const result = rebuildGraph(graph(), graphBuilder, (node, inputs, { builder }) =>
      node.op === 'relu' ? builder.node('reshape', inputs, { shape: [1, 4] }, node.name) : null,
    );
    verify(result, signatures);
    assert.match(print(result, signatures), /%d: float32\[1,4\] = add/);
  });

  it('leaves the graph it was given as it was', () => {
    const before = graph();
    rebuildGraph(before, graphBuilder, (_node, inputs) => [inputs[0]!]);
    assert.equal(print(before, signatures), text);
  });
});

describe('removeDead', () => {
  it('drops nodes and constants, but no input', () => {
    const result = removeDead({ ...graph(), outputs: [] });
    assert.equal(print(result, signatures), 'graph "g" {\n  input %x: float32[4]\n}\n');
  });
});

describe('freshNames', () => {
  it('gives each name once', () => {
    const fresh = freshNames(graph());
    assert.deepEqual([fresh('a'), fresh('a'), fresh('new'), fresh('new')], ['a_1', 'a_2', 'new', 'new_1']);
  });
});

describe('Rewrite', () => {
  it('knows who makes and who reads a value', () => {
    const rewrite = new Rewrite(graph(), signatures);
    const [a, b, d] = rewrite.nodes();
    assert.equal(rewrite.producer(a!.outputs[0]!), a);
    assert.equal(rewrite.producer(a!.inputs[0]!), null);
    assert.equal(rewrite.onlyConsumer(a!.outputs[0]!), null);
    assert.equal(rewrite.onlyConsumer(b!.outputs[0]!), d);
    assert.equal(rewrite.onlyConsumer(d!.outputs[0]!), null);
    assert.ok(rewrite.isOutput(d!.outputs[0]!));
    assert.equal(rewrite.constant(d!.inputs[1]!)?.constant.kind, 'splat');
  });

  it('moves, updates, redirects and removes nodes', () => {
    const before = graph();
    const rewrite = new Rewrite(before, signatures);
    const [a, b, d, unused] = rewrite.nodes();
    rewrite.moveBefore(a!, b!);
    rewrite.replace(unused!, 'abs', [b!.outputs[0]!], {});
    rewrite.moveBefore(unused!, d!);
    rewrite.update(d!, [unused!.outputs[0]!, a!.outputs[0]!], { act: 'relu' });
    const c = rewrite.addConstant('e', {
      type: { dtype: 'float32', shape: [4] },
      constant: { kind: 'splat', value: 2 },
    });
    rewrite.redirect(a!.outputs[0]!, c);
    rewrite.remove(a!);
    const result = rewrite.graph();
    verify(result, signatures);
    assert.deepEqual(lines(print(result, signatures)), [
      '%b = tanh(%e)',
      '%unused = abs(%b)',
      '%d = add(%unused, %e) {act="relu"}',
    ]);
    assert.equal(print(before, signatures), text);
  });

  it('refuses updates that change a type, and nodes that are gone', () => {
    const rewrite = new Rewrite(graph(), signatures);
    const [a] = rewrite.nodes();
    assert.throws(
      () => rewrite.replace(a!, 'reshape', a!.inputs, { shape: [2, 2] }),
      /a would become float32\[2,2\], was float32\[4\]/,
    );
    rewrite.remove(a!);
    assert.throws(() => rewrite.remove(a!), /a is not in the graph/);
  });
});
