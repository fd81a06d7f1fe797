/*
 * The recurrence of an LSTM (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000). Steps depend
 * on each other, sequences do not: a claim is up to TILE_ROWS sequences from beginning to end.
 */
#include "engine.h"
#include "recurrent.h"
#include "vector-math.h"

/* One step of one sequence: its gates i, f, g, o to the new c and h. */
static void cell(float *h, float *c, const float *gates, int32_t hidden, const float *before) {
  for (int32_t j = 0; j < hidden; j += LANES) {
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

KERNEL(f32_lstm) {
  float *y = at(p->y), *c = at(p->c), *gates = at(p->gates);
  const float *x = at(p->x), *w = at(p->w), *h0 = at(p->h0), *c0 = at(p->c0);
  const int32_t hidden = p->hidden, steps = p->steps;
  const intptr_t sequence = (intptr_t)steps * hidden;
  const int32_t tiles = parts(p->batch, TILE_ROWS);
  for (int32_t tile; (tile = next_tile(work)) < tiles;) {
    const int32_t b = tile * TILE_ROWS;
    struct sequences s = {least(TILE_ROWS, p->batch - b), hidden, h0 ? h0 + (intptr_t)b * hidden : 0, hidden};
    float *const mine = gates + 4 * (intptr_t)b * hidden;
    for (int32_t step = 0; step < steps; step++) {
      const intptr_t t = p->reverse ? steps - 1 - step : step;
      float *const now = y + b * sequence + t * hidden;
      recurrent_sums(mine, &s, 4, w, x + 4 * (b * sequence + t * hidden), 4 * steps * hidden);
      for (int32_t r = 0; r < s.rows; r++) {
        float *const state = c + (intptr_t)(b + r) * hidden;
        const float *before = step > 0 ? state : c0 ? c0 + (intptr_t)(b + r) * hidden : 0;
        cell(now + r * sequence, state, mine + 4 * (intptr_t)r * hidden, hidden, before);
      }
      s.h = now;
      s.ldh = sequence;
    }
  }
}
