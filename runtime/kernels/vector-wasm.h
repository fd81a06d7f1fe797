/* WASM's 128-bit vectors, plain and relaxed: see vector.h. */
#ifndef MILLRACE_VECTOR_WASM_H
#define MILLRACE_VECTOR_WASM_H
#include <wasm_simd128.h>
#include "vector-128.h"

#ifdef __wasm_relaxed_simd__
#define MADD(a, b, c) ((vN)wasm_f32x4_relaxed_madd((v128_t)(a), (v128_t)(b), (v128_t)(c)))
#else
#define MADD(a, b, c) ((a) * (b) + (c))
#endif

INLINE vN minN(vN a, vN b) { return (vN)wasm_f32x4_pmin((v128_t)a, (v128_t)b); }
INLINE vN maxN(vN a, vN b) { return (vN)wasm_f32x4_pmax((v128_t)a, (v128_t)b); }
INLINE vN minimumN(vN a, vN b) { return (vN)wasm_f32x4_min((v128_t)a, (v128_t)b); }
INLINE vN maximumN(vN a, vN b) { return (vN)wasm_f32x4_max((v128_t)a, (v128_t)b); }
INLINE vN sqrtN(vN x) { return (vN)wasm_f32x4_sqrt((v128_t)x); }
INLINE vN floorN(vN x) { return (vN)wasm_f32x4_floor((v128_t)x); }
INLINE vN ceilN(vN x) { return (vN)wasm_f32x4_ceil((v128_t)x); }

#endif
