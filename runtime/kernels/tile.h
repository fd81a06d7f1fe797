/*
 * The register tile that convolutions and products share: up to 5 rows by 16 lanes of one weight panel, fed by
 * runs. A run is a stretch of the reduction over which each row's input is contiguous: a pixel's channels, a line
 * of a kernel window, a row of a matrix. Invariant: each result is bias + Σ in the order of the runs, one
 * multiply-add after the other, whatever rows it shares a tile with; so results do not depend on how rows are cut.
 */
#ifndef MILLRACE_TILE_H
#define MILLRACE_TILE_H
#include "engine.h"
#include "vector.h"

enum {
  TILE_ROWS = 5,
  /* Rows that one claim of work covers: whole tiles, few enough for their input to stay in the first-level cache. */
  BLOCK_ROWS = 60,
  /* Floats in `zeros`, the input of rows whose tap lies outside the image. Longer runs are cut. */
  ZERO_RUN = 1024,
};
#define zeros SYMBOL(zeros)
extern float zeros[ZERO_RUN];

struct run {
  const float *rows[TILE_ROWS];
  int32_t length;
  /* Position in the reduction: row of the panel, not counting the bias. */
  int32_t k;
};

struct tile {
  const struct run *runs;
  int32_t count;
  int32_t rows, lanes; /* 1 … TILE_ROWS, 1 … PANEL */
  const float *w;      /* the panel's weights, after the bias row */
  /* The sums' first values: row r at start + r·startStep. The bias row has step 0. */
  const float *start;
  int32_t startStep;
  /* Where to and what is added, then clamped to [low, high]. tile_width(lanes) lanes are written. */
  float *y;
  const float *residual;
  int32_t ldy, ldr;
  float low, high;
};

#define compute_tile SYMBOL(compute_tile)
void compute_tile(const struct tile *tile);

/* Lanes that a tile computes and writes for `lanes` channels. */
static inline int32_t tile_width(int32_t lanes) { return lanes <= 4 ? 4 : lanes <= 8 ? 8 : PANEL; }

/* How many of `left` rows the next tile takes: no tile of one or two rows where it can be avoided. */
static inline int32_t tile_rows(int32_t left) {
  if (left == 6) return 3;
  if (left == 7) return 4;
  return left < TILE_ROWS ? left : TILE_ROWS;
}

#endif
