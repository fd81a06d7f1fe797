/*
 * What kernels over runs of elements share: the last lanes of a run, extrema that keep NaN, sums that stay exact
 * enough. Invariant: the order of a sum is fixed by its length alone.
 */
#ifndef MILLRACE_LANES_H
#define MILLRACE_LANES_H
#include "vector.h"

typedef double v4d __attribute__((vector_size(32)));

/* Elements of one tile: enough to pay for claiming it, few enough to share and to stay in the cache. */
#define TILE 8192

INLINE int32_t least(int32_t a, int32_t b) { return a < b ? a : b; }
INLINE int32_t most(int32_t a, int32_t b) { return a > b ? a : b; }
/* ⌈count / size⌉, count ≥ 0 */
INLINE int32_t parts(int32_t count, int32_t size) { return count / size + (count % size != 0); }

/* The first `lanes` elements, the other lanes `rest`. */
INLINE v4 load_part(const float *p, int32_t lanes, float rest) {
  if (lanes >= 4) return load4(p);
  return (v4){lanes > 0 ? p[0] : rest, lanes > 1 ? p[1] : rest, lanes > 2 ? p[2] : rest, rest};
}

INLINE void store_part(float *p, v4 x, int32_t lanes) {
  if (lanes >= 4) {
    store4(p, x);
    return;
  }
  for (int32_t i = 0; i < lanes; i++) p[i] = x[i];
}

/* The lesser and the greater; NaN if either is. */
#ifdef __wasm_simd128__
INLINE v4 minimum4(v4 a, v4 b) { return (v4)wasm_f32x4_min((v128_t)a, (v128_t)b); }
INLINE v4 maximum4(v4 a, v4 b) { return (v4)wasm_f32x4_max((v128_t)a, (v128_t)b); }
#else
INLINE v4 minimum4(v4 a, v4 b) { return select4((a < b) | (a != a), a, b); }
INLINE v4 maximum4(v4 a, v4 b) { return select4((a > b) | (a != a), a, b); }
#endif

/*
 * Sums are taken in float over at most SUM_BLOCK terms of a lane, and these in double: of n positive terms the
 * result is within SUM_BLOCK · 2^-24 whatever n is, for the price of one widening per block.
 */
#define SUM_BLOCK 16

INLINE v4d widen4(v4 x) { return __builtin_convertvector(x, v4d); }
INLINE v4 narrow4(v4d x) { return __builtin_convertvector(x, v4); }
INLINE double total4(v4d x) { return (x[0] + x[1]) + (x[2] + x[3]); }

#endif
