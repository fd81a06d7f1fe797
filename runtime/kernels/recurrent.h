/*
 * The product that recurrent layers make in every step: bias + w·h for some sequences of the batch at once, by the
 * register tile of all products. Invariant: a sequence's numbers do not depend on the others it shares a tile with.
 */
#ifndef MILLRACE_RECURRENT_H
#define MILLRACE_RECURRENT_H
#include "lanes.h"
#include "sum.h"

/* Some sequences, from one step to the next. */
struct sequences {
  int32_t rows, hidden;
  /* The state before the step: row r at h + r·ldh; null for zero. */
  const float *h;
  intptr_t ldh;
};

/* Row r of `gates`, `count`·hidden wide, becomes bias + w·h, plus row r of x at x + r·ldx if there is an x. */
INLINE void recurrent_sums(float *gates, const struct sequences *s, int32_t count, const float *w, const float *x,
                           int32_t ldx) {
  const struct epilogue epilogue = {UNARY_NONE, 0.0f, 0.0f};
  const int32_t width = count * s->hidden;
  const intptr_t panelFloats = (intptr_t)(1 + s->hidden) * PANEL;
  const float *inputs[TILE_ROWS];
  for (int32_t r = 0; r < s->rows; r++) inputs[r] = s->h + r * s->ldh;
  struct sum sum;
  sum_begin(&sum, s->rows);
  for (int32_t n = 0; n < width; n += TILE_PANELS * PANEL) {
    sum_panels(&sum, least(TILE_PANELS * PANEL, width - n), w + n / PANEL * panelFloats, panelFloats);
    /* The runs of the first panels serve the others. */
    if (s->h && n == 0) sum_add(&sum, inputs, s->hidden, 0);
    sum_end(&sum, gates + n, width, x ? x + n : 0, ldx, &epilogue);
  }
}

#endif
