/*
 * Power of two floats through a logarithm and an exponential in double, whose errors (below 1e-13) leave the float
 * correctly rounded but for rare near-ties. Invariant: signs, zeros, infinities and NaN as in IEEE 754's pow; exact
 * exponents (1, 2, 3, ½, −1) by the arithmetic that a reader of the model would expect.
 */
#ifndef MILLRACE_POW_H
#define MILLRACE_POW_H
#include <stdint.h>

#define LN2_WIDE_HIGH 6.93147180369123816490e-01
#define LN2_WIDE_LOW 1.90821492927058770002e-10

static inline uint64_t bits_of_double(double x) {
  uint64_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  return bits;
}

static inline double double_of_bits(uint64_t bits) {
  double x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}

/* ln a for a ≥ 0 that came from a float, so it is normal in double: 2·artanh((m − 1) / (m + 1)), m in [√½, √2). */
static inline double log_wide(double a) {
  if (a == 0) return -__builtin_inf();
  if (a == __builtin_inf()) return a;
  const uint64_t root_half = 0x3fe6a09e667f3bcdu;
  const uint64_t bits = bits_of_double(a);
  const int64_t e = (int64_t)(bits - root_half) >> 52;
  const double m = double_of_bits(bits - ((uint64_t)e << 52));
  const double s = (m - 1) / (m + 1);
  const double z = s * s;
  double series = 0;
  for (int n = 21; n >= 1; n -= 2) series = series * z + 1.0 / n;
  return (double)e * LN2_WIDE_HIGH + (2 * s * series + (double)e * LN2_WIDE_LOW);
}

/* e^x rounded to float, once: in double the results that are denormal in float are not. */
static inline float exp_narrow(double x) {
  if (x > 89) return __builtin_inff();
  if (x < -104) return 0;
  const double whole = 6755399441055744.0; /* 1.5·2^52: adding it rounds */
  const double n = (x * 1.44269504088896340736 + whole) - whole;
  const double r = (x - n * LN2_WIDE_HIGH) - n * LN2_WIDE_LOW;
  double series = 1;
  for (int k = 14; k >= 1; k--) series = 1 + series * r * (1.0 / k);
  return (float)(series * double_of_bits((uint64_t)((int64_t)n + 1023) << 52));
}

static __attribute__((noinline)) float pow_float(float x, float y) {
  if (y == 2) return x * x;
  if (y == 1) return x;
  if (y == 0 || x == 1) return 1;
  if (x != x || y != y) return x + y;
  if (y == -1) return 1 / x;
  if (y == 3) return (float)((double)x * x * x);
  const float a = __builtin_fabsf(x);
  if (y == 0.5f && x >= 0) return __builtin_sqrtf(a);
  /* From 2^24 on every float is an even number. */
  const int small = __builtin_fabsf(y) < 16777216.0f;
  const int whole = !small || (float)(int32_t)y == y;
  const int odd = small && whole && ((int32_t)y & 1);
  /* −1 to an infinite power is 1, where logarithm times power would be 0·∞. */
  const float magnitude = a == 1 ? 1 : exp_narrow((double)y * log_wide(a));
  if (!__builtin_signbit(x)) return magnitude;
  if (!whole && a != 0 && a != __builtin_inff()) return __builtin_nanf("");
  return odd ? -magnitude : magnitude;
}

#endif
