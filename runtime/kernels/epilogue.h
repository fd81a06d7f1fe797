/*
 * What follows a sum: the residual, the activation, the store of as many lanes as there are channels.
 */
#ifndef MILLRACE_EPILOGUE_H
#define MILLRACE_EPILOGUE_H
#include "engine.h"
#include "vector.h"

struct epilogue {
  int32_t act;
  float alpha, beta;
};

/* The bounds of activations that are a clamp: none, relu, clip. 0 for the others. */
static inline int clamp_of(const struct epilogue *e, float *low, float *high) {
  *low = -__builtin_inff();
  *high = __builtin_inff();
  switch (e->act) {
    case UNARY_NONE: return 1;
    case UNARY_RELU: *low = 0; return 1;
    case UNARY_CLIP:
      *low = e->alpha;
      *high = e->beta;
      return 1;
  }
  return 0;
}

INLINE v4 activate(v4 x, const struct epilogue *e) {
  switch (e->act) {
    case UNARY_RELU: return max4(x, splat4(0));
    case UNARY_CLIP: return min4(max4(x, splat4(e->alpha)), splat4(e->beta));
    case UNARY_LEAKY_RELU: return select4(x < splat4(0), x * splat4(e->alpha), x);
  }
  return x;
}

/* Up to four lanes; the others are 0. */
INLINE v4 load_lanes(const float *p, int32_t lanes) {
  if (lanes >= 4) return load4(p);
  v4 x = splat4(0);
  if (lanes > 0) x[0] = p[0];
  if (lanes > 1) x[1] = p[1];
  if (lanes > 2) x[2] = p[2];
  return x;
}

INLINE void store_lanes(float *p, v4 x, int32_t lanes) {
  if (lanes >= 4) {
    store4(p, x);
    return;
  }
  if (lanes > 0) p[0] = x[0];
  if (lanes > 1) p[1] = x[1];
  if (lanes > 2) p[2] = x[2];
}

/* One row of sums, `lanes` of them, to y. */
static inline void finish_row(float *y, const float *sums, const float *residual, int32_t lanes,
                              const struct epilogue *e) {
  for (int32_t i = 0; i < lanes; i += 4) {
    v4 x = load4(sums + i);
    if (residual) x += load_lanes(residual + i, lanes - i);
    store_lanes(y + i, activate(x, e), lanes - i);
  }
}

#endif
