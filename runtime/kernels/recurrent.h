/*
 * What recurrent layers share: in every step the product bias + w·h of all sequences, by the register tile of all
 * products, and then the cells that make the new state of it. Sequences do not depend on each other, steps do. With
 * sequences for every thread, a claim is some of them from beginning to end. Else threads share each step: its panels,
 * then, when these are done, its cells. Invariant: a number does not depend on what shares its tile, so neither the
 * number of threads nor the way they share changes a bit.
 */
#ifndef MILLRACE_RECURRENT_H
#define MILLRACE_RECURRENT_H
#include "lanes.h"
#include "sum.h"

/* Products of a step from which on it is shared: about a microsecond of one thread, several times what two waits cost. */
#define SHARED_STEP (8192.0 * LANES)

struct recurrence {
  int32_t batch, steps, hidden, gates, reverse;
  float *y;           /* [batch, steps, hidden]: the state after each step */
  float *sums;        /* [batch, gates·hidden] */
  const float *w;     /* panels of gates·hidden */
  const float *h0;    /* [batch, hidden], or null for zero */
  const float *added; /* [batch, steps, gates·hidden]: what is added to the sums; null for nothing */
};

/* Sequences [b, b + rows) in one step. */
struct stretch {
  int32_t b, rows, step;
};

/* Makes cells [from, to) of the new state; the first member of what it is given is the recurrence. */
typedef void make_cells(const struct recurrence *r, struct stretch at, int32_t from, int32_t to);

INLINE intptr_t time_of(const struct recurrence *r, int32_t step) { return r->reverse ? r->steps - 1 - step : step; }

/* Where the state of sequence b after a step is. */
INLINE float *state_after(const struct recurrence *r, int32_t b, int32_t step) {
  return r->y + ((intptr_t)b * r->steps + time_of(r, step)) * r->hidden;
}

/* The state before the step, null for zero. */
INLINE const float *state_before(const struct recurrence *r, int32_t b, int32_t step) {
  if (step > 0) return state_after(r, b, step - 1);
  return r->h0 ? r->h0 + (intptr_t)b * r->hidden : 0;
}

/* Sums [from, to), whole tiles but for the last. */
INLINE void recurrent_sums(const struct recurrence *r, struct stretch at, int32_t from, int32_t to) {
  const struct epilogue epilogue = {UNARY_NONE, 0.0f, 0.0f};
  const int32_t width = r->gates * r->hidden;
  const intptr_t panelFloats = PANEL_F32_BYTES(r->hidden) / sizeof(float);
  const float *inputs[TILE_ROWS];
  for (int32_t i = 0; i < at.rows; i++) inputs[i] = state_before(r, at.b + i, at.step);
  float *sums = r->sums + (intptr_t)at.b * width;
  const float *added = r->added ? r->added + ((intptr_t)at.b * r->steps + time_of(r, at.step)) * width : 0;
  struct sum sum;
  sum_begin(&sum, at.rows);
  for (int32_t n = from; n < to; n += TILE_PANELS * PANEL) {
    sum_panels(&sum, least(TILE_PANELS * PANEL, width - n), r->w + n / PANEL * panelFloats, panelFloats);
    /* The runs of the first panels serve the others. */
    if (inputs[0] && n == from) sum_add(&sum, inputs, r->hidden, 0);
    sum_end(&sum, sums + n, width, added ? added + n : 0, r->steps * width, &epilogue);
  }
}

INLINE void share_sequences(const struct recurrence *r, make_cells *cells, struct work *work) {
  const int32_t rows = most(1, least(TILE_ROWS, parts(r->batch, work->threads)));
  const int32_t tiles = parts(r->batch, rows);
  for (int32_t tile; (tile = next_tile(work)) < tiles;) {
    const int32_t b = tile * rows;
    for (int32_t step = 0; step < r->steps; step++) {
      const struct stretch at = {b, least(rows, r->batch - b), step};
      recurrent_sums(r, at, 0, r->gates * r->hidden);
      cells(r, at, 0, r->hidden);
    }
  }
}

INLINE void share_steps(const struct recurrence *r, make_cells *cells, struct work *work) {
  const int32_t width = r->gates * r->hidden, tileWidth = TILE_PANELS * PANEL;
  const int32_t blocks = parts(r->batch, TILE_ROWS);
  /* Two tiles of sums for each thread: who comes late takes fewer. */
  const int32_t wide = parts(parts(width, tileWidth), 2 * work->threads) * tileWidth;
  const int32_t high = parts(parts(r->hidden, LANES), work->threads) * LANES;
  const int32_t sums = blocks * parts(width, wide), all = sums + blocks * parts(r->hidden, high);
  for (int32_t tile; (tile = next_tile(work)) < r->steps * all;) {
    const int32_t step = tile / all, part = tile % all;
    const int32_t of = part < sums ? part : part - sums;
    const int32_t b = of % blocks * TILE_ROWS, first = of / blocks;
    const struct stretch at = {b, least(TILE_ROWS, r->batch - b), step};
    /* Sums are of the whole state before, cells of the sums of this step. */
    if (!await_tiles(work, step * all + (part < sums ? 0 : sums))) return;
    if (part < sums)
      recurrent_sums(r, at, first * wide, least(width, (first + 1) * wide));
    else
      cells(r, at, first * high, least(r->hidden, (first + 1) * high));
    tile_done(work);
  }
}

INLINE void recur(const struct recurrence *r, make_cells *cells, struct work *work) {
  const double products = (double)r->batch * r->gates * r->hidden * r->hidden;
  const int32_t threads = work->threads;
  if (threads > 1 && parts(r->batch, TILE_ROWS) < threads && products >= SHARED_STEP)
    share_steps(r, cells, work);
  else
    share_sequences(r, cells, work);
}

#endif
