/** Text of graphs: what it looks like, that parse inverts print, and that errors name the line. */
import assert from 'node:assert/strict';
import type { Constant } from '../../compiler/ir/constant.ts';
import { parse } from '../../compiler/ir/parse.ts';
import { print } from '../../compiler/ir/print.ts';
import { bytesOf, fromNumbers } from '../../compiler/ir/tensor.ts';
import type { DType, TensorType } from '../../compiler/ir/types.ts';
import { graphBuilder, signatures } from '../../compiler/ops/index.ts';

const tiny = `graph "tiny" {
  input %image: float32[1,8,8,3]
  const %w: float32[4,3,3,3] = random(normal, seed=1, mean=0, scale=0.1)
  const %b: float32[4] = mul(splat(2): float32[4], [1, 2.5, -0, 0.1]: float32[4])
  %conv1: float32[1,8,8,4] = conv(%image, %w, %b, _) {strides=[1, 1], dilations=[1, 1], pads=[1, 1, 1, 1]}
  %"a b": float32[1,8,8,4] = relu(%conv1)
  const %w#2: float32[1] = file("weights/a.bin", offset=4096)
  %sum: float32[1,8,8,4] = add(%"a b", %w#2) {act="clip", beta=6}
  output "y" = %sum
}
`;

const roundTrip = (text: string): string => print(parse(text, signatures), signatures);

/** The graph of one constant, printed. */
function constantText(type: TensorType, constant: Constant): string {
  const builder = graphBuilder('constant');
  builder.output('c', builder.constant('c', type, constant));
  const text = print(builder.build(), signatures);
  assert.equal(roundTrip(text), text);
  return /= (.*)$/m.exec(text)![1]!;
}

const inline = (dtype: DType, shape: number[], values: number[]): string => {
  const type = { dtype, shape };
  return constantText(type, { kind: 'inline', bytes: bytesOf(fromNumbers(type, values)) });
};

describe('text of a graph', () => {
  it('is read and written alike', () => assert.equal(roundTrip(tiny), tiny));

  it('reads blanks, comments and constants in any order', () => {
    const loose = tiny
      .replace('  const %w#2: float32[1] = file("weights/a.bin", offset=4096)\n', '')
      .replace('  %conv1', '  const %w#2: float32[1]=file("weights/a.bin",offset=4096) // slope\r\n\t%conv1');
    assert.equal(roundTrip(loose), tiny);
  });

  it('writes small constants as the shortest decimals', () => {
    assert.equal(inline('float32', [3], [0.1, 1e-30, 16777216]), '[0.1, 1e-30, 16777216]');
    assert.equal(inline('float32', [], [1 / 3]), '[0.33333334]');
    assert.equal(inline('float16', [2], [0.1, Number.POSITIVE_INFINITY]), '[0.1, Infinity]');
    assert.equal(inline('float64', [1], [0.1]), '[0.1]');
    assert.equal(inline('int64', [2], [-1, 2 ** 40]), '[-1, 1099511627776]');
    assert.equal(inline('bool', [2], [1, 0]), '[1, 0]');
    assert.equal(inline('float32', [0], []), '[]');
  });

  it('writes other constants as base64', () => {
    const many = Array.from({ length: 20 }, (_, i) => i);
    assert.match(inline('int32', [20], many), /^base64\("/);
    // A NaN with a payload, and an integer that no number holds.
    const nan = new Uint8Array(new Uint32Array([0x7fc00123]).buffer);
    assert.match(constantText({ dtype: 'float32', shape: [1] }, { kind: 'inline', bytes: nan }), /^base64/);
    const big = new Uint8Array(new BigInt64Array([2n ** 60n + 1n]).buffer);
    assert.match(constantText({ dtype: 'int64', shape: [1] }, { kind: 'inline', bytes: big }), /^base64/);
  });

  it('writes numbers that JSON lacks', () => {
    const type: TensorType = { dtype: 'float32', shape: [2] };
    for (const value of [Number.NaN, Number.NEGATIVE_INFINITY, -0])
      assert.equal(
        constantText(type, { kind: 'splat', value }),
        `splat(${Object.is(value, -0) ? '-0' : value})`,
      );
  });

  it('quotes names that are not plain, and keeps names apart that only look alike', () => {
    const builder = graphBuilder('quote " and \\');
    const names = ['x', 'x#2', '/layer1/conv:0', 'ünï', 'a"b', 'new\nline', '', 'x'];
    for (const name of names) {
      const id = builder.constant(name, { dtype: 'float32', shape: [1] }, { kind: 'splat', value: 1 });
      builder.output(`o${id}`, id);
    }
    const graph = builder.build();
    const text = print(graph, signatures);
    assert.equal(roundTrip(text), text);
    assert.deepEqual(
      [...parse(text, signatures).values.values()].map((value) => value.name),
      names,
    );
  });
});

describe('text that is no graph', () => {
  const cases: [what: string, from: string | RegExp, to: string, error: RegExp][] = [
    ['an unknown op', '= relu(', '= rleu(', /line 6: .*rleu/],
    ['a wrong type', '%conv1: float32[1,8,8,4]', '%conv1: float32[1,8,8,5]', /line 5.*type of %conv1/s],
    ['a type the op cannot have', 'pads=[1, 1, 1, 1]', 'pads=[1]', /line 5: .*pads/],
    ['an unknown value', 'relu(%conv1)', 'relu(%conv2)', /line 6: no value %conv2/],
    ['an unknown attribute', 'beta=6', 'gamma=6', /line 8: .*gamma/],
    ['an attribute of another kind', 'beta=6', 'beta="6"', /line 8: .*beta/],
    ['an attribute twice', 'beta=6', 'beta=6, beta=7', /line 8: attribute "beta" given twice/],
    ['too many inputs', 'relu(%conv1)', 'relu(%conv1, %w)', /line 6: .*number of inputs/],
    ['a name defined twice', '%sum:', '%conv1:', /line 8: value defined out of turn/],
    ['elements missing', '[1, 2.5, -0, 0.1]', '[1, 2.5]', /line 4: elements/],
    ['a fraction among integers', /mul\(.*/, 'cast([1.5, 1, 1, 1]: int64[4]) {to="float32"}', /line 4/],
    ['an unknown element type', 'input %image: float32', 'input %image: float31', /line 2: element type/],
    ['a dimension that is none', '[1,8,8,3]', '[1,8,8,-3]', /line 2: dimension/],
    ['an unclosed bracket', 'splat(2)', 'splat(2', /line 4: syntax/],
    ['a stray character', 'output "y"', 'output ?', /line 9: syntax/],
    ['an unclosed string', 'output "y"', 'output "y', /line 9: syntax/],
    ['no end', '}\n', '', /the end of the text/],
    ['text after the end', /\}\n$/, '}\nmore', /line 11: syntax/],
  ];
  for (const [what, from, to, error] of cases)
    it(what, () => {
      const text = what === 'no end' ? tiny.slice(0, -2) : tiny.replace(from, to);
      assert.notEqual(text, tiny);
      assert.throws(() => parse(text, signatures), error);
    });

  it('recipes nested without end', () => {
    const nested = (depth: number): string =>
      depth === 0 ? 'splat(1)' : `neg(${nested(depth - 1)}: float32[1])`;
    const text = (depth: number) =>
      `graph "deep" {\n  const %c: float32[1] = ${nested(depth)}\n  output "c" = %c\n}\n`;
    assert.equal(roundTrip(text(100)), text(100));
    assert.throws(() => parse(text(300), signatures), /line 2: recipe nested deeper/);
  });
});
