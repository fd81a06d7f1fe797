/*
 * Softmax, or its logarithm, over the middle of [outer, axis, inner]: e^(x − max) / Σ e^(x − max). With inner > 1
 * the lanes are neighbouring columns; with inner = 1 the row itself. y may be x: every element is read before the
 * result is written in its place.
 */
#include "engine.h"
#include "vector-math.h"

/* Columns of one tile. */
#define COLUMNS 32

INLINE v4 log_of_sum4(v4d sum) { return log4(narrow4(sum)); }

/* Σ e^(x − max) over `rows` of `stride`, each e^(x − max) left in y unless the logarithm is wanted. */
INLINE v4d sum_exponentials(float *y, const float *x, intptr_t stride, int32_t rows, int32_t lanes, v4 max,
                            float rest, int32_t log) {
  v4d sum = widen4(splat4(0.0f));
  for (int32_t r = 0; r < rows; r += SUM_BLOCK) {
    const int32_t end = least(rows, r + SUM_BLOCK);
    v4 block = splat4(0.0f);
    for (int32_t k = r; k < end; k++) {
      const v4 e = exp4(load_part(x + k * stride, lanes, rest) - max);
      if (!log) store_part(y + k * stride, e, lanes);
      block += e;
    }
    sum += widen4(block);
  }
  return sum;
}

static void softmax_columns(float *y, const float *x, intptr_t stride, int32_t rows, int32_t columns, int32_t log) {
  for (int32_t c = 0; c < columns; c += 4) {
    const int32_t lanes = columns - c;
    v4 max = load_part(x + c, lanes, 0.0f);
    for (int32_t r = 1; r < rows; r++) max = maximum4(max, load_part(x + r * stride + c, lanes, 0.0f));
    const v4d wide = sum_exponentials(y + c, x + c, stride, rows, lanes, max, 0.0f, log);
    const v4 sum = log ? log_of_sum4(wide) : narrow4(wide);
    for (int32_t r = 0; r < rows; r++) {
      const intptr_t at = r * stride + c;
      const v4 result = log ? (load_part(x + at, lanes, 0.0f) - max) - sum : load_part(y + at, lanes, 0.0f) / sum;
      store_part(y + at, result, lanes);
    }
  }
}

static void softmax_row(float *y, const float *x, int32_t count, int32_t log) {
  const float lowest = -__builtin_inff();
  const int32_t whole = count & ~3;
  const int32_t rest = count - whole;
  v4 max = load_part(x + whole, rest, lowest);
  for (int32_t i = 0; i < whole; i += 4) max = maximum4(max, load4(x + i));
  max = maximum4(max, (v4){max[2], max[3], max[2], max[3]});
  max = splat4(maximum4(max, splat4(max[1]))[0]);
  /* The last elements are a row of their own; lanes past the end add e^−∞ = 0. */
  v4d wide = sum_exponentials(y, x, 4, whole / 4, 4, max, lowest, log);
  if (rest > 0) wide += sum_exponentials(y + whole, x + whole, 0, 1, rest, max, lowest, log);
  const double total = total4(wide);
  const v4d totals = {total, total, total, total};
  const v4 sum = log ? log_of_sum4(totals) : narrow4(totals);
  for (int32_t i = 0; i < count; i += 4) {
    const int32_t lanes = count - i;
    const v4 result = log ? (load_part(x + i, lanes, 0.0f) - max) - sum : load_part(y + i, lanes, 0.0f) / sum;
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
