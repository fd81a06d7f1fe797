/** One step of a recurrent cell, as ONNX defines RNN, GRU and LSTM: gates in the order of ONNX, any activations. */
import { sigmoid } from './recurrence.ts';

type Activate = (x: number, alpha: number, beta: number) => number;

export interface CellActivation {
  readonly fn: Activate;
  readonly alpha: number;
  readonly beta: number;
  /** Which of them mean something. */
  readonly needs: readonly ('alpha' | 'beta')[];
}

const none = { alpha: 0, beta: 0, needs: [] } as const;

/** What ONNX names, with the alpha and beta that hold where none are given. */
export const cellActivations: Readonly<Record<string, CellActivation>> = {
  Relu: { fn: (x) => Math.max(x, 0), ...none },
  Tanh: { fn: Math.tanh, ...none },
  Sigmoid: { fn: sigmoid, ...none },
  Affine: { fn: (x, alpha, beta) => alpha * x + beta, alpha: 1, beta: 0, needs: ['alpha', 'beta'] },
  LeakyRelu: { fn: (x, alpha) => (x < 0 ? alpha * x : x), alpha: 0.01, beta: 0, needs: ['alpha'] },
  ThresholdedRelu: { fn: (x, alpha) => (x > alpha ? x : 0), alpha: 1, beta: 0, needs: ['alpha'] },
  ScaledTanh: {
    fn: (x, alpha, beta) => alpha * Math.tanh(beta * x),
    alpha: 1,
    beta: 1,
    needs: ['alpha', 'beta'],
  },
  HardSigmoid: {
    fn: (x, alpha, beta) => Math.max(0, Math.min(1, alpha * x + beta)),
    alpha: 0.2,
    beta: 0.5,
    needs: ['alpha', 'beta'],
  },
  Elu: { fn: (x, alpha) => (x < 0 ? alpha * Math.expm1(x) : x), alpha: 1, beta: 0, needs: ['alpha'] },
  Softsign: { fn: (x) => x / (1 + Math.abs(x)), ...none },
  Softplus: { fn: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), ...none },
};

export interface CellRules {
  /** One function for each place: f, then g and h where the cell has them. */
  readonly activations: readonly ((x: number) => number)[];
  /** What goes into an activation of a gate lies between ± this. */
  readonly clip: number;
  /** Of LSTM: what is not taken in is kept. */
  readonly inputForget: boolean;
  /** Of GRU: the reset gate works on the product with the state, not on the state. */
  readonly resetAfter: boolean;
}

/** A vector times a matrix of rows, with one bias a row. */
export type Product = (v: Float64Array, from: number, count: number) => Float64Array;

export interface CellStep {
  /** What the input adds to all gates, with its bias. */
  readonly given: Float64Array;
  /** What a state adds to gates `from` to `from + count`, with their bias. */
  readonly product: Product;
  /** Weights of the cell's own state on the gates i, o, f; null for none. */
  readonly peepholes: ArrayLike<number> | null;
}

/** Advances the states of one sequence, in place. */
export type Cell = (step: CellStep, states: readonly Float64Array[], rules: CellRules) => void;

const bounded = (x: number, clip: number): number => Math.min(Math.max(x, -clip), clip);

const rnn: Cell = ({ given, product }, [h], { activations: [f], clip }) => {
  const sums = product(h!, 0, 1);
  for (let j = 0; j < h!.length; j++) h![j] = f!(bounded(given[j]! + sums[j]!, clip));
};

/** Gates z, r, h. */
const gru: Cell = ({ given, product }, [h], { activations: [f, g], clip, resetAfter }) => {
  const hidden = h!.length;
  const sums = product(h!, 0, 2);
  const gate = (k: number, j: number): number =>
    f!(bounded(given[k * hidden + j]! + sums[k * hidden + j]!, clip));
  const reset = Float64Array.from(h!, (_, j) => gate(1, j));
  const last = resetAfter
    ? product(h!, 2, 1)
    : product(
        h!.map((value, j) => value * reset[j]!),
        2,
        1,
      );
  for (let j = 0; j < hidden; j++) {
    const z = gate(0, j);
    const sum = resetAfter ? reset[j]! * last[j]! : last[j]!;
    const n = g!(bounded(given[2 * hidden + j]! + sum, clip));
    h![j] = (1 - z) * n + z * h![j]!;
  }
};

/** Gates i, o, f, c. */
const lstm: Cell = ({ given, product, peepholes }, [h, c], { activations: [f, g, u], clip, inputForget }) => {
  const hidden = h!.length;
  const sums = product(h!, 0, 4);
  const gate = (k: number, j: number, seen: number): number => {
    const own = k === 3 || peepholes === null ? 0 : peepholes[k * hidden + j]! * seen;
    return bounded(given[k * hidden + j]! + sums[k * hidden + j]! + own, clip);
  };
  for (let j = 0; j < hidden; j++) {
    const i = f!(gate(0, j, c![j]!));
    const kept = inputForget ? 1 - i : f!(gate(2, j, c![j]!));
    c![j] = kept * c![j]! + i * g!(gate(3, j, 0));
    h![j] = f!(gate(1, j, c![j]!)) * u!(c![j]!);
  }
};

export const cells = {
  rnn: { cell: rnn, gates: 1, activations: ['Tanh'], states: 1 },
  gru: { cell: gru, gates: 3, activations: ['Sigmoid', 'Tanh'], states: 1 },
  lstm: { cell: lstm, gates: 4, activations: ['Sigmoid', 'Tanh', 'Tanh'], states: 2 },
} as const;
export type CellName = keyof typeof cells;
