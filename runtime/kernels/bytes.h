/* Moving bytes without a C library. Invariant: source and target do not overlap. */
#ifndef MILLRACE_BYTES_H
#define MILLRACE_BYTES_H
#include <stddef.h>
#include "vector.h"

typedef uint64_t u64_unaligned __attribute__((aligned(1), may_alias));
typedef uint32_t u32_unaligned __attribute__((aligned(1), may_alias));
typedef uint16_t u16_unaligned __attribute__((aligned(1), may_alias));
typedef int32_t bytes16 __attribute__((vector_size(16), aligned(1), may_alias));

/* From here on memory.copy, a call out of the compiled code, is faster than a loop. */
#define LONG_COPY 1024

INLINE void copy_bytes(void *to, const void *from, size_t count) {
  uint8_t *y = to;
  const uint8_t *x = from;
  if (count >= LONG_COPY) {
    __builtin_memcpy(y, x, count);
    return;
  }
  for (; count >= 16; count -= 16, x += 16, y += 16) *(bytes16 *)y = *(const bytes16 *)x;
  if (count & 8) *(u64_unaligned *)y = *(const u64_unaligned *)x, x += 8, y += 8;
  if (count & 4) *(u32_unaligned *)y = *(const u32_unaligned *)x, x += 4, y += 4;
  if (count & 2) *(u16_unaligned *)y = *(const u16_unaligned *)x, x += 2, y += 2;
  if (count & 1) *y = *x;
}

#endif
