/*
 * The recurrence of an LSTM (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000): see
 * recurrent.h. What the input adds to the gates is added with the sums.
 */
#include "engine.h"
#include "recurrent.h"
#include "vector-math.h"

struct lstm {
  struct recurrence r;
  float *c;        /* [batch, hidden] */
  const float *c0; /* the same, or null for zero */
};

/* The gates i, f, g, o to the new c and h. */
static void cells(const struct recurrence *r, struct stretch at, int32_t from, int32_t to) {
  const struct lstm *lstm = (const struct lstm *)r;
  const int32_t hidden = r->hidden;
  for (int32_t b = at.b; b < at.b + at.rows; b++) {
    const intptr_t first = (intptr_t)b * hidden;
    const float *gates = r->sums + 4 * first;
    float *h = state_after(r, b, at.step), *c = lstm->c + first;
    const float *before = at.step > 0 ? c : lstm->c0 ? lstm->c0 + first : 0;
    for (int32_t j = from; j < to; j += LANES) {
      const int32_t lanes = hidden - j;
      const vN i = sigmoidN(load_part(gates + j, lanes, 0.0f));
      const vN f = sigmoidN(load_part(gates + hidden + j, lanes, 0.0f));
      const vN g = tanhN(load_part(gates + 2 * hidden + j, lanes, 0.0f));
      const vN o = sigmoidN(load_part(gates + 3 * hidden + j, lanes, 0.0f));
      const vN last = before ? load_part(before + j, lanes, 0.0f) : splatN(0.0f);
      const vN next = MADD(f, last, i * g);
      store_part(c + j, next, lanes);
      store_part(h + j, o * tanhN(next), lanes);
    }
  }
}

KERNEL(f32_lstm) {
  const struct lstm lstm = {
      .r = {p->batch, p->steps, p->hidden, 4, p->reverse, at(p->y), at(p->gates), at(p->w), at(p->h0), at(p->x)},
      .c = at(p->c),
      .c0 = at(p->c0),
  };
  recur(&lstm.r, cells, work);
}
