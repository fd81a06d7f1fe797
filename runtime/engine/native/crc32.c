/*
 * CRC-32 as fast as the processor has it. x86: folding by carry-less multiplication, 64 bytes at a time or, with AVX-512,
 * 256 (Gopal et al., Fast CRC Computation for Generic Polynomials Using PCLMULQDQ, Intel 2009; its constants for the
 * reflected polynomial: to fold over n bits, x to the power n + 32 and n − 32 modulo it). arm64: the CRC instructions. Otherwise eight tables (slicing by eight).
 */
#include "crc32.h"
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

static const uint32_t POLYNOMIAL = 0xedb88320u;
static uint32_t tables[8][256];

/* Runs when the addon is loaded, before any thread can ask. */
__attribute__((constructor)) static void fill_tables(void) {
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
    tables[0][byte] = crc;
  }
  for (int k = 1; k < 8; k++)
    for (int byte = 0; byte < 256; byte++)
      tables[k][byte] = tables[k - 1][byte] >> 8 ^ tables[0][tables[k - 1][byte] & 255];
}

/* On the inverted register, as all below. */
static uint32_t by_tables(uint32_t crc, const uint8_t *bytes, size_t count) {
  for (; count >= 8; bytes += 8, count -= 8) {
    uint64_t word;
    memcpy(&word, bytes, 8);
    word ^= crc;
    crc = 0;
    for (int k = 0; k < 8; k++) crc ^= tables[7 - k][word >> (8 * k) & 255];
  }
  for (; count > 0; bytes++, count--) crc = crc >> 8 ^ tables[0][(crc ^ *bytes) & 255];
  return crc;
}

#if defined(__x86_64__)
#define FOLDS __attribute__((target("pclmul,sse4.1")))

FOLDS static inline __m128i load(const uint8_t *bytes) { return _mm_loadu_si128((const __m128i *)bytes); }

FOLDS static inline __m128i fold(__m128i x, __m128i factors, __m128i next) {
  const __m128i low = _mm_clmulepi64_si128(x, factors, 0x00), high = _mm_clmulepi64_si128(x, factors, 0x11);
  return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

/* What is left of a message: 64 bytes in registers, and `count` more, a multiple of 16. */
FOLDS static inline uint32_t fold_rest(__m128i a, __m128i b, __m128i c, __m128i d, const uint8_t *bytes, size_t count) {
  const __m128i by16 = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);
  const __m128i by8 = _mm_set_epi64x(0, 0x0163cd6124);
  const __m128i barrett = _mm_set_epi64x(0x01f7011641, 0x01db710641);
  const __m128i low32 = _mm_setr_epi32(-1, 0, -1, 0);
  a = fold(fold(fold(a, by16, b), by16, c), by16, d);
  for (; count >= 16; bytes += 16, count -= 16) a = fold(a, by16, load(bytes));

  /* 128 bits to 64, to 32. */
  a = _mm_xor_si128(_mm_srli_si128(a, 8), _mm_clmulepi64_si128(a, by16, 0x10));
  a = _mm_xor_si128(_mm_srli_si128(a, 4), _mm_clmulepi64_si128(_mm_and_si128(a, low32), by8, 0x00));
  __m128i quotient = _mm_clmulepi64_si128(_mm_and_si128(a, low32), barrett, 0x10);
  quotient = _mm_clmulepi64_si128(_mm_and_si128(quotient, low32), barrett, 0x00);
  return (uint32_t)_mm_extract_epi32(_mm_xor_si128(a, quotient), 1);
}

/* count ≥ 64 and a multiple of 16. */
FOLDS static uint32_t by_folding(uint32_t crc, const uint8_t *bytes, size_t count) {
  const __m128i by64 = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4);
  __m128i a = _mm_xor_si128(load(bytes), _mm_cvtsi32_si128((int)crc));
  __m128i b = load(bytes + 16), c = load(bytes + 32), d = load(bytes + 48);
  for (bytes += 64, count -= 64; count >= 64; bytes += 64, count -= 64) {
    a = fold(a, by64, load(bytes));
    b = fold(b, by64, load(bytes + 16));
    c = fold(c, by64, load(bytes + 32));
    d = fold(d, by64, load(bytes + 48));
  }
  return fold_rest(a, b, c, d, bytes, count);
}

#define WIDE_FOLDS __attribute__((target("pclmul,sse4.1,avx512f,vpclmulqdq")))

WIDE_FOLDS static inline __m512i wide_fold(__m512i x, __m512i factors, __m512i next) {
  const __m512i low = _mm512_clmulepi64_epi128(x, factors, 0x00), high = _mm512_clmulepi64_epi128(x, factors, 0x11);
  return _mm512_xor_si512(_mm512_xor_si512(low, high), next);
}

/* count ≥ 256 and a multiple of 16. */
WIDE_FOLDS static uint32_t by_wide_folding(uint32_t crc, const uint8_t *bytes, size_t count) {
  const __m512i by256 = _mm512_broadcast_i32x4(_mm_set_epi64x(0x01322d1430, 0x011542778a));
  const __m512i by64 = _mm512_broadcast_i32x4(_mm_set_epi64x(0x01c6e41596, 0x0154442bd4));
  __m512i a = _mm512_xor_si512(_mm512_loadu_si512(bytes), _mm512_zextsi128_si512(_mm_cvtsi32_si128((int)crc)));
  __m512i b = _mm512_loadu_si512(bytes + 64), c = _mm512_loadu_si512(bytes + 128), d = _mm512_loadu_si512(bytes + 192);
  for (bytes += 256, count -= 256; count >= 256; bytes += 256, count -= 256) {
    a = wide_fold(a, by256, _mm512_loadu_si512(bytes));
    b = wide_fold(b, by256, _mm512_loadu_si512(bytes + 64));
    c = wide_fold(c, by256, _mm512_loadu_si512(bytes + 128));
    d = wide_fold(d, by256, _mm512_loadu_si512(bytes + 192));
  }
  a = wide_fold(wide_fold(wide_fold(a, by64, b), by64, c), by64, d);
  for (; count >= 64; bytes += 64, count -= 64) a = wide_fold(a, by64, _mm512_loadu_si512(bytes));
  return fold_rest(_mm512_extracti32x4_epi32(a, 0), _mm512_extracti32x4_epi32(a, 1), _mm512_extracti32x4_epi32(a, 2),
                   _mm512_extracti32x4_epi32(a, 3), bytes, count);
}

static int has_wide_folds(void) { return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("vpclmulqdq"); }
#endif

#if defined(__aarch64__)
__attribute__((target("+crc"))) static uint32_t by_instruction(uint32_t crc, const uint8_t *bytes, size_t count) {
  for (; count >= 8; bytes += 8, count -= 8) {
    uint64_t word;
    memcpy(&word, bytes, 8);
    __asm__("crc32x %w0, %w0, %x1" : "+r"(crc) : "r"(word));
  }
  for (; count > 0; bytes++, count--) __asm__("crc32b %w0, %w0, %w1" : "+r"(crc) : "r"((uint32_t)*bytes));
  return crc;
}

static int has_instruction(void) {
#ifdef __linux__
  return (getauxval(AT_HWCAP) & (1 << 7)) != 0; /* HWCAP_CRC32 */
#else
  return 1; /* every 64-bit Apple processor */
#endif
}
#endif

uint32_t crc32_of(uint32_t crc, const uint8_t *bytes, size_t count) {
  crc = ~crc;
#if defined(__x86_64__)
  if (count >= 64 && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1")) {
    const size_t whole = count & ~(size_t)15;
    crc = count >= 256 && has_wide_folds() ? by_wide_folding(crc, bytes, whole) : by_folding(crc, bytes, whole);
    bytes += whole;
    count -= whole;
  }
#elif defined(__aarch64__)
  if (has_instruction()) return ~by_instruction(crc, bytes, count);
#endif
  return ~by_tables(crc, bytes, count);
}
