/* AVX-512 (F, DQ, BW and VL): see vector.h. */
#ifndef MILLRACE_VECTOR_AVX512_H
#define MILLRACE_VECTOR_AVX512_H
#include <immintrin.h>

/* Parts of a vector are read and written whole, under a mask. */
#define MASKED 1

#define MADD(a, b, c) ((vN)_mm512_fmadd_ps((__m512)(a), (__m512)(b), (__m512)(c)))

INLINE vN selectN(vNi mask, vN a, vN b) {
  return (vN)_mm512_mask_blend_ps(_mm512_movepi32_mask((__m512i)mask), (__m512)b, (__m512)a);
}

/* The instructions give their second operand where the comparison is false. */
INLINE vN minN(vN a, vN b) { return (vN)_mm512_min_ps((__m512)b, (__m512)a); }
INLINE vN maxN(vN a, vN b) { return (vN)_mm512_max_ps((__m512)b, (__m512)a); }
INLINE vN minimumN(vN a, vN b) { return selectN(a != a, a, minN(b, a)); }
INLINE vN maximumN(vN a, vN b) { return selectN(a != a, a, maxN(b, a)); }
INLINE vN sqrtN(vN x) { return (vN)_mm512_sqrt_ps((__m512)x); }
INLINE vN floorN(vN x) { return (vN)_mm512_floor_ps((__m512)x); }
INLINE vN ceilN(vN x) { return (vN)_mm512_ceil_ps((__m512)x); }

INLINE __mmask16 lanes_below(int32_t lanes) { return lanes <= 0 ? 0 : (__mmask16)((1u << lanes) - 1); }

INLINE vN load_some(const float *p, int32_t lanes, float rest) {
  return (vN)_mm512_mask_loadu_ps((__m512)splatN(rest), lanes_below(lanes), p);
}
INLINE void store_some(float *p, vN x, int32_t lanes) { _mm512_mask_storeu_ps(p, lanes_below(lanes), (__m512)x); }

#endif
