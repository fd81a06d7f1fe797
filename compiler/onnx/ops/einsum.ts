/**
 * Einsum, by what it is made of: diagonals, sums, and products of two operands at a time. Axes have labels; a product has
 * axes that both operands have and keep (a batch), that both have and nobody else needs (summed up), and those of one.
 * `bij,bjk->bik` is one product of matrices with batch b, rows i, columns k, summed over j.
 */
import type { ValueId } from '../../ir/graph.ts';
import { isFloat } from '../../ir/types.ts';
import type { ImportNode } from '../import/node.ts';
import { defineOnnx, type Import } from './define.ts';

/** A value and the labels of its axes, no label twice. */
interface Term {
  readonly value: ValueId;
  readonly labels: readonly string[];
}

/** The labels of each operand and of the result. The axes of an ellipsis are 0, 1, … counted from the last. */
function parse(node: ImportNode, ranks: readonly number[]): { terms: string[][]; result: string[] } {
  const equation = node.string('equation', '').replaceAll(' ', '');
  const [left = '', right, ...more] = equation.split('->');
  const parts = left.split(',');
  const wrong = (): never =>
    node.invalid('attribute "equation"', `labels for operands of ranks ${ranks}`, `"${equation}"`);
  if (more.length > 0 || parts.length !== ranks.length) wrong();
  const expand = (part: string, rank: number | null, dots: number): string[] => {
    if (!/^[A-Za-z]*(\.\.\.)?[A-Za-z]*$/.test(part)) wrong();
    const [before = '', after] = part.split('...');
    const named = [...before, ...(after ?? '')].length;
    const hidden = after === undefined ? 0 : rank === null ? dots : rank - named;
    if (hidden < 0 || (rank !== null && named + hidden !== rank)) wrong();
    const inner = Array.from({ length: hidden }, (_, i) => `${hidden - 1 - i}`);
    return [...before, ...inner, ...(after ?? '')];
  };
  const terms = parts.map((part, i) => expand(part, ranks[i]!, 0));
  const dots = Math.max(0, ...terms.map((labels) => labels.filter((label) => /\d/.test(label)).length));
  if (right !== undefined) return { terms, result: expand(right, null, dots) };
  // Without an arrow: the ellipsis, then labels that occur once, in alphabetical order.
  const all = terms.flat();
  const once = [...new Set(all)].filter(
    (label) => /\D/.test(label) && all.indexOf(label) === all.lastIndexOf(label),
  );
  return { terms, result: [...Array.from({ length: dots }, (_, i) => `${dots - 1 - i}`), ...once.sort()] };
}

const permuted = (node: ImportNode, term: Term, labels: readonly string[], part: string): Term => {
  const perm = labels.map((label) => term.labels.indexOf(label));
  if (perm.every((from, to) => from === to)) return term;
  return { value: node.emit('transpose', [term.value], { perm }, part), labels };
};

/** A label that occurs twice is a diagonal: every (n + 1)-th element of the two axes as one. */
function diagonal(node: ImportNode, value: ValueId, labels: readonly string[], part: string): Term {
  const again = labels.findIndex((label, i) => labels.indexOf(label) !== i);
  if (again < 0) return { value, labels };
  const label = labels[again]!;
  const first = labels.indexOf(label);
  const rest = labels.flatMap((_, i) => (i === first || i === again ? [] : [i]));
  const shape = node.shape(value);
  const n = shape[first]!;
  if (shape[again] !== n) node.invalid(`axes of label "${label}"`, `${n}`, `${shape[again]}`);
  const moved = node.emit('transpose', [value], { perm: [...rest, first, again] }, `${part}.pair`);
  const outer = rest.map((i) => shape[i]!);
  const flat = node.reshape(moved, [...outer, n * n], `${part}.square`);
  const attrs = {
    starts: [...outer.map(() => 0), 0],
    steps: [...outer.map(() => 1), n + 1],
    sizes: [...outer, n],
  };
  const taken = node.emit('slice', [flat], attrs, `${part}.diagonal`);
  return diagonal(node, taken, [...rest.map((i) => labels[i]!), label], part);
}

/** Sums over the axes that nothing else needs. */
function summed(node: ImportNode, term: Term, needed: ReadonlySet<string>, part: string): Term {
  const axes = term.labels.flatMap((label, i) => (needed.has(label) ? [] : [i]));
  if (axes.length === 0) return term;
  const value = node.emit('reduceSum', [term.value], { axes, keepDims: false }, part);
  return { value, labels: term.labels.filter((label) => needed.has(label)) };
}

function product(node: ImportNode, a: Term, b: Term, needed: ReadonlySet<string>, part: string): Term {
  const extent = new Map<string, number>();
  for (const { value, labels } of [a, b])
    for (const [i, label] of labels.entries()) {
      const [n, known] = [node.shape(value)[i]!, extent.get(label) ?? 1];
      if (n !== known && n !== 1 && known !== 1) node.invalid(`axes of label "${label}"`, `${known}`, `${n}`);
      extent.set(label, known === 1 ? n : known);
    }
  const size = (labels: readonly string[]): number =>
    labels.reduce((count, label) => count * extent.get(label)!, 1);
  const both = a.labels.filter((label) => b.labels.includes(label));
  const batch = both.filter((label) => needed.has(label));
  const inner = both.filter((label) => !needed.has(label));
  const rows = a.labels.filter((label) => !both.includes(label));
  const columns = b.labels.filter((label) => !both.includes(label));
  const matrix = (term: Term, labels: readonly string[], shape: readonly number[], name: string): ValueId => {
    const { value } = permuted(node, term, labels, `${name}.order`);
    const full = labels.map((label) => extent.get(label)!);
    const fits = node.shape(value).every((n, i) => n === full[i]);
    const whole = fits ? value : node.emit('expand', [value], { shape: full }, `${name}.whole`);
    return node.reshape(whole, shape, `${name}.matrix`);
  };
  const [stack, m, k, n] = [size(batch), size(rows), size(inner), size(columns)];
  const labels = [...batch, ...rows, ...columns];
  const shape = labels.map((label) => extent.get(label)!);
  if (isFloat(node.type(a.value).dtype) && k > 0) {
    const left = matrix(a, [...batch, ...rows, ...inner], [stack, m, k], `${part}.a`);
    const right = matrix(b, [...batch, ...inner, ...columns], [stack, k, n], `${part}.b`);
    return {
      value: node.reshape(node.emit('matmul', [left, right], {}, part), shape, `${part}.axes`),
      labels,
    };
  }
  const left = matrix(a, [...batch, ...rows, ...inner], [stack, m, 1, k], `${part}.a`);
  const right = matrix(b, [...batch, ...columns, ...inner], [stack, 1, n, k], `${part}.b`);
  const terms = node.emit('mul', [left, right], {}, `${part}.terms`);
  const sum = node.emit('reduceSum', [terms], { axes: [3], keepDims: false }, part);
  return { value: node.reshape(sum, shape, `${part}.axes`), labels };
}

const einsum: Import = (node) => {
  const values = node.inputs.map((_, i) => node.input(i));
  const { terms, result } = parse(
    node,
    values.map((value) => node.shape(value).length),
  );
  const later = (from: number): Set<string> => new Set([...result, ...terms.slice(from).flat()]);
  const operands = values.map((value, i) => diagonal(node, value, terms[i]!, `operand${i}`));
  const alone = (i: number): Term => {
    const needed = new Set([...result, ...terms.toSpliced(i, 1).flat()]);
    return summed(node, operands[i]!, needed, `operand${i}.sum`);
  };
  let all = alone(0);
  for (let i = 1; i < operands.length; i++) all = product(node, all, alone(i), later(i + 1), `product${i}`);
  if (result.length !== new Set(result).size || !result.every((label) => all.labels.includes(label)))
    node.invalid(
      'the result of the equation',
      `labels of ${all.labels.join('')}, each once`,
      result.join(''),
    );
  return [permuted(node, all, result, 'result').value];
};

export const products = defineOnnx({ imports: { Einsum: einsum }, exports: {} });
