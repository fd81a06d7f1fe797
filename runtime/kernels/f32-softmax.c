/*
 * Softmax, or its logarithm, over the middle of [outer, axis, inner]: e^(x − max) / Σ e^(x − max). With inner > 1
 * the lanes are neighbouring columns; with inner = 1 the row itself. y may be x: every element is read before the
 * result is written in its place.
 */
#include "engine.h"
#include "vector-math.h"

/* Columns of one tile. */
#define COLUMNS 32

INLINE vN log_of_sumN(vNd sum) { return logN(narrowN(sum)); }

/* Σ e^(x − max) over `rows` of `stride`, each e^(x − max) left in y unless the logarithm is wanted. */
INLINE vNd sum_exponentials(float *y, const float *x, intptr_t stride, int32_t rows, int32_t lanes, vN max,
                            float rest, int32_t log) {
  vNd sum = widenN(splatN(0.0f));
  for (int32_t r = 0; r < rows; r += SUM_BLOCK) {
    const int32_t end = least(rows, r + SUM_BLOCK);
    vN block = splatN(0.0f);
    for (int32_t k = r; k < end; k++) {
      const vN e = expN(load_part(x + k * stride, lanes, rest) - max);
      if (!log) store_part(y + k * stride, e, lanes);
      block += e;
    }
    sum += widenN(block);
  }
  return sum;
}

APART void softmax_columns(float *y, const float *x, intptr_t stride, int32_t rows, int32_t columns, int32_t log) {
  for (int32_t c = 0; c < columns; c += LANES) {
    const int32_t lanes = columns - c;
    vN max = load_part(x + c, lanes, 0.0f);
    for (int32_t r = 1; r < rows; r++) max = maximumN(max, load_part(x + r * stride + c, lanes, 0.0f));
    const vNd wide = sum_exponentials(y + c, x + c, stride, rows, lanes, max, 0.0f, log);
    const vN sum = log ? log_of_sumN(wide) : narrowN(wide);
    for (int32_t r = 0; r < rows; r++) {
      const intptr_t at = r * stride + c;
      const vN result = log ? (load_part(x + at, lanes, 0.0f) - max) - sum : load_part(y + at, lanes, 0.0f) / sum;
      store_part(y + at, result, lanes);
    }
  }
}

APART void softmax_row(float *y, const float *x, int32_t count, int32_t log) {
  const float lowest = -__builtin_inff();
  const int32_t whole = whole_lanes(count);
  const int32_t rest = count - whole;
  vN max = load_part(x + whole, rest, lowest);
  for (int32_t i = 0; i < whole; i += LANES) max = maximumN(max, loadN(x + i));
  UNROLL for (int by = LANES / 2; by > 0; by /= 2) max = maximumN(max, rotatedN(max, by));
  /* The last elements are a row of their own; lanes past the end add e^−∞ = 0. */
  vNd wide = sum_exponentials(y, x, LANES, whole / LANES, LANES, max, lowest, log);
  if (rest > 0) wide += sum_exponentials(y + whole, x + whole, 0, 1, rest, max, lowest, log);
  const double total = totalN(wide);
#define TOTAL(lane) total
  const vNd totals = {EACH_LANE(TOTAL)};
#undef TOTAL
  const vN sum = log ? log_of_sumN(totals) : narrowN(totals);
  for (int32_t i = 0; i < count; i += LANES) {
    const int32_t lanes = count - i;
    const vN result = log ? (load_part(x + i, lanes, 0.0f) - max) - sum : load_part(y + i, lanes, 0.0f) / sum;
    store_part(y + i, result, lanes);
  }
}

KERNEL(f32_softmax) {
  float *y = at(p->y);
  const float *x = at(p->x);
  const int32_t axis = p->axis;
  const int32_t inner = p->inner;
  if (axis <= 0) return;
  if (inner == 1) {
    const int32_t rows = most(1, TILE / axis);
    const int32_t tiles = parts(p->outer, rows);
    for (int32_t tile; (tile = next_tile(work)) < tiles;) {
      const int32_t end = least(p->outer, (tile + 1) * rows);
      for (int32_t o = tile * rows; o < end; o++)
        softmax_row(y + (intptr_t)o * axis, x + (intptr_t)o * axis, axis, p->log);
    }
    return;
  }
  const int32_t parts_of_row = parts(inner, COLUMNS);
  const int32_t tiles = p->outer * parts_of_row;
  for (int32_t tile; (tile = next_tile(work)) < tiles;) {
    const int32_t column = tile % parts_of_row * COLUMNS;
    const intptr_t start = (intptr_t)(tile / parts_of_row) * axis * inner + column;
    softmax_columns(y + start, x + start, inner, axis, least(COLUMNS, inner - column), p->log);
  }
}
