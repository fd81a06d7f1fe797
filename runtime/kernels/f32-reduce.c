/*
 * y[o,i] = sum, mean, maximum or minimum over r of x[o,r,i]. With inner > 1 the lanes are neighbouring i (the
 * channels of an image); with inner = 1 they are every LANES-th r, combined at the end. Extrema keep NaN.
 */
#include "engine.h"
#include "lanes.h"

/* Columns of one tile: whole cache lines of every row, and accumulators that stay in the nearest cache. */
#define COLUMNS 64

INLINE int is_sum(int32_t fn) { return fn == REDUCE_SUM || fn == REDUCE_MEAN; }
INLINE float identity_of(int32_t fn) {
  return is_sum(fn) ? 0.0f : fn == REDUCE_MAX ? -__builtin_inff() : __builtin_inff();
}
INLINE vN combineN(int32_t fn, vN a, vN b) {
  return is_sum(fn) ? a + b : fn == REDUCE_MAX ? maximumN(a, b) : minimumN(a, b);
}

/* LANES·vectors columns, or `lanes` ≤ LANES of them, of up to SUM_BLOCK rows. */
INLINE void reduce_block(int32_t fn, vNd *wide, const float *x, intptr_t stride, int32_t rows, int vectors,
                         int32_t lanes) {
  vN block[4];
  UNROLL for (int v = 0; v < vectors; v++) block[v] = load_part(x + LANES * v, lanes, 0.0f);
  for (int32_t r = 1; r < rows; r++)
    UNROLL for (int v = 0; v < vectors; v++)
      block[v] = combineN(fn, block[v], load_part(x + r * stride + LANES * v, lanes, 0.0f));
  UNROLL for (int v = 0; v < vectors; v++)
    wide[v] = is_sum(fn) ? wide[v] + widenN(block[v]) : widenN(combineN(fn, narrowN(wide[v]), block[v]));
}

INLINE void reduce_columns(int32_t fn, float *y, const float *x, intptr_t stride, int32_t rows, int32_t columns) {
  vNd wide[COLUMNS / LANES];
  for (int32_t c = 0; c < columns; c += LANES) wide[c / LANES] = widenN(splatN(identity_of(fn)));
  for (int32_t r = 0; r < rows; r += SUM_BLOCK) {
    const int32_t some = least(SUM_BLOCK, rows - r);
    const float *block = x + r * stride;
    int32_t c = 0;
    for (; c + 4 * LANES <= columns; c += 4 * LANES)
      reduce_block(fn, wide + c / LANES, block + c, stride, some, 4, LANES);
    for (; c + LANES <= columns; c += LANES) reduce_block(fn, wide + c / LANES, block + c, stride, some, 1, LANES);
    if (c < columns) reduce_block(fn, wide + c / LANES, block + c, stride, some, 1, columns - c);
  }
  const double divisor = fn == REDUCE_MEAN ? (double)rows : 1.0;
  for (int32_t c = 0; c < columns; c += LANES) store_part(y + c, narrowN(wide[c / LANES] / divisor), columns - c);
}

INLINE float reduce_row(int32_t fn, const float *x, int32_t count) {
  const float identity = identity_of(fn);
  vNd wide = widenN(splatN(identity));
  vN extreme = splatN(identity);
  for (int32_t i = 0; i < count; i += LANES * SUM_BLOCK) {
    vN value = splatN(identity);
    if (count - i >= LANES * SUM_BLOCK) {
      /* Four chains, since one addition takes as long as four loads. */
      vN chain[4];
      for (int k = 0; k < 4; k++) chain[k] = loadN(x + i + LANES * k);
      for (int k = 4; k < SUM_BLOCK; k++) chain[k % 4] = combineN(fn, chain[k % 4], loadN(x + i + LANES * k));
      value = combineN(fn, combineN(fn, chain[0], chain[1]), combineN(fn, chain[2], chain[3]));
    } else {
      for (int32_t k = i; k < count; k += LANES) value = combineN(fn, value, load_part(x + k, count - k, identity));
    }
    if (is_sum(fn))
      wide += widenN(value);
    else
      extreme = combineN(fn, extreme, value);
  }
  if (is_sum(fn)) return (float)(fn == REDUCE_MEAN ? totalN(wide) / count : totalN(wide));
  UNROLL for (int by = LANES / 2; by > 0; by /= 2) extreme = combineN(fn, extreme, rotatedN(extreme, by));
  return extreme[0];
}

/* fn is a constant in each of the calls below, so the choices above are made by the compiler. */
INLINE void reduce_rows(int32_t fn, const struct f32_reduce_params *p, struct work *work) {
  float *y = at(p->y);
  const float *x = at(p->x);
  const int32_t reduce = p->reduce;
  const int32_t rows = most(1, TILE / most(1, reduce));
  const int32_t tiles = parts(p->outer, rows);
  for (int32_t tile; (tile = next_tile(work)) < tiles;) {
    const int32_t end = least(p->outer, (tile + 1) * rows);
    for (int32_t o = tile * rows; o < end; o++) y[o] = reduce_row(fn, x + (intptr_t)o * reduce, reduce);
  }
}

INLINE void reduce_images(int32_t fn, const struct f32_reduce_params *p, struct work *work) {
  float *y = at(p->y);
  const float *x = at(p->x);
  const int32_t reduce = p->reduce;
  const int32_t inner = p->inner;
  const int32_t parts_of_row = parts(inner, COLUMNS);
  const int32_t tiles = p->outer * parts_of_row;
  for (int32_t tile; (tile = next_tile(work)) < tiles;) {
    const intptr_t o = tile / parts_of_row;
    const int32_t column = tile % parts_of_row * COLUMNS;
    reduce_columns(fn, y + o * inner + column, x + o * reduce * inner + column, inner, reduce,
                   least(COLUMNS, inner - column));
  }
}

#define EACH_FUNCTION(X) X(SUM) X(MEAN) X(MAX) X(MIN)
#define FUNCTIONS(fn)                                                           \
  APART void rows_##fn(const struct f32_reduce_params *p, struct work *work) {   \
    reduce_rows(REDUCE_##fn, p, work);                                          \
  }                                                                             \
  APART void images_##fn(const struct f32_reduce_params *p, struct work *work) { \
    reduce_images(REDUCE_##fn, p, work);                                        \
  }
EACH_FUNCTION(FUNCTIONS)

KERNEL(f32_reduce) {
  switch (p->fn) {
#define CASE(fn) \
  case REDUCE_##fn: (p->inner == 1 ? rows_##fn : images_##fn)(p, work); break;
    EACH_FUNCTION(CASE)
#undef CASE
  }
}
