/**
 * Control flow. What is known when the model is imported vanishes: of an `If` the branch that is taken stays, a loop becomes
 * its iterations. A condition that data decides runs both branches and takes the results of one.
 */
import type { ValueId } from '../../ir/graph.ts';
import { formatType, sameType, type TensorType } from '../../ir/types.ts';
import type { ImportNode } from '../import/node.ts';
import { defineOnnx, type Import, withConstants } from './define.ts';

/** Iterations that a loop may have. */
const mostIterations = 1 << 12;

const branch: Import = (node) => {
  const condition = node.input(0);
  const known = node.numbersOf(condition)?.[0];
  if (known !== undefined)
    return node.runBody(node.body(known === 0 ? 'else_branch' : 'then_branch'), [], '');
  let yes: ValueId[];
  let no: ValueId[];
  // Both are looked at, even where the first can't be imported: what either lacks goes into the one report.
  try {
    yes = node.runBody(node.body('then_branch'), [], '');
  } finally {
    no = node.runBody(node.body('else_branch'), [], '');
  }
  return choose(node, node.reshape(condition, [], 'condition'), yes, no, '');
};

/** By a condition of the time it runs: values of one list or of the other. */
function choose(
  node: ImportNode<string>,
  condition: ValueId,
  yes: readonly ValueId[],
  no: readonly ValueId[],
  part: string,
): ValueId[] {
  if (yes.length !== no.length)
    node.invalid('branches differ in their outputs', `${yes.length}`, `${no.length}`);
  return yes.map((a, i) => {
    const b = no[i]!;
    if (a === b) return a;
    const [left, right] = [node.type(a), node.type(b)];
    if (!sameType(left, right))
      node.unsupported(
        `results of ${formatType(left)} or ${formatType(right)}, as the data decides (give the condition with --bind)`,
      );
    return node.emit('where', [condition, a, b], {}, i === 0 ? part : `${part}${i}`);
  });
}

/** Values that go from one iteration to the next, and those collected of each. */
interface Run {
  state: readonly ValueId[];
  readonly collected: ValueId[][];
}

const loop: Import<'trips' | 'condition'> = (node) => {
  const body = node.body('body');
  const trips = node.constantNumber('trips') ?? Number.POSITIVE_INFINITY;
  const conditional = node.optional(1) !== null;
  let condition = node.optional(1);
  /** Whether the loop still runs, where only data says so. */
  let alive: ValueId | null = null;
  const run: Run = { state: node.inputs.slice(2).map((_, i) => node.input(i + 2)), collected: [] };
  for (let i = 0; i < trips; i++) {
    const known = condition === null ? [1] : node.numbersOf(condition);
    if (known?.[0] === 0) break;
    if (i === mostIterations) node.unsupported(`more than ${mostIterations} iterations`);
    if (known === null && condition !== null) {
      if (trips === Number.POSITIVE_INFINITY) node.unsupported('iterations without a bound that is constant');
      const flag = node.reshape(condition, [], `${i}.condition`);
      alive = alive === null ? flag : node.emit('and', [alive, flag], {}, `${i}.alive`);
    }
    const flag = condition ?? node.constant({ dtype: 'bool', shape: [] }, [1], `${i}.condition`);
    const index = node.constant({ dtype: 'int64', shape: [] }, [i], `${i}.index`);
    const outputs = node.runBody(body, [index, flag, ...run.state], `${i}`);
    const next = outputs.slice(1, 1 + run.state.length);
    const scans = outputs.slice(1 + run.state.length);
    if (alive !== null && scans.length > 0) node.unsupported('collects as many results as the data decides');
    run.state = alive === null ? next : choose(node, alive, next, run.state, `${i}.kept`);
    run.collected.push(scans);
    condition = conditional ? (outputs[0] ?? null) : null;
  }
  const scans = body.outputs.length - 1 - run.state.length;
  const types = run.collected.length > 0 ? [] : emptyTypes(node, run.state, scans);
  return [
    ...run.state,
    ...Array.from({ length: scans }, (_, i) => {
      const parts = run.collected.map((list) => list[i]!);
      return parts.length === 0 ? node.splat(types[i]!, 0) : stack(node, parts, 0, `collected_${i}`);
    }),
  ];
};

/** Types of what a loop without iterations collects: what one would give, none times. */
function emptyTypes(node: ImportNode<string>, state: readonly ValueId[], scans: number): TensorType[] {
  if (scans === 0) return [];
  const index = node.constant({ dtype: 'int64', shape: [] }, [0], 'index');
  const flag = node.constant({ dtype: 'bool', shape: [] }, [1], 'condition');
  const outputs = node.runBody(node.body('body'), [index, flag, ...state], 'none');
  return outputs.slice(-scans).map((id) => {
    const { dtype, shape } = node.type(id);
    return { dtype, shape: [0, ...shape] };
  });
}

/** Values of one shape along a new axis. */
function stack(node: ImportNode<string>, parts: readonly ValueId[], axis: number, part: string): ValueId {
  const rows = parts.map((id, i) => {
    const shape = [...node.shape(id)];
    shape.splice(axis, 0, 1);
    return node.reshape(id, shape, `${part}.${i}`);
  });
  return rows.length === 1 ? rows[0]! : node.emit('concat', rows, { axis }, part);
}

/** The slice of a value at an index, without the axis. */
function at(node: ImportNode, id: ValueId, axis: number, index: number, part: string): ValueId {
  const shape = node.shape(id);
  const attrs = {
    starts: shape.map((_, i) => (i === axis ? index : 0)),
    steps: shape.map(() => 1),
    sizes: shape.map((extent, i) => (i === axis ? 1 : extent)),
  };
  const row = shape[axis] === 1 ? id : node.emit('slice', [id], attrs, part);
  return node.reshape(
    row,
    shape.filter((_, i) => i !== axis),
    `${part}.row`,
  );
}

const scan: Import = (node) => {
  const body = node.body('body');
  const scanned = node.int('num_scan_inputs', 0);
  // Until opset 8 everything has a batch in front, and lengths come first.
  const old = node.opset < 9;
  if (old && node.optional(0) !== null) node.unsupported('sequence_lens');
  const given = node.inputs.slice(old ? 1 : 0).map((_, i) => node.input(i + (old ? 1 : 0)));
  const states = given.length - scanned;
  if (scanned < 1 || states < 0)
    node.invalid('attribute "num_scan_inputs"', `1 to ${given.length}`, `${scanned}`);
  if (!old) return scanOnce(node, given.slice(0, states), given.slice(states), '');
  const batch = node.shape(given[0]!)[0] ?? node.invalid('input', 'a batch');
  const runs = Array.from({ length: batch }, (_, b) => {
    const one = given.map((id, i) => at(node, id, 0, b, `${b}.input_${i}`));
    return scanOnce(node, one.slice(0, states), one.slice(states), `${b}.`);
  });
  return body.outputs.map((_, i) =>
    stack(
      node,
      runs.map((run) => run[i]!),
      0,
      `batch_${i}`,
    ),
  );
};

/** What the attributes say of each input or output: the axis along which it goes, and whether backwards. */
function ways(
  node: ImportNode,
  names: readonly [axes: string, directions: string],
  ranks: readonly number[],
) {
  const axes = node.ints(names[0]) ?? ranks.map(() => 0);
  const directions =
    node.ints(names[1]) ?? (names[1] === 'scan_input_directions' ? node.ints('directions') : null);
  return ranks.map((rank, i) => ({
    axis: node.axis(axes[i] ?? 0, rank),
    backwards: (directions?.[i] ?? 0) !== 0,
  }));
}

function scanOnce(
  node: ImportNode,
  initial: readonly ValueId[],
  scanned: readonly ValueId[],
  prefix: string,
): ValueId[] {
  const body = node.body('body');
  const along = ways(
    node,
    ['scan_input_axes', 'scan_input_directions'],
    scanned.map((id) => node.shape(id).length),
  );
  const lengths = scanned.map((id, i) => node.shape(id)[along[i]!.axis]!);
  const length = lengths[0]!;
  if (lengths.some((other) => other !== length))
    node.invalid('inputs of different lengths', `${length}`, `${lengths}`);
  if (length < 1 || length > mostIterations) node.unsupported(`${length} iterations`);
  let state: readonly ValueId[] = initial;
  const collected: ValueId[][] = [];
  for (let i = 0; i < length; i++) {
    const rows = scanned.map((id, k) => {
      const { axis, backwards } = along[k]!;
      return at(node, id, axis, backwards ? length - 1 - i : i, `${prefix}${i}.input_${k}`);
    });
    const outputs = node.runBody(body, [...state, ...rows], `${prefix}${i}`);
    state = outputs.slice(0, initial.length);
    collected.push(outputs.slice(initial.length));
  }
  const ranks = collected[0]!.map((id) => node.shape(id).length + 1);
  const out = ways(node, ['scan_output_axes', 'scan_output_directions'], ranks);
  return [
    ...state,
    ...out.map(({ axis, backwards }, k) => {
      const parts = collected.map((list) => list[k]!);
      return stack(node, backwards ? parts.reverse() : parts, axis, `${prefix}collected_${k}`);
    }),
  ];
}

export const control = defineOnnx({
  imports: { If: branch, Loop: withConstants({ trips: 0, condition: 1 }, loop), Scan: scan },
  exports: {},
});
