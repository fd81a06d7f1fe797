/*
 * Maximum or average of each channel over a sliding window. Taps outside the image take no part in a maximum or a
 * sum; whether they count in an average is the mode. The lanes are channels, four vectors at a time where there are so
 * many; taps are visited in the order kh, kw.
 */
#include "engine.h"
#include "lanes.h"

/* The taps of one window inside the image. */
struct taps {
  const float *first;
  int32_t rows, columns;
  intptr_t row_step, column_step;
};

/* k of the taps with low ≤ start + k·dilation < high: the first, and how many. */
INLINE int32_t taps_within(int32_t start, int32_t dilation, int32_t kernel, int32_t low, int32_t high,
                           int32_t *first) {
  *first = start >= low ? 0 : parts(low - start, dilation);
  const int32_t end = start >= high ? 0 : least(kernel, parts(high - start, dilation));
  return most(0, end - *first);
}

/* LANES·vectors channels, or `lanes` ≤ LANES of them; average is a constant in every call. A NaN is remembered beside the
 * maximum, in two instructions where a maximum that keeps it takes seven. */
INLINE void pool_channels(float *y, const struct taps *t, int32_t c, int vectors, int32_t lanes, int average,
                          float divisor) {
  vN result[4];
  vNi unordered[4];
  UNROLL for (int v = 0; v < vectors; v++) {
    result[v] = splatN(average ? 0.0f : -__builtin_inff());
    unordered[v] = splatNi(0);
  }
  for (int32_t kh = 0; kh < t->rows; kh++) {
    const float *tap = t->first + kh * t->row_step + c;
    for (int32_t kw = 0; kw < t->columns; kw++, tap += t->column_step)
      UNROLL for (int v = 0; v < vectors; v++) {
        const vN value = load_part(tap + LANES * v, lanes, 0.0f);
        result[v] = average ? result[v] + value : maxN(result[v], value);
        if (!average) unordered[v] |= value != value;
      }
  }
  UNROLL for (int v = 0; v < vectors; v++) {
    const vN value = average ? result[v] / divisor : selectN(unordered[v], splatN(__builtin_nanf("")), result[v]);
    store_part(y + c + LANES * v, value, lanes);
  }
}

INLINE void pool_pixel(float *y, const struct taps *t, int32_t channels, int average, float divisor) {
  int32_t c = 0;
  for (; c + 4 * LANES <= channels; c += 4 * LANES) pool_channels(y, t, c, 4, LANES, average, divisor);
  for (; c + LANES <= channels; c += LANES) pool_channels(y, t, c, 1, LANES, average, divisor);
  if (c < channels) pool_channels(y, t, c, 1, channels - c, average, divisor);
}

APART void pool_maximum(float *y, const struct taps *t, int32_t channels) { pool_pixel(y, t, channels, 0, 1.0f); }
APART void pool_average(float *y, const struct taps *t, int32_t channels, int32_t counted) {
  pool_pixel(y, t, channels, 1, (float)most(1, counted));
}

KERNEL(f32_pool) {
  float *y = at(p->y);
  const float *x = at(p->x);
  const int32_t pixels = p->batch * p->outH * p->outW;
  const int32_t pixels_of_tile = most(1, TILE / most(1, p->outC * p->kernelH * p->kernelW));
  const int32_t tiles = parts(pixels, pixels_of_tile);
  for (int32_t tile; (tile = next_tile(work)) < tiles;) {
    const int32_t last = least(pixels, (tile + 1) * pixels_of_tile);
    for (int32_t pixel = tile * pixels_of_tile; pixel < last; pixel++) {
      const int32_t top = pixel / p->outW % p->outH * p->strideH - p->padTop;
      const int32_t left = pixel % p->outW * p->strideW - p->padLeft;
      const intptr_t image = (intptr_t)(pixel / p->outW / p->outH) * p->inH;
      int32_t kh, kw;
      struct taps t;
      t.rows = taps_within(top, p->dilationH, p->kernelH, 0, p->inH, &kh);
      t.columns = taps_within(left, p->dilationW, p->kernelW, 0, p->inW, &kw);
      t.row_step = (intptr_t)p->dilationH * p->inW * p->ldx;
      t.column_step = (intptr_t)p->dilationW * p->ldx;
      t.first = x + ((image + top + kh * p->dilationH) * p->inW + left + kw * p->dilationW) * p->ldx;
      float *to = y + (intptr_t)pixel * p->ldy;
      if (p->mode == POOL_MAXIMUM) {
        pool_maximum(to, &t, p->outC);
        continue;
      }
      int32_t counted = t.rows * t.columns;
      if (p->mode == POOL_AVERAGE_PADDED) {
        int32_t unused;
        counted = taps_within(top, p->dilationH, p->kernelH, -p->padTop, p->inH + p->padBottom, &unused) *
                  taps_within(left, p->dilationW, p->kernelW, -p->padLeft, p->inW + p->padRight, &unused);
      }
      pool_average(to, &t, p->outC, counted);
    }
  }
}
