/*
 * The elementwise functions over a vector. Invariant: a lane's result depends on that lane's input only, through
 * the same vector code wherever it stands, so tails are padded and never computed by another formula; infinities,
 * NaN, zeros and denormals come out as in IEEE arithmetic (a function that tends to zero is zero at infinity).
 *
 * Method: argument reduction by ln 2 in two parts (Cody and Waite, Software Manual for the Elementary Functions,
 * 1980) and minimax polynomials, fitted for relative error by iterated weighted least squares. Only + − × ÷ and
 * MADD are used, so two builds differ by the fusing alone.
 */
#ifndef MILLRACE_VECTOR_MATH_H
#define MILLRACE_VECTOR_MATH_H
#include "engine_abi.h"
#include "lanes.h"

/* Σ c[i]·x^i; the loop unrolls, since `count` is constant at every call. */
INLINE vN polynomialN(vN x, const float *c, int count) {
  vN y = splatN(c[count - 1]);
  for (int i = count - 2; i >= 0; i--) y = MADD(y, x, splatN(c[i]));
  return y;
}

/* 2^n, n in [−126, 127]; computed on unsigned words, a NaN's n being any number. */
INLINE vN power_of_twoN(vNi n) {
  typedef uint32_t vNu __attribute__((vector_size(4 * LANES)));
  return (vN)(((vNu)n + 127u) << 23);
}

/* ln 2: the high part has nine bits, so that its products with a whole number of 15 bits are exact. */
#define LN2_HIGH 0.693359375f
#define LN2_LOW -2.12194440e-4f

/* x = n·ln 2 + r, |r| ≤ ½ ln 2, for |x| ≤ 200. Adding 1.5·2^23 rounds to a whole number, in the low bits. */
INLINE vN reduceN(vN x, vNi *n) {
  const vN whole = splatN(12582912.0f);
  vN shifted = MADD(x, splatN(1.44269504f), whole);
  vN multiple = shifted - whole;
  *n = (vNi)((vNi)shifted - (vNi)whole);
  vN r = MADD(multiple, splatN(-LN2_HIGH), x);
  return MADD(multiple, splatN(-LN2_LOW), r);
}

/* e^r − 1 for |r| ≤ ½ ln 2. */
INLINE vN expm1_reducedN(vN r) {
  static const float c[] = {0.5f,           0.166666657f,   0.0416663587f,
                            0.00833338965f, 0.00139408943f, 0.000198459107f};
  return MADD(r * r, polynomialN(r, c, 6), r);
}

/* 2^n·(1 + m), n in [−252, 254]; the second factor alone can round, so denormals are rounded once. */
INLINE vN scaleN(vN m, vNi n) {
  vNi half = n >> 1;
  return (m + 1.0f) * power_of_twoN(half) * power_of_twoN(n - half);
}

INLINE vN expN(vN x) {
  vNi n;
  vN r = reduceN(minN(maxN(x, splatN(-104.0f)), splatN(89.0f)), &n);
  return scaleN(expm1_reducedN(r), n);
}

/* e^x of an argument that needs more than 24 bits, |x| ≤ 160: the part beyond them is added after the reduction. */
INLINE vN exp_wideN(vNd x) {
  vN high = __builtin_convertvector(x, vN);
  vN low = __builtin_convertvector(x - __builtin_convertvector(high, vNd), vN);
  vNi n;
  vN r = reduceN(high, &n) + low;
  return scaleN(expm1_reducedN(r), n);
}

/* e^x − 1 for −87 ≤ x ≤ 87: 2^n·(e^r − 1) + (2^n − 1), without cancellation at n = 0. */
INLINE vN expm1_N(vN x) {
  vNi n;
  vN r = reduceN(x, &n);
  vN power = power_of_twoN(n);
  return MADD(power, expm1_reducedN(r), power - 1.0f);
}

/* exponent·ln 2 + ln(1 + f), 1 + f in [√½, √2]; small terms first. */
INLINE vN log_reducedN(vN f, vN exponent) {
  static const float c[] = {0.333333135f,  -0.250000089f, 0.200021192f,  -0.166679949f, 0.142195493f,
                            -0.124055944f, 0.118881904f,  -0.116756283f, 0.0674655214f};
  vN square = f * f;
  vN y = f * square * polynomialN(f, c, 9);
  y = MADD(exponent, splatN(LN2_LOW), y);
  y = MADD(square, splatN(-0.5f), y) + f;
  return MADD(exponent, splatN(LN2_HIGH), y);
}

INLINE vN logN(vN x) {
  const vNi root_half = splatNi(0x3f3504f3);
  vNi tiny = x < splatN(0x1p-126f);
  vNi bits = (vNi)selectN(tiny, x * 0x1p23f, x);
  /* x = 2^e·(1 + f). Negative arguments are replaced before they could overflow. */
  bits = (vNi)selectN(bits < 0, splatN(1.0f), (vN)bits);
  vNi e = (bits - root_half) >> 23;
  vN f = (vN)(vNi)(bits - e * (1 << 23)) - 1.0f;
  vN exponent = __builtin_convertvector(e, vN) - selectN(tiny, splatN(23.0f), splatN(0.0f));
  vN y = log_reducedN(f, exponent);
  vN outside = selectN(x == splatN(0.0f), splatN(-__builtin_inff()), splatN(__builtin_nanf("")));
  y = selectN(x > splatN(0.0f), y, outside);
  return selectN(x == splatN(__builtin_inff()), x, y);
}

/* ln(1 + x) for 0 ≤ x ≤ 1; 1 + x itself, which would round, is not needed. */
INLINE vN log1p_unitN(vN x) {
  vNi upper = x > splatN(0.414213562f);
  vN f = selectN(upper, (x - 1.0f) * 0.5f, x);
  return log_reducedN(f, selectN(upper, splatN(1.0f), splatN(0.0f)));
}

/* 1 / (1 + e^−x) from e^−|x|: no overflow, and no loss where the result is small. */
INLINE vN sigmoidN(vN x) {
  vN e = expN(-absN(x));
  return selectN(x < splatN(0.0f), e, splatN(1.0f)) / (e + 1.0f);
}

/* With t = e^2|x| − 1: t / (t + 2), and 1 − 2 / (t + 2) where that rounds less. */
INLINE vN tanhN(vN x) {
  vN a = absN(x);
  vN t = expm1_N(minN(a + a, splatN(30.0f)));
  vNi big = t > splatN(1.0f);
  vN y = selectN(big, splatN(1.0f), splatN(0.0f)) + selectN(big, splatN(-2.0f), t) / (t + 2.0f);
  return (vN)((vNi)y | sign_bit(x));
}

/* max(x, 0) + ln(1 + e^−|x|): no overflow, and no loss where the result is small. */
INLINE vN softplusN(vN x) { return maxN(x, splatN(0.0f)) + log1p_unitN(expN(-absN(x))); }

/* x·sigmoid(x); the floor, where the sigmoid is zero, keeps −∞ from meeting it. Below −87 the sigmoid is denormal
 * and the result, under 1e-36, has as few bits. */
INLINE vN siluN(vN x) { return maxN(x, splatN(-128.0f)) * sigmoidN(x); }

/* x·tanh(softplus(x)) = x·w / (w + 2), w = e^2x + 2e^x: the logarithm cancels. */
INLINE vN mishN(vN x) {
  vN e = expN(minN(x, splatN(20.0f)));
  vN w = MADD(e, e, e + e);
  return maxN(x, splatN(-128.0f)) * (w / (w + 2.0f));
}

INLINE vN eluN(vN x, float alpha) {
  vN below = expm1_N(maxN(minN(x, splatN(0.0f)), splatN(-30.0f))) * alpha;
  return selectN(x < splatN(0.0f), below, x);
}

/* Upper tail of the normal distribution, a ≥ 0: e^(−a²/2) times a slow function of 1 / (a + 4). */
INLINE vN normal_tailN(vN a) {
  static const float c[] = {0.755285144f,    -0.607896566f,   0.387136906f,   -0.186523438f,   0.0604038313f,
                            -0.00752527127f, -0.00351255387f, 0.00156992348f, 0.000179354131f, -0.000131971843f};
  a = minN(a, splatN(15.0f));
  vNd wide = __builtin_convertvector(a, vNd);
  vN t = 1.0f / (a + 4.0f);
  return exp_wideN(wide * wide * -0.5) * (t * polynomialN((a - 4.0f) * t, c, 10));
}

/* A series in x² near zero, 1 − 2·tail(√2·x) beyond. */
INLINE vN erfN(vN x) {
  static const float c[] = {0.128379166f,   -0.376126319f,    0.112836875f, -0.0268589407f,
                            0.00519990642f, -0.000813001127f, 8.3167688e-05f};
  vN a = absN(x);
  vN near = MADD(a, polynomialN(a * a, c, 7), a);
  vN far = 1.0f - 2.0f * normal_tailN(a * 1.41421356f);
  vN y = selectN(a < splatN(0.92f), near, far);
  return (vN)((vNi)y | sign_bit(x));
}

/* x·Φ(x); through the tail, since 1 + erf would cancel for negative x. */
INLINE vN geluN(vN x) {
  vN tail = normal_tailN(absN(x));
  return maxN(x, splatN(-15.0f)) * selectN(x < splatN(0.0f), tail, 1.0f - tail);
}

/* ½x·(1 + tanh u) = x·sigmoid(2u), u = √(2/π)·(x + 0.044715·x³). */
INLINE vN gelu_tanhN(vN x) {
  vNd a = __builtin_convertvector(minN(absN(x), splatN(12.0f)), vNd);
  vN e = exp_wideN(a * (a * a * -0.0713548162726002527 - 1.59576912160573071));
  vN phi = selectN(x < splatN(0.0f), e, splatN(1.0f)) / (e + 1.0f);
  return maxN(x, splatN(-12.0f)) * phi;
}

/* x·clamp(x/6 + ½, 0, 1); the last factor is exactly 1 from x = 3 on, and zero at −3. */
INLINE vN hard_swishN(vN x) {
  x = maxN(x, splatN(-3.0f));
  return x * (minN(x + 3.0f, splatN(6.0f)) * 0.166666667f);
}

INLINE vN hard_sigmoidN(vN x, float alpha, float beta) {
  return minN(maxN(MADD(x, splatN(alpha), splatN(beta)), splatN(0.0f)), splatN(1.0f));
}

/* f(x), fn one of UNARY_*; for loops in which fn is a constant. NaN stays NaN in all of them. */
INLINE vN unaryN(int fn, vN x, float alpha, float beta) {
  switch (fn) {
    case UNARY_RELU: return maxN(x, splatN(0.0f));
    case UNARY_CLIP: return minN(maxN(x, splatN(alpha)), splatN(beta));
    case UNARY_LEAKY_RELU: return selectN(x < splatN(0.0f), x * alpha, x);
    case UNARY_SIGMOID: return sigmoidN(x);
    case UNARY_HARD_SIGMOID: return hard_sigmoidN(x, alpha, beta);
    case UNARY_HARD_SWISH: return hard_swishN(x);
    case UNARY_TANH: return tanhN(x);
    case UNARY_SILU: return siluN(x);
    case UNARY_MISH: return mishN(x);
    case UNARY_SOFTPLUS: return softplusN(x);
    case UNARY_ELU: return eluN(x, alpha);
    case UNARY_GELU: return geluN(x);
    case UNARY_GELU_TANH: return gelu_tanhN(x);
    case UNARY_EXP: return expN(x);
    case UNARY_LOG: return logN(x);
    case UNARY_SQRT: return sqrtN(x);
    case UNARY_RECIPROCAL: return 1.0f / x;
    case UNARY_ERF: return erfN(x);
    case UNARY_ABS: return absN(x);
    case UNARY_NEG: return -x;
    case UNARY_FLOOR: return floorN(x);
    case UNARY_CEIL: return ceilN(x);
    default: return x;
  }
}

/* Shared by all calls of a kernel, so that an epilogue is small where it is inlined. */
static __attribute__((noinline, unused)) vN unaryN_called(int fn, vN x, float alpha, float beta) {
  return unaryN(fn, x, alpha, beta);
}

/* The same for epilogues, where fn varies: what most networks fuse is inlined, the rest a call. */
static inline vN apply_unary(int fn, vN x, float alpha, float beta) {
  switch (fn) {
    case UNARY_NONE: return x;
    case UNARY_RELU: return unaryN(UNARY_RELU, x, alpha, beta);
    case UNARY_CLIP: return unaryN(UNARY_CLIP, x, alpha, beta);
    case UNARY_HARD_SWISH: return unaryN(UNARY_HARD_SWISH, x, alpha, beta);
    default: return unaryN_called(fn, x, alpha, beta);
  }
}

#endif
