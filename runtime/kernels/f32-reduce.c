/*
 * y[o,i] = sum, mean, maximum or minimum over r of x[o,r,i]. With inner > 1 the lanes are neighbouring i (the
 * channels of an image); with inner = 1 they are every fourth r, combined at the end. Extrema keep NaN.
 */
#include "engine.h"
#include "lanes.h"

/* Columns of one tile: whole cache lines of every row, and accumulators that stay in the nearest cache. */
#define COLUMNS 64

INLINE int is_sum(int32_t fn) { return fn == REDUCE_SUM || fn == REDUCE_MEAN; }
INLINE float identity_of(int32_t fn) {
  return is_sum(fn) ? 0.0f : fn == REDUCE_MAX ? -__builtin_inff() : __builtin_inff();
}
INLINE v4 combine4(int32_t fn, v4 a, v4 b) {
  return is_sum(fn) ? a + b : fn == REDUCE_MAX ? maximum4(a, b) : minimum4(a, b);
}

/* 4·vectors columns, or `lanes` ≤ 4 of them, of up to SUM_BLOCK rows. */
INLINE void reduce_block(int32_t fn, v4d *wide, const float *x, intptr_t stride, int32_t rows, int vectors,
                         int32_t lanes) {
  v4 block[4];
  UNROLL for (int v = 0; v < vectors; v++) block[v] = load_part(x + 4 * v, lanes, 0.0f);
  for (int32_t r = 1; r < rows; r++)
    UNROLL for (int v = 0; v < vectors; v++)
      block[v] = combine4(fn, block[v], load_part(x + r * stride + 4 * v, lanes, 0.0f));
  UNROLL for (int v = 0; v < vectors; v++)
    wide[v] = is_sum(fn) ? wide[v] + widen4(block[v]) : widen4(combine4(fn, narrow4(wide[v]), block[v]));
}

INLINE void reduce_columns(int32_t fn, float *y, const float *x, intptr_t stride, int32_t rows, int32_t columns) {
  v4d wide[COLUMNS / 4];
  for (int32_t c = 0; c < columns; c += 4) wide[c / 4] = widen4(splat4(identity_of(fn)));
  for (int32_t r = 0; r < rows; r += SUM_BLOCK) {
    const int32_t some = least(SUM_BLOCK, rows - r);
    const float *block = x + r * stride;
    int32_t c = 0;
    for (; c + 16 <= columns; c += 16) reduce_block(fn, wide + c / 4, block + c, stride, some, 4, 4);
    for (; c + 4 <= columns; c += 4) reduce_block(fn, wide + c / 4, block + c, stride, some, 1, 4);
    if (c < columns) reduce_block(fn, wide + c / 4, block + c, stride, some, 1, columns - c);
  }
  const double divisor = fn == REDUCE_MEAN ? (double)rows : 1.0;
  for (int32_t c = 0; c < columns; c += 4) store_part(y + c, narrow4(wide[c / 4] / divisor), columns - c);
}

INLINE float reduce_row(int32_t fn, const float *x, int32_t count) {
  const float identity = identity_of(fn);
  v4d wide = widen4(splat4(identity));
  v4 extreme = splat4(identity);
  for (int32_t i = 0; i < count; i += 4 * SUM_BLOCK) {
    v4 value = splat4(identity);
    if (count - i >= 4 * SUM_BLOCK) {
      /* Four chains, since one addition takes as long as four loads. */
      v4 chain[4];
      for (int k = 0; k < 4; k++) chain[k] = load4(x + i + 4 * k);
      for (int k = 4; k < SUM_BLOCK; k++) chain[k % 4] = combine4(fn, chain[k % 4], load4(x + i + 4 * k));
      value = combine4(fn, combine4(fn, chain[0], chain[1]), combine4(fn, chain[2], chain[3]));
    } else {
      for (int32_t k = i; k < count; k += 4) value = combine4(fn, value, load_part(x + k, count - k, identity));
    }
    if (is_sum(fn))
      wide += widen4(value);
    else
      extreme = combine4(fn, extreme, value);
  }
  if (is_sum(fn)) return (float)(fn == REDUCE_MEAN ? total4(wide) / count : total4(wide));
  const v4 pairs = combine4(fn, extreme, (v4){extreme[2], extreme[3], extreme[2], extreme[3]});
  return combine4(fn, pairs, splat4(pairs[1]))[0];
}

/* fn is a constant in each of the calls below, so the choices above are made by the compiler. */
INLINE void reduce_all(int32_t fn, const struct f32_reduce_params *p, struct work *work) {
  float *y = at(p->y);
  const float *x = at(p->x);
  const int32_t reduce = p->reduce;
  const int32_t inner = p->inner;
  if (inner == 1) {
    const int32_t rows = most(1, TILE / most(1, reduce));
    const int32_t tiles = parts(p->outer, rows);
    for (int32_t tile; (tile = next_tile(work)) < tiles;) {
      const int32_t end = least(p->outer, (tile + 1) * rows);
      for (int32_t o = tile * rows; o < end; o++) y[o] = reduce_row(fn, x + (intptr_t)o * reduce, reduce);
    }
    return;
  }
  const int32_t parts_of_row = parts(inner, COLUMNS);
  const int32_t tiles = p->outer * parts_of_row;
  for (int32_t tile; (tile = next_tile(work)) < tiles;) {
    const intptr_t o = tile / parts_of_row;
    const int32_t column = tile % parts_of_row * COLUMNS;
    reduce_columns(fn, y + o * inner + column, x + o * reduce * inner + column, inner, reduce,
                   least(COLUMNS, inner - column));
  }
}

KERNEL(f32_reduce) {
  switch (p->fn) {
    case REDUCE_SUM: reduce_all(REDUCE_SUM, p, work); break;
    case REDUCE_MEAN: reduce_all(REDUCE_MEAN, p, work); break;
    case REDUCE_MAX: reduce_all(REDUCE_MAX, p, work); break;
    case REDUCE_MIN: reduce_all(REDUCE_MIN, p, work); break;
  }
}
