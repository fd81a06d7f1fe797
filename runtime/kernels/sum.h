/*
 * The sums of one tile while its runs are collected. A window has few runs, so as a rule they are all handed to
 * the register tile at once; past that the sums wait in `sums` between two calls, which changes no bit of them.
 */
#ifndef MILLRACE_SUM_H
#define MILLRACE_SUM_H
#include "tile.h"

enum { RUNS = 64 };

struct sum {
  struct tile tile;
  struct run runs[RUNS];
  float sums[TILE_ROWS * TILE_PANELS * PANEL];
};

/* What follows a sum: act is one of UNARY_*. */
struct epilogue {
  int32_t act;
  float alpha, beta;
};

#define clamp_of SYMBOL(clamp_of)
#define sum_begin SYMBOL(sum_begin)
#define sum_panels SYMBOL(sum_panels)
#define sum_add SYMBOL(sum_add)
#define sum_end SYMBOL(sum_end)

/* The bounds of activations that are a clamp: none, relu, clip. 0 for the others. */
int clamp_of(const struct epilogue *epilogue, float *low, float *high);

/* Starts a tile of `rows` rows. */
void sum_begin(struct sum *sum, int32_t rows);

/*
 * Starts the sums of `lanes` channels: of one panel (bias row, then weights), or of up to TILE_PANELS that are
 * `panelFloats` apart. The runs of the panels before are still there if they were no more than RUNS.
 */
void sum_panels(struct sum *sum, int32_t lanes, const float *panel, intptr_t panelFloats);

/* Adds a run in which rows without an input (null) read zeros; a run without any input is left out. */
void sum_add(struct sum *sum, const float *const *inputs, int32_t length, int32_t k);

/* Row r of the result goes to y + r·ldy, after adding residual + r·ldr (if any) and applying the activation. */
void sum_end(struct sum *sum, float *y, int32_t ldy, const float *residual, int32_t ldr,
             const struct epilogue *epilogue);

#endif
