/*
 * The tile's inner loops. In WASM, 5 rows × 8 lanes takes 10 sums, 2 weights and one input of the 15 or 16 vector
 * registers that V8 has on x86, and reaches the multiply-add peak of the machine it was measured on (61 of 64
 * GFLOP/s, plain and relaxed alike; 4 × 8 reaches 50 plain, 6 × 8 and 3 × 16 spill to 33).
 */
#include "tile.h"

float zeros[ZERO_RUN];

/*
 * V8: one step of the reduction per iteration, on purpose, as it moves a basic block's loads to its front and
 * arithmetic to its end, so an unrolled body holds all its inputs in registers at once and spills. V8 unrolls small
 * innermost loops by itself, unless they contain a call: hence one that is never made (38 → 58 GFLOP/s). The pins
 * keep the compiler from expressing one row's address by another's, which costs an addition per load.
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
#endif

enum { PANEL_VECTORS = PANEL / LANES };

/* Vector v of a row that lies in panels, `panel` floats apart. */
INLINE vN load_across(const float *p, intptr_t panel, int v) {
  return loadN(p + v / PANEL_VECTORS * panel + v % PANEL_VECTORS * LANES);
}

INLINE void tile_body(const struct tile *tile, const int R, const int V) {
  vN sum[TILE_ROWS][4];
  UNROLL for (int r = 0; r < R; r++)
    UNROLL for (int v = 0; v < V; v++) sum[r][v] = load_across(tile->start + r * tile->startStep, tile->startPanel, v);

  const struct run *const end = tile->runs + tile->count;
  const intptr_t panel = tile->wPanel;
  (void)panel;
  for (const struct run *run = tile->runs; run < end; run++) {
    const float *rows[TILE_ROWS];
    UNROLL for (int r = 0; r < R; r++) rows[r] = run->rows[r];
    const float *w = tile->w + (intptr_t)run->k * PANEL;
#ifdef __wasm__
    for (int32_t left = run->length; left > 0; left--) {
      vN weights[4];
      KEEP_ROLLED(left);
      PIN(w);
      UNROLL for (int r = 0; r < R; r++) PIN(rows[r]);
      UNROLL for (int v = 0; v < V; v++) weights[v] = load_across(w, panel, v);
      UNROLL for (int r = 0; r < R; r++) {
        const vN x = splatN(*rows[r]);
        UNROLL for (int v = 0; v < V; v++) sum[r][v] = MADD(x, weights[v], sum[r][v]);
        rows[r]++;
      }
      w += PANEL;
    }
#else
    /* One index, up to zero, for all rows: it also counts. */
    const intptr_t length = run->length;
    UNROLL for (int r = 0; r < R; r++) rows[r] += length;
    for (intptr_t k = -length; k < 0; k++, w += PANEL) {
      vN weights[4];
      UNROLL for (int v = 0; v < V; v++) weights[v] = load_across(w, panel, v);
      UNROLL for (int r = 0; r < R; r++) {
        const vN x = splatN(rows[r][k]);
        UNROLL for (int v = 0; v < V; v++) sum[r][v] = MADD(x, weights[v], sum[r][v]);
      }
    }
#endif
  }

  const vN low = splatN(tile->low), high = splatN(tile->high);
  UNROLL for (int r = 0; r < R; r++) {
    if (tile->residual)
      UNROLL for (int v = 0; v < V; v++) sum[r][v] += loadN(tile->residual + r * tile->ldr + LANES * v);
    UNROLL for (int v = 0; v < V; v++)
      storeN(tile->y + r * tile->ldy + LANES * v, minN(maxN(sum[r][v], low), high));
  }
}

#define TO_2(X, V) X(1, V) X(2, V)
#define TO_5(X, V) TO_2(X, V) X(3, V) X(4, V) X(5, V)
#define TO_6(X, V) TO_5(X, V) X(6, V)
#define TO_12(X, V) TO_6(X, V) X(7, V) X(8, V) X(9, V) X(10, V) X(11, V) X(12, V)
#if TILE_ROWS == 12
#define ALL_ROWS TO_12
#elif TILE_ROWS == 6
#define ALL_ROWS TO_6
#else
#define ALL_ROWS TO_5
#endif
/* By vectors: 1 and 2, and a whole panel of 4 for the rows that leave registers for it. */
#if TILE_VECTORS == 4
#define FOUR_VECTORS ALL_ROWS
#else
#define FOUR_VECTORS TO_2
#endif

#define SHAPE(R, V) \
  static __attribute__((noinline)) void tile_##R##x##V(const struct tile *tile) { tile_body(tile, R, V); }
ALL_ROWS(SHAPE, 1)
ALL_ROWS(SHAPE, 2)
FOUR_VECTORS(SHAPE, 4)

typedef void shape(const struct tile *);
#define ENTRY(R, V) tile_##R##x##V,
static shape *const shapes[][TILE_ROWS] = {
    [1] = {ALL_ROWS(ENTRY, 1)},
    [2] = {ALL_ROWS(ENTRY, 2)},
    [4] = {FOUR_VECTORS(ENTRY, 4)},
};

void compute_tile(const struct tile *tile) {
  const int32_t vectors = tile_width(tile->lanes) / LANES;
  shape *const whole = shapes[vectors][tile->rows - 1];
  if (whole) {
    whole(tile);
    return;
  }
  /* A panel that is too wide for the rows goes by halves. */
  shape *const half = shapes[2][tile->rows - 1];
  struct tile part = *tile;
  half(&part);
  part.w += 2 * LANES;
  part.start += 2 * LANES;
  part.y += 2 * LANES;
  if (part.residual) part.residual += 2 * LANES;
  half(&part);
}
