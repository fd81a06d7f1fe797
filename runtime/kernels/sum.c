/* Collects the runs of a tile and finishes its sums: see sum.h. */
#include "sum.h"
#include "lanes.h"
#include "unary-run.h"

int clamp_of(const struct epilogue *epilogue, float *low, float *high) {
  *low = -__builtin_inff();
  *high = __builtin_inff();
  switch (epilogue->act) {
    case UNARY_NONE: return 1;
    case UNARY_RELU: *low = 0; return 1;
    case UNARY_CLIP:
      *low = epilogue->alpha;
      *high = epilogue->beta;
      return 1;
  }
  return 0;
}

void sum_begin(struct sum *sum, int32_t rows) {
  sum->tile.runs = sum->runs;
  sum->tile.count = 0;
  sum->tile.rows = rows;
}

void sum_panels(struct sum *sum, int32_t lanes, const float *panel, intptr_t panelFloats) {
  struct tile *tile = &sum->tile;
  tile->lanes = lanes;
  tile->w = panel + PANEL_F32_HEAD(0) / sizeof(float);
  tile->wPanel = panelFloats;
  tile->start = panel;
  tile->startPanel = panelFloats;
  tile->startStep = 0;
}

/* Brings the sums so far to `sums`, from where the next runs continue. */
static void settle(struct sum *sum) {
  struct tile *tile = &sum->tile;
  tile->y = sum->sums;
  tile->ldy = tile_width(tile->lanes);
  tile->residual = 0;
  tile->low = -__builtin_inff();
  tile->high = __builtin_inff();
  compute_tile(tile);
  tile->start = sum->sums;
  tile->startPanel = PANEL;
  tile->startStep = tile->ldy;
}

void sum_add(struct sum *sum, const float *const *inputs, int32_t length, int32_t k) {
  const int32_t rows = sum->tile.rows;
  int32_t present = 0;
  for (int32_t r = 0; r < rows; r++) present += inputs[r] != 0;
  if (present == 0) return;
  const int32_t step = present == rows ? length : ZERO_RUN;
  for (int32_t done = 0; done < length; done += step) {
    if (sum->tile.count == RUNS) {
      settle(sum);
      sum->tile.count = 0;
    }
    struct run *run = &sum->runs[sum->tile.count++];
    run->length = least(step, length - done);
    run->k = k + done;
    for (int32_t r = 0; r < rows; r++) run->rows[r] = inputs[r] ? inputs[r] + done : zeros;
  }
}

void sum_end(struct sum *sum, float *y, int32_t ldy, const float *residual, int32_t ldr,
             const struct epilogue *epilogue) {
  struct tile *tile = &sum->tile;
  const int32_t width = tile_width(tile->lanes);
  if (tile->lanes == width && clamp_of(epilogue, &tile->low, &tile->high)) {
    tile->y = y;
    tile->ldy = ldy;
    tile->residual = residual;
    tile->ldr = ldr;
    compute_tile(tile);
    return;
  }
  settle(sum);
  float *const sums = sum->sums;
  for (int32_t r = 0; residual && r < tile->rows; r++)
    for (int32_t i = 0; i < tile->lanes; i += LANES) {
      const vN more = load_part(residual + (intptr_t)r * ldr + i, tile->lanes - i, 0);
      storeN(sums + r * width + i, loadN(sums + r * width + i) + more);
    }
  if (epilogue->act != UNARY_NONE)
    unary_run(epilogue->act, sums, sums, tile->rows * width, epilogue->alpha, epilogue->beta);
  for (int32_t r = 0; r < tile->rows; r++)
    for (int32_t i = 0; i < tile->lanes; i += LANES)
      store_part(y + (intptr_t)r * ldy + i, loadN(sums + r * width + i), tile->lanes - i);
}
