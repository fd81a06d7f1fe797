/*
 * Product of two tensors computed at run time. A block of b's columns is packed into a panel on the stack, whatever
 * its strides, and then goes through the register tile that constant weights use; a is packed only if its rows do
 * not lie contiguously. Invariant: Σ in the order of k, for every stride, batch and cut.
 */
#include "lanes.h"
#include "tile.h"

/* Length of the stretch of the reduction that is packed at a time: 8 KiB a panel; and the columns, those of a tile. */
enum { DEPTH = 128, COLUMNS = TILE_PANELS * PANEL };

/* panel[k][lane] = b[k·row + lane·col]; the lanes past the last column are zero, those of another panel apart. */
static void pack_columns(float *panel, const float *b, int32_t depth, int32_t lanes, int32_t row, int32_t col) {
  for (int32_t k = 0; k < depth; k++) {
    const float *from = b + (intptr_t)k * row;
    float *to = panel + k * PANEL;
    if (col == 1 && lanes == PANEL) {
      UNROLL for (int v = 0; v < PANEL; v += LANES) storeN(to + v, loadN(from + v));
    } else {
      for (int32_t lane = 0; lane < lanes; lane++) to[lane] = from[(intptr_t)lane * col];
      for (int32_t lane = lanes; lane < PANEL; lane++) to[lane] = 0;
    }
  }
}

struct block {
  const float *a, *b;
  int32_t rows, lanes;
};

static void multiply(float *sums, const struct block *block, const struct f32_matmul_params *p) {
  float panels[TILE_PANELS][DEPTH * PANEL], lines[TILE_ROWS * DEPTH];
  for (int32_t k = 0; k < p->k; k += DEPTH) {
    const int32_t depth = least(DEPTH, p->k - k);
    for (int32_t n = 0; n < block->lanes; n += PANEL)
      pack_columns(panels[n / PANEL], block->b + (intptr_t)k * p->bRow + (intptr_t)n * p->bCol, depth,
                   least(PANEL, block->lanes - n), p->bRow, p->bCol);
    struct run run = {.length = depth, .k = 0};
    struct tile tile = {
        .runs = &run,
        .count = 1,
        .lanes = parts(block->lanes, PANEL) * PANEL,
        .w = panels[0],
        .wPanel = DEPTH * PANEL,
        .startStep = COLUMNS,
        .startPanel = PANEL,
        .ldy = COLUMNS,
        .low = -__builtin_inff(),
        .high = __builtin_inff(),
    };
    for (int32_t m = 0; m < block->rows; m += tile.rows) {
      tile.rows = tile_rows(block->rows - m);
      for (int32_t r = 0; r < tile.rows; r++) {
        const float *from = block->a + (intptr_t)(m + r) * p->aRow + (intptr_t)k * p->aCol;
        run.rows[r] = from;
        if (p->aCol == 1) continue;
        for (int32_t i = 0; i < depth; i++) lines[r * DEPTH + i] = from[(intptr_t)i * p->aCol];
        run.rows[r] = lines + r * DEPTH;
      }
      tile.start = tile.y = sums + m * COLUMNS;
      compute_tile(&tile);
    }
  }
}

KERNEL(f32_matmul) {
  float *y = at(p->y);
  const float *a = at(p->a), *b = at(p->b);
  const int32_t blocks = parts(p->m, BLOCK_ROWS), panels = parts(p->n, COLUMNS);
  for (int32_t claim; (claim = next_tile(work)) < p->batch0 * p->batch1 * panels * blocks;) {
    const int32_t m = claim % blocks * BLOCK_ROWS;
    const int32_t n = claim / blocks % panels * COLUMNS;
    const int32_t batch = claim / blocks / panels;
    const int32_t i = batch / p->batch1, j = batch % p->batch1;
    const struct block block = {
        .a = a + (intptr_t)i * p->aBatch0 + (intptr_t)j * p->aBatch1 + (intptr_t)m * p->aRow,
        .b = b + (intptr_t)i * p->bBatch0 + (intptr_t)j * p->bBatch1 + (intptr_t)n * p->bCol,
        .rows = least(BLOCK_ROWS, p->m - m),
        .lanes = least(COLUMNS, p->n - n),
    };
    float sums[BLOCK_ROWS * COLUMNS];
    for (int32_t s = 0; s < block.rows * COLUMNS; s++) sums[s] = 0;
    multiply(sums, &block, p);
    for (int32_t r = 0; r < block.rows; r++) {
      float *to = y + ((intptr_t)batch * p->m + m + r) * p->n + n;
      for (int32_t v = 0; v < block.lanes; v += LANES) store_part(to + v, loadN(sums + r * COLUMNS + v), block.lanes - v);
    }
  }
}
