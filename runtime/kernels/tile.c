/*
 * The tile's inner loops. Shapes are chosen for 15 vector registers: 5 rows × 8 lanes takes 10 sums, 2 weights and
 * one input, and reaches the multiply-add peak of the machine it was measured on (61 of 64 GFLOP/s, plain and
 * relaxed alike; 4 × 8 reaches 50 plain, 6 × 8 and 3 × 16 spill to 33).
 */
#include "tile.h"

float zeros[ZERO_RUN];

/*
 * One step of the reduction per iteration, on purpose: V8 moves a basic block's loads to its front and arithmetic to
 * its end, so an unrolled body holds all its inputs in registers at once and spills. V8 unrolls small innermost
 * loops by itself, unless they contain a call: hence one that is never made (38 → 58 GFLOP/s). The pins keep the
 * compiler from expressing one row's address by another's, which costs an addition per load.
 */
#ifdef __wasm__
static __attribute__((noinline)) void never(void) { __asm__ volatile(""); }
#define KEEP_ROLLED(left)  \
  do {                     \
    PIN(left);             \
    if (left < 0) {        \
      never();             \
      __builtin_trap();    \
    }                      \
  } while (0)
#else
#define KEEP_ROLLED(left)
#endif

INLINE void tile_body(const struct tile *tile, const int R, const int V) {
  v4 sum[TILE_ROWS][4];
  UNROLL for (int r = 0; r < R; r++)
    UNROLL for (int v = 0; v < V; v++) sum[r][v] = load4(tile->start + r * tile->startStep + 4 * v);

  const struct run *const end = tile->runs + tile->count;
  for (const struct run *run = tile->runs; run < end; run++) {
    const float *rows[TILE_ROWS];
    UNROLL for (int r = 0; r < R; r++) rows[r] = run->rows[r];
    const float *w = tile->w + run->k * PANEL;
    for (int32_t left = run->length; left > 0; left--) {
      v4 weights[4];
      KEEP_ROLLED(left);
      PIN(w);
      UNROLL for (int r = 0; r < R; r++) PIN(rows[r]);
      UNROLL for (int v = 0; v < V; v++) weights[v] = load4(w + 4 * v);
      UNROLL for (int r = 0; r < R; r++) {
        const v4 x = splat4(*rows[r]);
        UNROLL for (int v = 0; v < V; v++) sum[r][v] = MADD(x, weights[v], sum[r][v]);
        rows[r]++;
      }
      w += PANEL;
    }
  }

  const v4 low = splat4(tile->low), high = splat4(tile->high);
  UNROLL for (int r = 0; r < R; r++) {
    if (tile->residual)
      UNROLL for (int v = 0; v < V; v++) sum[r][v] += load4(tile->residual + r * tile->ldr + 4 * v);
    UNROLL for (int v = 0; v < V; v++)
      store4(tile->y + r * tile->ldy + 4 * v, min4(max4(sum[r][v], low), high));
  }
}

#define SHAPE(R, V) \
  static __attribute__((noinline)) void tile_##R##x##V(const struct tile *tile) { tile_body(tile, R, V); }
SHAPE(1, 4)
SHAPE(2, 4)
SHAPE(1, 1)
SHAPE(2, 1)
SHAPE(3, 1)
SHAPE(4, 1)
SHAPE(5, 1)
SHAPE(1, 2)
SHAPE(2, 2)
SHAPE(3, 2)
SHAPE(4, 2)
SHAPE(5, 2)

typedef void shape(const struct tile *);
static shape *const four_lanes[] = {tile_1x1, tile_2x1, tile_3x1, tile_4x1, tile_5x1};
static shape *const eight_lanes[] = {tile_1x2, tile_2x2, tile_3x2, tile_4x2, tile_5x2};

void compute_tile(const struct tile *tile) {
  const int32_t width = tile_width(tile->lanes);
  if (width == 4) {
    four_lanes[tile->rows - 1](tile);
  } else if (width == 8) {
    eight_lanes[tile->rows - 1](tile);
  } else if (tile->rows == 1) {
    tile_1x4(tile);
  } else if (tile->rows == 2) {
    tile_2x4(tile);
  } else {
    shape *const eight = eight_lanes[tile->rows - 1];
    struct tile half = *tile;
    eight(&half);
    half.w += 8;
    half.start += 8;
    half.y += 8;
    if (half.residual) half.residual += 8;
    eight(&half);
  }
}
