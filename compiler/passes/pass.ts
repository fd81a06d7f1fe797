/**
 * What a pass is: a function from graph to graph. It keeps what the network computes and the names and types of its
 * inputs and outputs. Producers stay before consumers. Passes know ops by their traits only; they name an
 * op where they make a node of it.
 */
import type { Graph } from '../ir/graph.ts';

export interface Pass {
  /** The name of its file. */
  readonly name: string;
  /** What it is for, in one line. */
  readonly why: string;
  run(graph: Graph): Graph;
}
