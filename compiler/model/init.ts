/**
 * `init`: values of parameters that nobody gave, as `initializer` of a layer or of `parameter` takes them. Each is a
 * description; the numbers are made when a bundle is written.
 */
export type Initializer =
  /** One value everywhere. */
  | { readonly kind: 'constant'; readonly value: number }
  /** Normal, variance 2 / fan-in (He et al. 2015, arXiv 1502.01852): keeps the scale through ReLU layers. */
  | { readonly kind: 'he' }
  /** Uniform in ±√(6 / (fan-in + fan-out)) (Glorot and Bengio 2010). */
  | { readonly kind: 'glorot' }
  | { readonly kind: 'normal'; readonly mean: number; readonly deviation: number }
  | { readonly kind: 'uniform'; readonly from: number; readonly to: number };

/**
 * One value everywhere.
 * @example batchNorm(image, { initializer: init.filled(0.1) }) // [1, 28, 28, 8]
 */
export const filled = (value: number): Initializer => ({ kind: 'constant', value });

/** 0 everywhere: what biases begin with. */
export const zeros: Initializer = filled(0);

/** 1 everywhere: what the scales of normalisations begin with. */
export const ones: Initializer = filled(1);

/** Normal with mean 0 and variance 2 / fan-in (He et al. 2015, arXiv 1502.01852): convolutions and dense layers. */
export const he: Initializer = { kind: 'he' };

/** Uniform in ±√(6 / (fan-in + fan-out)) (Glorot and Bengio 2010): the projections of attention. */
export const glorot: Initializer = { kind: 'glorot' };

/**
 * Normal of this mean and standard deviation.
 * @example dense(row, { units: 10, initializer: init.normal(0, 0.01) }) // [1, 10]
 */
export const normal = (mean: number, deviation: number): Initializer => ({ kind: 'normal', mean, deviation });

/**
 * Uniform from `from` to `to`.
 * @example dense(row, { units: 10, initializer: init.uniform(-0.1, 0.1) }) // [1, 10]
 */
export const uniform = (from: number, to: number): Initializer => ({ kind: 'uniform', from, to });
