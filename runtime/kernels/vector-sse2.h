/* SSE2, which every 64-bit x86 processor has: see vector.h. */
#ifndef MILLRACE_VECTOR_SSE2_H
#define MILLRACE_VECTOR_SSE2_H
#include <emmintrin.h>
#include "vector-128.h"

#define MADD(a, b, c) ((a) * (b) + (c))

/* The instructions give their second operand where the comparison is false. */
INLINE vN minN(vN a, vN b) { return (vN)_mm_min_ps((__m128)b, (__m128)a); }
INLINE vN maxN(vN a, vN b) { return (vN)_mm_max_ps((__m128)b, (__m128)a); }
INLINE vN minimumN(vN a, vN b) { return selectN(a != a, a, minN(b, a)); }
INLINE vN maximumN(vN a, vN b) { return selectN(a != a, a, maxN(b, a)); }
INLINE vN sqrtN(vN x) { return (vN)_mm_sqrt_ps((__m128)x); }

/* Through whole numbers; from 2^23 on every float is one. The sign is kept for the sake of −0. */
INLINE vN floorN(vN x) {
  const vNi small = absN(x) < splatN(0x1p23f);
  const vN whole = (vN)_mm_cvtepi32_ps(_mm_cvttps_epi32((__m128)((vNi)x & small)));
  const vN below = whole - (vN)((whole > x) & (vNi)splatN(1.0f));
  return selectN(small, (vN)((vNi)below | sign_bit(x)), x);
}
INLINE vN ceilN(vN x) { return -floorN(-x); }

#endif
