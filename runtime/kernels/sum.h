/*
 * The sums of one tile while its runs are collected. A window has few runs, so as a rule they are all handed to
 * the register tile at once; past that the sums wait in `sums` between two calls, which changes no bit of them.
 */
#ifndef MILLRACE_SUM_H
#define MILLRACE_SUM_H
#include "epilogue.h"
#include "tile.h"

enum { RUNS = 64 };

struct sum {
  struct tile tile;
  struct run runs[RUNS];
  float sums[TILE_ROWS * PANEL];
};

/* panel: bias row, then weights. */
static inline void sum_begin(struct sum *sum, int32_t rows, int32_t lanes, const float *panel) {
  sum->tile = (struct tile){
      .runs = sum->runs, .rows = rows, .lanes = lanes, .w = panel + PANEL, .start = panel, .startStep = 0};
}

static inline void sum_flush(struct sum *sum) {
  struct tile *tile = &sum->tile;
  tile->y = sum->sums;
  tile->ldy = PANEL;
  tile->residual = 0;
  tile->low = -__builtin_inff();
  tile->high = __builtin_inff();
  compute_tile(tile);
  tile->start = sum->sums;
  tile->startStep = PANEL;
  tile->count = 0;
}

static inline struct run *sum_run(struct sum *sum, int32_t length, int32_t k) {
  if (sum->tile.count == RUNS) sum_flush(sum);
  struct run *run = &sum->runs[sum->tile.count++];
  run->length = length;
  run->k = k;
  return run;
}

/* Adds a run in which rows without an input (null) read zeros; a run without any input is left out. */
static inline void sum_add(struct sum *sum, const float *const *inputs, int32_t length, int32_t k) {
  const int32_t rows = sum->tile.rows;
  int32_t present = 0;
  for (int32_t r = 0; r < rows; r++) present += inputs[r] != 0;
  if (present == 0) return;
  const int32_t step = present == rows ? length : ZERO_RUN;
  for (int32_t done = 0; done < length; done += step) {
    struct run *run = sum_run(sum, length - done < step ? length - done : step, k + done);
    for (int32_t r = 0; r < rows; r++) run->rows[r] = inputs[r] ? inputs[r] + done : zeros;
  }
}

/* Row r of the result goes to y + r·ldy, after adding residual + r·ldr (if any) and applying the activation. */
static inline void sum_end(struct sum *sum, float *y, int32_t ldy, const float *residual, int32_t ldr,
                           const struct epilogue *epilogue) {
  struct tile *tile = &sum->tile;
  const int whole = tile->lanes == PANEL || tile->lanes == PANEL / 2;
  if (whole && clamp_of(epilogue, &tile->low, &tile->high)) {
    tile->y = y;
    tile->ldy = ldy;
    tile->residual = residual;
    tile->ldr = ldr;
    compute_tile(tile);
    return;
  }
  sum_flush(sum);
  for (int32_t r = 0; r < tile->rows; r++)
    finish_row(y + (intptr_t)r * ldy, sum->sums + r * PANEL, residual ? residual + (intptr_t)r * ldr : 0, tile->lanes,
               epilogue);
}

#endif
