/*
 * y = (x − mean) / √(variance + epsilon)·scale + bias over each row, or, by root mean square, x / √(mean x² +
 * epsilon)·scale. Two passes for mean and variance, since Σx² − (Σx)² would cancel. A row is done by one thread, the
 * lanes are neighbouring columns; y may be x: a row is read whole before it is written.
 */
#include "engine.h"
#include "vector-math.h"

/* Vectors summed side by side, so that one addition need not wait for the other. */
#define VECTORS 4

INLINE v4 term(v4 x, v4 centre, int squared) {
  const v4 difference = x - centre;
  return squared ? difference * difference : difference;
}

/* Σ (x − centre), or Σ (x − centre)², over a row. */
INLINE double sum_row(const float *x, int32_t columns, float about, int squared) {
  const v4 centre = splat4(about);
  v4d sum = widen4(splat4(0.0f));
  int32_t c = 0;
  while (c + 4 * VECTORS <= columns) {
    v4 block[VECTORS];
    UNROLL for (int v = 0; v < VECTORS; v++) block[v] = splat4(0.0f);
    for (int k = 0; k < SUM_BLOCK && c + 4 * VECTORS <= columns; k++, c += 4 * VECTORS)
      UNROLL for (int v = 0; v < VECTORS; v++) block[v] += term(load4(x + c + 4 * v), centre, squared);
    sum += (widen4(block[0]) + widen4(block[1])) + (widen4(block[2]) + widen4(block[3]));
  }
  /* Lanes past the end are the centre itself, and add nothing. */
  for (; c < columns; c += 4) sum += widen4(term(load_part(x + c, columns - c, about), centre, squared));
  return total4(sum);
}

INLINE void normalise_row(float *y, const float *x, const float *scale, const float *bias, int32_t columns,
                          float epsilon) {
  const float about = bias ? (float)(sum_row(x, columns, 0.0f, 0) / columns) : 0.0f;
  const double variance = sum_row(x, columns, about, 1) / columns + (double)epsilon;
  const v4 factor = splat4(1.0f) / sqrt4(splat4((float)variance));
  const v4 mean = splat4(about);
  for (int32_t c = 0; c < columns; c += 4) {
    const int32_t lanes = columns - c;
    const v4 normal = (load_part(x + c, lanes, 0.0f) - mean) * factor;
    const v4 by = load_part(scale + c, lanes, 0.0f);
    store_part(y + c, bias ? MADD(normal, by, load_part(bias + c, lanes, 0.0f)) : normal * by, lanes);
  }
}

KERNEL(f32_layer_norm) {
  float *y = at(p->y);
  const float *x = at(p->x);
  const float *scale = at(p->w);
  const int32_t columns = p->columns;
  const float *bias = p->rms ? 0 : scale + columns;
  if (columns <= 0) return;
  const int32_t rows = most(1, TILE / columns);
  const int32_t tiles = parts(p->rows, rows);
  for (int32_t tile; (tile = next_tile(work)) < tiles;) {
    const int32_t end = least(p->rows, (tile + 1) * rows);
    for (int32_t r = tile * rows; r < end; r++) {
      const intptr_t row = (intptr_t)r * columns;
      normalise_row(y + row, x + row, scale, bias, columns, p->epsilon);
    }
  }
}
