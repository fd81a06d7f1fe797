/* NEON of 64-bit ARM: see vector.h. */
#ifndef MILLRACE_VECTOR_NEON_H
#define MILLRACE_VECTOR_NEON_H
#include <arm_neon.h>
#include "vector-128.h"

/* The baseline rounds as that of other processors does, and as WASM without relaxed instructions. */
#ifdef ISA_BASELINE
#define MADD(a, b, c) ((a) * (b) + (c))
#else
#define MADD(a, b, c) ((vN)vfmaq_f32((float32x4_t)(c), (float32x4_t)(a), (float32x4_t)(b)))
#endif

INLINE vN minN(vN a, vN b) { return selectN(b < a, b, a); }
INLINE vN maxN(vN a, vN b) { return selectN(a < b, b, a); }
INLINE vN minimumN(vN a, vN b) { return (vN)vminq_f32((float32x4_t)a, (float32x4_t)b); }
INLINE vN maximumN(vN a, vN b) { return (vN)vmaxq_f32((float32x4_t)a, (float32x4_t)b); }
INLINE vN sqrtN(vN x) { return (vN)vsqrtq_f32((float32x4_t)x); }
INLINE vN floorN(vN x) { return (vN)vrndmq_f32((float32x4_t)x); }
INLINE vN ceilN(vN x) { return (vN)vrndpq_f32((float32x4_t)x); }

#endif
