/*
 * Four-lane vectors, in the compiler's vector extensions: one spelling for WASM, SSE and NEON. Invariant: no macro
 * here rounds differently from its scalar counterpart, MADD alone is fused where the instruction set has it.
 */
#ifndef MILLRACE_VECTOR_H
#define MILLRACE_VECTOR_H
#include <stdint.h>
#ifdef __wasm_simd128__
#include <wasm_simd128.h>
#elif defined(__FMA__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

typedef float v4 __attribute__((vector_size(16)));
typedef int32_t v4i __attribute__((vector_size(16)));
/* The same, at any address of a float. */
typedef float v4_unaligned __attribute__((vector_size(16), aligned(4), may_alias));
typedef int32_t v4i_unaligned __attribute__((vector_size(16), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))

/* Loops over registers are unrolled whole: an index that stays variable would put them in memory. */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

/* Makes the compiler forget what it knows of a value (an address, mostly) without costing an instruction. */
#define PIN(x) __asm__ volatile("" : "+r"(x))

INLINE v4 load4(const float *p) { return *(const v4_unaligned *)p; }
INLINE void store4(float *p, v4 x) { *(v4_unaligned *)p = x; }
INLINE v4i load4i(const int32_t *p) { return *(const v4i_unaligned *)p; }
INLINE void store4i(int32_t *p, v4i x) { *(v4i_unaligned *)p = x; }
INLINE v4 splat4(float x) { return (v4){x, x, x, x}; }
INLINE v4i splat4i(int32_t x) { return (v4i){x, x, x, x}; }

/* a where the mask's lanes are all ones, else b. */
INLINE v4 select4(v4i mask, v4 a, v4 b) { return (v4)((mask & (v4i)a) | (~mask & (v4i)b)); }

/* The lesser, the greater; where a comparison with b is false (a NaN) the result is a. */
#ifdef __wasm_simd128__
INLINE v4 min4(v4 a, v4 b) { return (v4)wasm_f32x4_pmin((v128_t)a, (v128_t)b); }
INLINE v4 max4(v4 a, v4 b) { return (v4)wasm_f32x4_pmax((v128_t)a, (v128_t)b); }
#else
INLINE v4 min4(v4 a, v4 b) { return select4(b < a, b, a); }
INLINE v4 max4(v4 a, v4 b) { return select4(a < b, b, a); }
#endif

/* a·b + c; every lane and every caller alike: fused or not by the build, never by the place. */
#if defined(__wasm_relaxed_simd__)
#define MADD(a, b, c) ((v4)wasm_f32x4_relaxed_madd((v128_t)(a), (v128_t)(b), (v128_t)(c)))
#elif defined(__FMA__)
#define MADD(a, b, c) ((v4)_mm_fmadd_ps((__m128)(a), (__m128)(b), (__m128)(c)))
#elif defined(__ARM_NEON) && !defined(ISA_BASELINE)
#define MADD(a, b, c) ((v4)vfmaq_f32((float32x4_t)(c), (float32x4_t)(a), (float32x4_t)(b)))
#else
#define MADD(a, b, c) ((a) * (b) + (c))
#endif

#endif
