/*
 * Every set is all kernels compiled with that set's flags (scripts/build-native.ts); `baseline` is what each processor
 * of the architecture has, without fused multiply-add, and so gives the bits of the plain WASM engine everywhere.
 */
#include "isa.h"

#define DECLARE(name) int32_t run_kernel_##name(const int32_t *call, struct work *work);
DECLARE(baseline)

#if defined(__x86_64__)
DECLARE(avx2)
DECLARE(avx512)

int isas_here(struct isa found[MAX_ISAS]) {
  int count = 0;
  __builtin_cpu_init();
  const int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    found[count++] = (struct isa){"avx512", run_kernel_avx512};
  /* Every processor with AVX2 and FMA has F16C. */
  if (avx2) found[count++] = (struct isa){"avx2", run_kernel_avx2};
  found[count++] = (struct isa){"baseline", run_kernel_baseline};
  return count;
}
#elif defined(__aarch64__)
DECLARE(neon)

int isas_here(struct isa found[MAX_ISAS]) {
  found[0] = (struct isa){"neon", run_kernel_neon};
  found[1] = (struct isa){"baseline", run_kernel_baseline};
  return 2;
}
#else
int isas_here(struct isa found[MAX_ISAS]) {
  found[0] = (struct isa){"baseline", run_kernel_baseline};
  return 1;
}
#endif
