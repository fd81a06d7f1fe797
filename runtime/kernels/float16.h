/* IEEE 754 binary16 in the bits of a word, rounded to nearest even, without hardware support. */
#ifndef MILLRACE_FLOAT16_H
#define MILLRACE_FLOAT16_H
#include <stdint.h>

static inline float float_of_bits(uint32_t bits) {
  float x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}

static inline uint32_t bits_of_float(float x) {
  uint32_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  return bits;
}

static inline float float_of_half(uint16_t half) {
  const uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
  const uint32_t magnitude = half & 0x7fffu;
  /* Exponent and fraction as a float's are 2^-112 too small; the product is exact and gives denormals their value. */
  const float value = float_of_bits(magnitude << 13) * 0x1p112f;
  const uint32_t bits = magnitude < 0x7c00u ? bits_of_float(value) : 0x7f800000u | magnitude << 13;
  return float_of_bits(bits | sign);
}

static inline uint16_t half_of_float(float x) {
  const uint32_t bits = bits_of_float(x);
  const uint32_t sign = bits >> 16 & 0x8000u;
  const uint32_t magnitude = bits & 0x7fffffffu;
  uint32_t half;
  if (magnitude > 0x7f800000u) {
    half = 0x7e00u;
  } else if (magnitude >= 0x47800000u) { /* 2^16 and more, with infinity */
    half = 0x7c00u;
  } else if (magnitude < 0x38800000u) {
    /* A denormal half is a multiple of 2^-24: adding ½ makes that the last bit of the float's fraction. */
    half = bits_of_float(float_of_bits(magnitude) + 0.5f) - 0x3f000000u;
  } else {
    /* Half a unit, less one bit unless the result would be odd; a carry may reach infinity, as it should. */
    const uint32_t rebased = magnitude - (112u << 23);
    half = (rebased + 0xfffu + (rebased >> 13 & 1u)) >> 13;
  }
  return (uint16_t)(half | sign);
}

#endif
