/*
 * What kernels over runs of elements share: sizes of their tiles, combining the lanes of a vector, sums that stay
 * exact enough. Invariant: the order of a sum is fixed by its length and by LANES.
 */
#ifndef MILLRACE_LANES_H
#define MILLRACE_LANES_H
#include "vector.h"

typedef double vNd __attribute__((vector_size(8 * LANES)));

/* Elements of one tile: enough to pay for claiming it, few enough to share and to stay in the cache. */
#define TILE 8192

INLINE int32_t least(int32_t a, int32_t b) { return a < b ? a : b; }
INLINE int32_t most(int32_t a, int32_t b) { return a > b ? a : b; }
/* ⌈count / size⌉, count ≥ 0 */
INLINE int32_t parts(int32_t count, int32_t size) { return count / size + (count % size != 0); }

/* The largest multiple of LANES up to count. */
INLINE int32_t whole_lanes(int32_t count) { return count & -LANES; }

/* The lanes moved down by `by`, a constant in every call, those past the end from the front. */
INLINE vN rotatedN(vN x, const int by) {
#define MOVED(lane) x[((lane) + by) % LANES]
  return (vN){EACH_LANE(MOVED)};
#undef MOVED
}

/*
 * Sums are taken in float over at most SUM_BLOCK terms of a lane, and these in double: of n positive terms the
 * result is within SUM_BLOCK · 2^-24 whatever n is, for the price of one widening per block.
 */
#define SUM_BLOCK 16

INLINE vNd widenN(vN x) { return __builtin_convertvector(x, vNd); }
INLINE vN narrowN(vNd x) { return __builtin_convertvector(x, vN); }
/* Neighbours, then neighbours of these: at four lanes (x0 + x1) + (x2 + x3). */
INLINE double totalN(vNd x) {
  double sums[LANES];
  UNROLL for (int i = 0; i < LANES; i++) sums[i] = x[i];
  UNROLL for (int apart = 1; apart < LANES; apart *= 2)
    UNROLL for (int i = 0; i < LANES; i += 2 * apart) sums[i] += sums[i + apart];
  return sums[0];
}

#endif
