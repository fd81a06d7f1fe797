/*
 * The recurrence of a GRU (Cho et al. 2014, arXiv 1406.1078) in the variant of cuDNN and PyTorch: the reset gate acts
 * on the product with its bias, so that what the input adds is added in the cells. See recurrent.h.
 */
#include "engine.h"
#include "recurrent.h"
#include "vector-math.h"

struct gru {
  struct recurrence r;
  const float *x; /* [batch, steps, 3·hidden]: what the input adds to r, z, n */
};

static void cells(const struct recurrence *r, struct stretch at, int32_t from, int32_t to) {
  const struct gru *gru = (const struct gru *)r;
  const int32_t hidden = r->hidden;
  for (int32_t b = at.b; b < at.b + at.rows; b++) {
    const float *x = gru->x + 3 * ((intptr_t)b * r->steps + time_of(r, at.step)) * hidden;
    const float *sums = r->sums + 3 * (intptr_t)b * hidden;
    const float *before = state_before(r, b, at.step);
    float *h = state_after(r, b, at.step);
    for (int32_t j = from; j < to; j += LANES) {
      const int32_t lanes = hidden - j;
      const int32_t z = hidden + j, n = 2 * hidden + j;
      const vN reset = sigmoidN(load_part(x + j, lanes, 0.0f) + load_part(sums + j, lanes, 0.0f));
      const vN update = sigmoidN(load_part(x + z, lanes, 0.0f) + load_part(sums + z, lanes, 0.0f));
      const vN fresh = tanhN(MADD(reset, load_part(sums + n, lanes, 0.0f), load_part(x + n, lanes, 0.0f)));
      const vN last = before ? load_part(before + j, lanes, 0.0f) : splatN(0.0f);
      store_part(h + j, MADD(update, last - fresh, fresh), lanes);
    }
  }
}

KERNEL(f32_gru) {
  const struct gru gru = {
      .r = {p->batch, p->steps, p->hidden, 3, p->reverse, at(p->y), at(p->gates), at(p->w), at(p->h0), 0},
      .x = at(p->x),
  };
  recur(&gru.r, cells, work);
}
