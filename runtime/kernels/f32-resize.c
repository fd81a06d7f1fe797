/*
 * Resize of the two middle dimensions by a table of taps: for each output row, then each output column, the two
 * input positions and their weights, so coordinate conventions are the compiler's business. The lanes are channels.
 * The table comes from a file: a position outside of the input ends the run with ENGINE_ERROR_INDEX.
 */
#include "engine.h"
#include "lanes.h"

struct tap {
  int32_t low, high;
  float w_low, w_high;
};

static void resize_pixel(float *y, const float *low, const float *high, const struct tap *row, const struct tap *column,
                         int32_t channels, int32_t mode) {
  const float *a = low + (intptr_t)column->low * channels;
  const float *b = low + (intptr_t)column->high * channels;
  const float *c = high + (intptr_t)column->low * channels;
  const float *d = high + (intptr_t)column->high * channels;
  const vN wl = splatN(column->w_low), wh = splatN(column->w_high);
  const vN hl = splatN(row->w_low), hh = splatN(row->w_high);
  for (int32_t i = 0; i < channels; i += LANES) {
    const int32_t lanes = channels - i;
    vN value = load_part(a + i, lanes, 0.0f);
    if (mode == RESIZE_LINEAR) {
      const vN upper = MADD(load_part(b + i, lanes, 0.0f), wh, value * wl);
      const vN lower = MADD(load_part(d + i, lanes, 0.0f), wh, load_part(c + i, lanes, 0.0f) * wl);
      value = MADD(lower, hh, upper * hl);
    }
    store_part(y + i, value, lanes);
  }
}

static int lies_within(const struct tap *taps, int32_t count, int32_t size) {
  int outside = 0;
  for (int32_t i = 0; i < count; i++)
    outside |= (uint32_t)taps[i].low >= (uint32_t)size || (uint32_t)taps[i].high >= (uint32_t)size;
  return !outside;
}

KERNEL(f32_resize) {
  float *y = at(p->y);
  const float *x = at(p->x);
  const struct tap *rows = at(p->w);
  const struct tap *columns = rows + p->outH;
  const intptr_t row_stride = (intptr_t)p->inW * p->channels;
  const int32_t total = p->batch * p->outH;
  const int32_t rows_of_tile = most(1, TILE / most(1, p->outW * p->channels));
  const int32_t tiles = parts(total, rows_of_tile);
  for (int32_t tile; (tile = next_tile(work)) < tiles;) {
    const int32_t end = least(total, (tile + 1) * rows_of_tile);
    const int columns_within = lies_within(columns, p->outW, p->inW);
    for (int32_t row = tile * rows_of_tile; row < end; row++) {
      const struct tap *tap = rows + row % p->outH;
      if (!columns_within || !lies_within(tap, 1, p->inH)) {
        work->error = ENGINE_ERROR_INDEX;
        return;
      }
      const float *image = x + row / p->outH * p->inH * row_stride;
      float *to = y + (intptr_t)row * p->outW * p->channels;
      for (int32_t i = 0; i < p->outW; i++, to += p->channels)
        resize_pixel(to, image + tap->low * row_stride, image + tap->high * row_stride, tap, columns + i, p->channels,
                     p->mode);
    }
  }
}
