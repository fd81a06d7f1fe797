/*
 * Vectors of LANES floats, as many as the instruction set holds in a register, in the compiler's vector extensions:
 * one spelling for all of them, and what has no spelling there in a header for each set. Invariant: nothing here
 * rounds differently from its scalar counterpart, MADD alone is fused where the instruction set has it.
 */
#ifndef MILLRACE_VECTOR_H
#define MILLRACE_VECTOR_H
#include <stdint.h>

#if defined(__AVX512F__)
#define LANES 16
#define EACH_LANE(f) \
  f(0), f(1), f(2), f(3), f(4), f(5), f(6), f(7), f(8), f(9), f(10), f(11), f(12), f(13), f(14), f(15)
#elif defined(__AVX2__)
#define LANES 8
#define EACH_LANE(f) f(0), f(1), f(2), f(3), f(4), f(5), f(6), f(7)
#else
#define LANES 4
#define EACH_LANE(f) f(0), f(1), f(2), f(3)
#endif

typedef float vN __attribute__((vector_size(4 * LANES)));
typedef int32_t vNi __attribute__((vector_size(4 * LANES)));
/* The same, at any address of a float. */
typedef float vN_unaligned __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))

/*
 * A function of its own in WASM. V8 optimises a function at a time, in memory that grows with its length: 6.4 MiB for
 * 15 kB of code, beside a plan of 6 MiB. So kernels of many cases are parted.
 */
#ifdef __wasm__
#define APART static __attribute__((noinline))
#else
#define APART static
#endif

/* Loops over registers are unrolled whole: an index that stays variable would put them in memory. */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

/* Makes the compiler forget what it knows of a value (an address, mostly) without costing an instruction. */
#define PIN(x) __asm__ volatile("" : "+r"(x))

INLINE vN loadN(const float *p) { return *(const vN_unaligned *)p; }
INLINE void storeN(float *p, vN x) { *(vN_unaligned *)p = x; }

#define SAME(lane) x
INLINE vN splatN(float x) { return (vN){EACH_LANE(SAME)}; }
INLINE vNi splatNi(int32_t x) { return (vNi){EACH_LANE(SAME)}; }
#undef SAME

INLINE vNi sign_bit(vN x) { return (vNi)x & splatNi(INT32_MIN); }
INLINE vN absN(vN x) { return (vN)((vNi)x & splatNi(INT32_MAX)); }

/*
 * Each header below defines
 *   MADD(a, b, c)            a·b + c; every lane and every caller alike: fused or not by the build, never by the place
 *   selectN(mask, a, b)      a where the mask's lanes are all ones, else b
 *   minN, maxN(a, b)         the lesser, the greater; where a comparison with b is false (a NaN) the result is a
 *   minimumN, maximumN(a, b) the same, NaN if either is
 *   sqrtN, floorN, ceilN
 *   load_some, store_some    of 0 to LANES − 1 lanes, the others `rest`, or left alone
 */
#if defined(__wasm_simd128__)
#include "vector-wasm.h"
#elif defined(__AVX512F__)
#include "vector-avx512.h"
#elif defined(__AVX2__)
#include "vector-avx2.h"
#elif defined(__SSE2__)
#include "vector-sse2.h"
#elif defined(__ARM_NEON)
#include "vector-neon.h"
#else
#error "no vectors for this instruction set"
#endif

/* The first `lanes` elements, the other lanes `rest`. */
INLINE vN load_part(const float *p, int32_t lanes, float rest) {
  if (lanes >= LANES) return loadN(p);
  return load_some(p, lanes, rest);
}

INLINE void store_part(float *p, vN x, int32_t lanes) {
  if (lanes >= LANES)
    storeN(p, x);
  else
    store_some(p, x, lanes);
}

#endif
