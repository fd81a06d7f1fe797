/*
 * y = (x − mean) / √(variance + epsilon)·scale + bias over each row, or, by root mean square, x / √(mean x² +
 * epsilon)·scale. Two passes for mean and variance, since Σx² − (Σx)² would cancel. A row is done by one thread, the
 * lanes are neighbouring columns; y may be x: a row is read whole before it is written.
 */
#include "engine.h"
#include "vector-math.h"

/* Vectors summed side by side, so that one addition need not wait for the other. */
#define VECTORS 4

INLINE vN term(vN x, vN centre, int squared) {
  const vN difference = x - centre;
  return squared ? difference * difference : difference;
}

/* Σ (x − centre), or Σ (x − centre)², over a row. */
INLINE double sum_row(const float *x, int32_t columns, float about, int squared) {
  const vN centre = splatN(about);
  vNd sum = widenN(splatN(0.0f));
  int32_t c = 0;
  while (c + LANES * VECTORS <= columns) {
    vN block[VECTORS];
    UNROLL for (int v = 0; v < VECTORS; v++) block[v] = splatN(0.0f);
    for (int k = 0; k < SUM_BLOCK && c + LANES * VECTORS <= columns; k++, c += LANES * VECTORS)
      UNROLL for (int v = 0; v < VECTORS; v++) block[v] += term(loadN(x + c + LANES * v), centre, squared);
    sum += (widenN(block[0]) + widenN(block[1])) + (widenN(block[2]) + widenN(block[3]));
  }
  /* Lanes past the end are the centre itself, and add nothing. */
  for (; c < columns; c += LANES) sum += widenN(term(load_part(x + c, columns - c, about), centre, squared));
  return totalN(sum);
}

INLINE void normalise_row(float *y, const float *x, const float *scale, const float *bias, int32_t columns,
                          float epsilon) {
  const float about = bias ? (float)(sum_row(x, columns, 0.0f, 0) / columns) : 0.0f;
  const double variance = sum_row(x, columns, about, 1) / columns + (double)epsilon;
  const vN factor = splatN(1.0f) / sqrtN(splatN((float)variance));
  const vN mean = splatN(about);
  for (int32_t c = 0; c < columns; c += LANES) {
    const int32_t lanes = columns - c;
    const vN normal = (load_part(x + c, lanes, 0.0f) - mean) * factor;
    const vN by = load_part(scale + c, lanes, 0.0f);
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
