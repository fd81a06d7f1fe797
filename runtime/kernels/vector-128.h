/* What the sets with vectors of four lanes have in common. */
#ifndef MILLRACE_VECTOR_128_H
#define MILLRACE_VECTOR_128_H

/* A part of a vector takes a step for each lane. */
#define MASKED 0

INLINE vN selectN(vNi mask, vN a, vN b) { return (vN)((mask & (vNi)a) | (~mask & (vNi)b)); }

INLINE vN load_some(const float *p, int32_t lanes, float rest) {
  return (vN){lanes > 0 ? p[0] : rest, lanes > 1 ? p[1] : rest, lanes > 2 ? p[2] : rest, rest};
}

INLINE void store_some(float *p, vN x, int32_t lanes) {
  for (int32_t i = 0; i < lanes; i++) p[i] = x[i];
}

#endif
