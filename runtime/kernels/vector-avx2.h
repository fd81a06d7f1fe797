/* AVX2 with FMA: see vector.h. */
#ifndef MILLRACE_VECTOR_AVX2_H
#define MILLRACE_VECTOR_AVX2_H
#include <immintrin.h>

/* Parts of a vector are read and written whole, under a mask. */
#define MASKED 1

#define MADD(a, b, c) ((vN)_mm256_fmadd_ps((__m256)(a), (__m256)(b), (__m256)(c)))

INLINE vN selectN(vNi mask, vN a, vN b) { return (vN)_mm256_blendv_ps((__m256)b, (__m256)a, (__m256)mask); }

/* The instructions give their second operand where the comparison is false. */
INLINE vN minN(vN a, vN b) { return (vN)_mm256_min_ps((__m256)b, (__m256)a); }
INLINE vN maxN(vN a, vN b) { return (vN)_mm256_max_ps((__m256)b, (__m256)a); }
INLINE vN minimumN(vN a, vN b) { return selectN(a != a, a, minN(b, a)); }
INLINE vN maximumN(vN a, vN b) { return selectN(a != a, a, maxN(b, a)); }
INLINE vN sqrtN(vN x) { return (vN)_mm256_sqrt_ps((__m256)x); }
INLINE vN floorN(vN x) { return (vN)_mm256_floor_ps((__m256)x); }
INLINE vN ceilN(vN x) { return (vN)_mm256_ceil_ps((__m256)x); }

#define NUMBER(lane) lane
INLINE vNi lanes_below(int32_t lanes) { return (vNi){EACH_LANE(NUMBER)} < splatNi(lanes); }
#undef NUMBER

INLINE vN load_some(const float *p, int32_t lanes, float rest) {
  const vNi mask = lanes_below(lanes);
  return selectN(mask, (vN)_mm256_maskload_ps(p, (__m256i)mask), splatN(rest));
}
INLINE void store_some(float *p, vN x, int32_t lanes) {
  _mm256_maskstore_ps(p, (__m256i)lanes_below(lanes), (__m256)x);
}

#endif
