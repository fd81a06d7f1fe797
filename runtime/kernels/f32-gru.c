/*
 * The recurrence of a GRU (Cho et al. 2014, arXiv 1406.1078) in the variant of cuDNN and PyTorch: the reset gate acts
 * on the product with its bias. A claim is up to TILE_ROWS sequences from beginning to end.
 */
#include "engine.h"
#include "recurrent.h"
#include "vector-math.h"

/* One step of one sequence: what the input adds to r, z, n, and the products of the state, to the new h. */
static void cell(float *h, const float *x, const float *sums, int32_t hidden, const float *before) {
  for (int32_t j = 0; j < hidden; j += LANES) {
    const int32_t lanes = hidden - j;
    const int32_t z = hidden + j, n = 2 * hidden + j;
    const vN reset = sigmoidN(load_part(x + j, lanes, 0.0f) + load_part(sums + j, lanes, 0.0f));
    const vN update = sigmoidN(load_part(x + z, lanes, 0.0f) + load_part(sums + z, lanes, 0.0f));
    const vN fresh = tanhN(MADD(reset, load_part(sums + n, lanes, 0.0f), load_part(x + n, lanes, 0.0f)));
    const vN last = before ? load_part(before + j, lanes, 0.0f) : splatN(0.0f);
    store_part(h + j, MADD(update, last - fresh, fresh), lanes);
  }
}

KERNEL(f32_gru) {
  float *y = at(p->y), *gates = at(p->gates);
  const float *x = at(p->x), *w = at(p->w), *h0 = at(p->h0);
  const int32_t hidden = p->hidden, steps = p->steps;
  const intptr_t sequence = (intptr_t)steps * hidden;
  const int32_t tiles = parts(p->batch, TILE_ROWS);
  for (int32_t tile; (tile = next_tile(work)) < tiles;) {
    const int32_t b = tile * TILE_ROWS;
    struct sequences s = {least(TILE_ROWS, p->batch - b), hidden, h0 ? h0 + (intptr_t)b * hidden : 0, hidden};
    float *const mine = gates + 3 * (intptr_t)b * hidden;
    for (int32_t step = 0; step < steps; step++) {
      const intptr_t t = p->reverse ? steps - 1 - step : step;
      float *const now = y + b * sequence + t * hidden;
      recurrent_sums(mine, &s, 3, w, 0, 0);
      for (int32_t r = 0; r < s.rows; r++)
        cell(now + r * sequence, x + 3 * (b * sequence + r * sequence + t * hidden),
             mine + 3 * (intptr_t)r * hidden, hidden, s.h ? s.h + r * s.ldh : 0);
      s.h = now;
      s.ldh = sequence;
    }
  }
}
