/* y[r,c] = act(x[r,c]·scale[c] + shift[c]): normalisation that no convolution could take in. */
#include "engine.h"
#include "unary-run.h"
#include "vector-math.h"

KERNEL(f32_affine) {
  float *y = at(p->y);
  const float *x = at(p->x);
  const float *scale = at(p->w);
  const int32_t channels = p->channels;
  const float *shift = scale + channels;
  const int32_t rows_of_tile = most(1, TILE / most(1, channels));
  const int32_t tiles = parts(p->rows, rows_of_tile);
  for (int32_t tile; (tile = next_tile(work)) < tiles;) {
    const int32_t first = tile * rows_of_tile;
    const int32_t rows = least(rows_of_tile, p->rows - first);
    float *to = y + (intptr_t)first * p->ldy;
    const float *from = x + (intptr_t)first * p->ldx;
    for (int32_t r = 0; r < rows; r++, to += p->ldy, from += p->ldx) {
      for (int32_t c = 0; c < channels; c += LANES) {
        const int32_t lanes = channels - c;
        const vN factor = load_part(scale + c, lanes, 0.0f);
        store_part(to + c, MADD(load_part(from + c, lanes, 0.0f), factor, load_part(shift + c, lanes, 0.0f)), lanes);
      }
    }
    if (p->act == UNARY_NONE) continue;
    /* Rows that adjoin are one run. */
    const int joined = p->ldy == channels;
    const int32_t runs = joined ? 1 : rows, count = joined ? rows * channels : channels;
    for (int32_t r = 0; r < runs; r++) {
      float *start = y + (intptr_t)(first + r) * p->ldy;
      unary_run(p->act, start, start, count, p->alpha, p->beta);
    }
  }
}
