/*
 * The register tile that convolutions and products share: some rows by some lanes of neighbouring weight panels, fed
 * by runs. A run is a stretch of the reduction over which each row's input is contiguous: a pixel's channels, a line
 * of a kernel window, a row of a matrix. Invariant: each result is bias + Σ in the order of the runs, one
 * multiply-add after the other, whatever rows it shares a tile with; so results do not depend on how rows are cut.
 */
#ifndef MILLRACE_TILE_H
#define MILLRACE_TILE_H
#include "engine.h"
#include "vector.h"

/*
 * The tile that fills the registers of each set, in rows and vectors: ROWS · VECTORS sums, VECTORS weights, an input.
 * Measured over the convolutions of ResNet-50 (scripts/bench-kernels.ts), of one core's multiply-add peak: AVX-512
 * 234 of 260 GFLOP/s, AVX2 118 of 130, SSE2 37 of 65 (31 by 4 rows); for WASM see tile.c.
 */
#if LANES == 16
#define TILE_ROWS 12
#define TILE_VECTORS 2
#elif LANES == 8
#define TILE_ROWS 6
#define TILE_VECTORS 2
#elif defined(__ARM_NEON)
#define TILE_ROWS 6
#define TILE_VECTORS 4
#else
#define TILE_ROWS 5
#define TILE_VECTORS 2
#endif
/* Panels that are computed together. */
#define TILE_PANELS (TILE_VECTORS * LANES > PANEL ? TILE_VECTORS * LANES / PANEL : 1)

enum {
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
  int32_t rows, lanes; /* 1 … TILE_ROWS, 1 … TILE_PANELS · PANEL */
  const float *w;      /* the first panel's weights, after the bias row */
  intptr_t wPanel;     /* floats from one panel to the next */
  /* The sums' first values: row r of panel p at start + r·startStep + p·startPanel. The bias row has step 0. */
  const float *start;
  intptr_t startPanel;
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
static inline int32_t tile_width(int32_t lanes) {
  int32_t width = LANES;
  while (width < lanes) width *= 2;
  return width;
}

/* How many of `left` rows the next tile takes: two tiles of a middle size rather than a large and a small one. */
static inline int32_t tile_rows(int32_t left) {
  if (left > TILE_ROWS && 2 * left < 3 * TILE_ROWS) return (left + 1) / 2;
  return left < TILE_ROWS ? left : TILE_ROWS;
}

#endif
