/**
 * Decides which nodes run moved, so that the fewest bytes are transposed: a minimum cut.
 *
 * Each node that could move is a vertex, on the source's side if it runs as is, on the sink's if moved. A tensor in an
 * orientation that somebody reads and its producer does not make is one transpose, however many read it; it costs the
 * tensor's bytes. Per tensor and orientation, with A the nodes that read it if they run as is and B those that read it
 * if moved, the cost is due when
 *
 *   the producer does not make it either way      any of A is as is, or any of B moved
 *   the producer makes it as is                   the producer is moved and any of A is as is
 *   the producer makes it moved                   the producer is as is and any of B is moved
 *
 * each of which is one auxiliary vertex. What a cut cannot say (A with a producer that makes it moved, say) is charged
 * to the producer alone, which is never too little. The choice is compared with moving nothing and with moving
 * everything by what they really cost, so the pass never makes a graph worse.
 */
import { MinimumCut } from './minimum-cut.ts';
import { bytesOf, type Demand, type NodePlan, type Orientations, type TensorClass } from './orientation.ts';
import { identityOf, memoryOrder, type Permutation } from './permutation.ts';

/** Costs are in quarter bytes, to have room for preferences below any real cost. */
const UNIT = 4;
/** A transpose is a kernel call besides its bytes. */
const CALL_BYTES = 64;
/** A transpose that moves only axes of 1 is a view: free, but it stands between nodes that might be fused. */
const VIEW_COST = UNIT;
/** Where costs are equal, transposes sink (and what was before them is fused), but don't rise. */
const RISE_COST = 1;

/** The nodes to run moved. */
export function chooseMoved(orientations: Orientations, outputs: readonly Demand[]): ReadonlySet<NodePlan> {
  const movable = orientations.plans.filter((plan) => plan.moved !== null);
  const nothing: ReadonlySet<NodePlan> = new Set();
  const candidates = [cheapest(orientations, outputs), nothing, new Set(movable)];
  const costs = candidates.map((moved) => layoutCost(orientations, outputs, moved));
  return candidates[costs.indexOf(Math.min(...costs))]!;
}

/** The demands of a node, whichever way it runs. */
export const demandsOf = (plan: NodePlan, moved: ReadonlySet<NodePlan>): readonly (Demand | null)[] =>
  plan.moved !== null && moved.has(plan) ? plan.moved.demands : plan.asIs;

/** What the transposes cost under a choice. */
export function layoutCost(
  { plans, tensors }: Orientations,
  outputs: readonly Demand[],
  moved: ReadonlySet<NodePlan>,
): number {
  const wanted = new Map<TensorClass, Map<string, Map<string, number>>>();
  const demands = [...plans.flatMap((plan) => demandsOf(plan, moved)), ...outputs];
  for (const demand of demands) {
    if (demand === null || demand.tensor.constant) continue;
    const orders = wanted.get(demand.tensor) ?? new Map<string, Map<string, number>>();
    wanted.set(demand.tensor, orders);
    const { order, exact } = keysOf(demand);
    orders.set(order, (orders.get(order) ?? new Map<string, number>()).set(exact, 1));
  }
  let cost = 0;
  for (const tensor of tensors) {
    const made = madeBy(tensor, tensor.producer !== null && moved.has(tensor.producer));
    for (const [order, exacts] of wanted.get(tensor) ?? []) {
      if (order !== made.order) cost += transposeCost(tensor);
      for (const exact of exacts.keys()) if (exact !== made.exact) cost += VIEW_COST;
    }
  }
  for (const plan of moved) if (plan.fromReaders) cost += RISE_COST;
  return cost;
}

interface Keys {
  /** The order of elements in memory. */
  readonly order: string;
  /** The orientation itself. */
  readonly exact: string;
}

function keysOf({ tensor, perm, rank }: Demand): Keys {
  // Leading axes of 1 are no part of the order.
  const { shape } = tensor.type;
  const lead = rank - shape.length;
  const own = perm.flatMap((axis) => (axis < lead ? [] : [axis - lead]));
  return { order: memoryOrder(shape, own), exact: `${rank}:${perm.join(',')}` };
}

function madeBy(tensor: TensorClass, moved: boolean): Keys {
  const rank = tensor.type.shape.length;
  const perm: Permutation = moved ? identityOf(rank) : tensor.asIs;
  return keysOf({ tensor, perm, rank });
}

const transposeCost = (tensor: TensorClass): number => UNIT * (bytesOf(tensor) + CALL_BYTES);

/** Who reads one orientation (or one order in memory) of a tensor. */
interface Readers {
  /** Read in any case. */
  fixed: boolean;
  readonly asIs: Set<NodePlan>;
  readonly moved: Set<NodePlan>;
}

function cheapest({ plans, tensors }: Orientations, outputs: readonly Demand[]): ReadonlySet<NodePlan> {
  const readers = { order: new Map<string, Readers>(), exact: new Map<string, Readers>() };
  const read = (demand: Demand | null, by: (readers: Readers) => void): void => {
    if (demand === null || demand.tensor.constant) return;
    const keys = keysOf(demand);
    for (const kind of ['order', 'exact'] as const) {
      const key = `${demand.tensor.index}|${keys[kind]}`;
      const entry = readers[kind].get(key) ?? { fixed: false, asIs: new Set(), moved: new Set() };
      readers[kind].set(key, entry);
      by(entry);
    }
  };
  for (const output of outputs) read(output, (entry) => (entry.fixed = true));
  for (const plan of plans) {
    for (const demand of plan.asIs)
      read(demand, (entry) => (plan.moved === null ? (entry.fixed = true) : entry.asIs.add(plan)));
    for (const demand of plan.moved?.demands ?? []) read(demand, (entry) => entry.moved.add(plan));
  }

  const cut = new MinimumCut();
  const vertices = new Map<NodePlan, number>();
  for (const plan of plans) {
    if (plan.moved === null) continue;
    const vertex = cut.vertex();
    vertices.set(plan, vertex);
    if (plan.fromReaders) cut.edge(cut.source, vertex, RISE_COST);
  }
  for (const kind of ['order', 'exact'] as const)
    for (const [key, entry] of readers[kind]) {
      const separator = key.indexOf('|');
      const tensor = tensors[Number(key.slice(0, separator))]!;
      const cost = kind === 'order' ? transposeCost(tensor) : VIEW_COST;
      // A node that reads it either way.
      if ([...entry.asIs].some((plan) => entry.moved.has(plan))) entry.fixed = true;
      charge(cut, vertices, tensor, key.slice(separator + 1), kind, entry, cost);
    }
  const asIs = cut.solve();
  return new Set([...vertices].filter(([, vertex]) => !asIs.has(vertex)).map(([plan]) => plan));
}

/** Adds what one orientation of a tensor may cost to the cut. */
function charge(
  cut: MinimumCut,
  vertices: ReadonlyMap<NodePlan, number>,
  tensor: TensorClass,
  wanted: string,
  kind: keyof Keys,
  readers: Readers,
  cost: number,
): void {
  const producer = tensor.producer === null ? undefined : vertices.get(tensor.producer);
  const whenAsIs = madeBy(tensor, false)[kind] === wanted;
  const whenMoved = producer === undefined ? whenAsIs : madeBy(tensor, true)[kind] === wanted;
  const verticesOf = (plans: ReadonlySet<NodePlan>): number[] =>
    [...plans].map((plan) => vertices.get(plan)!);
  /** Paid if any of the nodes is as is while `sink` is moved. */
  const ifAnyAsIs = (sink: number): void => {
    if (readers.asIs.size === 0) return;
    const any = cut.vertex();
    for (const vertex of verticesOf(readers.asIs)) cut.edge(vertex, any, Number.POSITIVE_INFINITY);
    cut.edge(any, sink, cost);
  };
  /** Paid if any of the nodes is moved while `source` is as is. */
  const ifAnyMoved = (source: number): void => {
    if (readers.moved.size === 0) return;
    const any = cut.vertex();
    for (const vertex of verticesOf(readers.moved)) cut.edge(any, vertex, Number.POSITIVE_INFINITY);
    cut.edge(source, any, cost);
  };
  if (whenAsIs && whenMoved) return;
  if (!whenAsIs && !whenMoved) {
    if (readers.fixed) return; // due in any case
    ifAnyAsIs(cut.sink);
    ifAnyMoved(cut.source);
  } else if (whenAsIs) {
    if (readers.fixed || readers.moved.size > 0) cut.edge(cut.source, producer!, cost);
    else ifAnyAsIs(producer!);
  } else {
    if (readers.fixed || readers.asIs.size > 0) cut.edge(producer!, cut.sink, cost);
    else ifAnyMoved(producer!);
  }
}
