/*
 * y[i] = f(x[i]). One loop per function, so that the choice is made once per run and not per vector; the last
 * lanes go through the same loop, padded.
 */
#include "engine.h"
#include "unary-run.h"
#include "vector-math.h"

#define EACH_FUNCTION(X)                                                                                     \
  X(NONE) X(RELU) X(CLIP) X(LEAKY_RELU) X(SIGMOID) X(HARD_SIGMOID) X(HARD_SWISH) X(TANH) X(SILU) X(MISH)     \
  X(SOFTPLUS) X(ELU) X(GELU) X(GELU_TANH) X(EXP) X(LOG) X(SQRT) X(RECIPROCAL) X(ERF) X(ABS) X(NEG) X(FLOOR) \
  X(CEIL)

#define LOOP(name)                                                                                           \
  APART void run_##name(float *y, const float *x, int32_t count, float alpha, float beta) {                  \
    for (int32_t i = 0; i < count; i += LANES)                                                               \
      storeN(y + i, unaryN(UNARY_##name, loadN(x + i), alpha, beta));                                        \
  }
EACH_FUNCTION(LOOP)
#undef LOOP

/* count is a multiple of LANES. */
static void run_vectors(int32_t fn, float *y, const float *x, int32_t count, float alpha, float beta) {
  switch (fn) {
#define CASE(name) case UNARY_##name: run_##name(y, x, count, alpha, beta); break;
    EACH_FUNCTION(CASE)
#undef CASE
  }
}

void unary_run(int32_t fn, float *y, const float *x, int32_t count, float alpha, float beta) {
  const int32_t whole = whole_lanes(count);
  run_vectors(fn, y, x, whole, alpha, beta);
  if (whole == count) return;
  float last[LANES];
  storeN(last, load_part(x + whole, count - whole, 0.0f));
  run_vectors(fn, last, last, LANES, alpha, beta);
  store_part(y + whole, loadN(last), count - whole);
}

KERNEL(f32_unary) {
  float *y = at(p->y);
  const float *x = at(p->x);
  const int32_t tiles = parts(p->count, TILE);
  for (int32_t tile; (tile = next_tile(work)) < tiles;) {
    const intptr_t from = (intptr_t)tile * TILE;
    unary_run(p->fn, y + from, x + from, least(TILE, p->count - (int32_t)from), p->alpha, p->beta);
  }
}
