/*
 * The elementwise functions over four lanes. Invariant: a lane's result depends on that lane's input only, through
 * the same vector code wherever it stands, so tails are padded and never computed by another formula; infinities,
 * NaN, zeros and denormals come out as in IEEE arithmetic (a function that tends to zero is zero at infinity).
 *
 * Method: argument reduction by ln 2 in two parts (Cody and Waite, Software Manual for the Elementary Functions,
 * 1980) and minimax polynomials, fitted for relative error by iterated weighted least squares. Only + − × ÷ and
 * MADD are used, so the two builds differ by the fusing alone.
 */
#ifndef MILLRACE_VECTOR_MATH_H
#define MILLRACE_VECTOR_MATH_H
#include "engine_abi.h"
#include "lanes.h"


INLINE v4i sign4(v4 x) { return (v4i)x & splat4i(INT32_MIN); }
INLINE v4 abs4(v4 x) { return (v4)((v4i)x & splat4i(INT32_MAX)); }

#ifdef __wasm_simd128__
INLINE v4 sqrt4(v4 x) { return (v4)wasm_f32x4_sqrt((v128_t)x); }
INLINE v4 floor4(v4 x) { return (v4)wasm_f32x4_floor((v128_t)x); }
INLINE v4 ceil4(v4 x) { return (v4)wasm_f32x4_ceil((v128_t)x); }
#else
#define BY_LANE(f, x) ((v4){f(x[0]), f(x[1]), f(x[2]), f(x[3])})
INLINE v4 sqrt4(v4 x) { return BY_LANE(__builtin_sqrtf, x); }
INLINE v4 floor4(v4 x) { return BY_LANE(__builtin_floorf, x); }
INLINE v4 ceil4(v4 x) { return BY_LANE(__builtin_ceilf, x); }
#endif

/* Σ c[i]·x^i; the loop unrolls, since `count` is constant at every call. */
INLINE v4 polynomial4(v4 x, const float *c, int count) {
  v4 y = splat4(c[count - 1]);
  for (int i = count - 2; i >= 0; i--) y = MADD(y, x, splat4(c[i]));
  return y;
}

/* 2^n, n in [−126, 127]; computed on unsigned words, a NaN's n being any number. */
INLINE v4 power_of_two4(v4i n) {
  typedef uint32_t v4u __attribute__((vector_size(16)));
  return (v4)(((v4u)n + 127u) << 23);
}

/* ln 2: the high part has nine bits, so that its products with a whole number of 15 bits are exact. */
#define LN2_HIGH 0.693359375f
#define LN2_LOW -2.12194440e-4f

/* x = n·ln 2 + r, |r| ≤ ½ ln 2, for |x| ≤ 200. Adding 1.5·2^23 rounds to a whole number, in the low bits. */
INLINE v4 reduce4(v4 x, v4i *n) {
  const v4 whole = splat4(12582912.0f);
  v4 shifted = MADD(x, splat4(1.44269504f), whole);
  v4 multiple = shifted - whole;
  *n = (v4i)((v4i)shifted - (v4i)whole);
  v4 r = MADD(multiple, splat4(-LN2_HIGH), x);
  return MADD(multiple, splat4(-LN2_LOW), r);
}

/* e^r − 1 for |r| ≤ ½ ln 2. */
INLINE v4 expm1_reduced4(v4 r) {
  static const float c[] = {0.5f,           0.166666657f,   0.0416663587f,
                            0.00833338965f, 0.00139408943f, 0.000198459107f};
  return MADD(r * r, polynomial4(r, c, 6), r);
}

/* 2^n·(1 + m), n in [−252, 254]; the second factor alone can round, so denormals are rounded once. */
INLINE v4 scale4(v4 m, v4i n) {
  v4i half = n >> 1;
  return (m + 1.0f) * power_of_two4(half) * power_of_two4(n - half);
}

INLINE v4 exp4(v4 x) {
  v4i n;
  v4 r = reduce4(min4(max4(x, splat4(-104.0f)), splat4(89.0f)), &n);
  return scale4(expm1_reduced4(r), n);
}

/* e^x of an argument that needs more than 24 bits, |x| ≤ 160: the part beyond them is added after the reduction. */
INLINE v4 exp_wide4(v4d x) {
  v4 high = __builtin_convertvector(x, v4);
  v4 low = __builtin_convertvector(x - __builtin_convertvector(high, v4d), v4);
  v4i n;
  v4 r = reduce4(high, &n) + low;
  return scale4(expm1_reduced4(r), n);
}

/* e^x − 1 for −87 ≤ x ≤ 87: 2^n·(e^r − 1) + (2^n − 1), without cancellation at n = 0. */
INLINE v4 expm1_4(v4 x) {
  v4i n;
  v4 r = reduce4(x, &n);
  v4 power = power_of_two4(n);
  return MADD(power, expm1_reduced4(r), power - 1.0f);
}

/* exponent·ln 2 + ln(1 + f), 1 + f in [√½, √2]; small terms first. */
INLINE v4 log_reduced4(v4 f, v4 exponent) {
  static const float c[] = {0.333333135f,  -0.250000089f, 0.200021192f,  -0.166679949f, 0.142195493f,
                            -0.124055944f, 0.118881904f,  -0.116756283f, 0.0674655214f};
  v4 square = f * f;
  v4 y = f * square * polynomial4(f, c, 9);
  y = MADD(exponent, splat4(LN2_LOW), y);
  y = MADD(square, splat4(-0.5f), y) + f;
  return MADD(exponent, splat4(LN2_HIGH), y);
}

INLINE v4 log4(v4 x) {
  const v4i root_half = splat4i(0x3f3504f3);
  v4i tiny = x < splat4(0x1p-126f);
  v4i bits = (v4i)select4(tiny, x * 0x1p23f, x);
  /* x = 2^e·(1 + f). Negative arguments are replaced before they could overflow. */
  bits = (v4i)select4(bits < 0, splat4(1.0f), (v4)bits);
  v4i e = (bits - root_half) >> 23;
  v4 f = (v4)(v4i)(bits - e * (1 << 23)) - 1.0f;
  v4 exponent = __builtin_convertvector(e, v4) - select4(tiny, splat4(23.0f), splat4(0.0f));
  v4 y = log_reduced4(f, exponent);
  v4 outside = select4(x == splat4(0.0f), splat4(-__builtin_inff()), splat4(__builtin_nanf("")));
  y = select4(x > splat4(0.0f), y, outside);
  return select4(x == splat4(__builtin_inff()), x, y);
}

/* ln(1 + x) for 0 ≤ x ≤ 1; 1 + x itself, which would round, is not needed. */
INLINE v4 log1p_unit4(v4 x) {
  v4i upper = x > splat4(0.414213562f);
  v4 f = select4(upper, (x - 1.0f) * 0.5f, x);
  return log_reduced4(f, select4(upper, splat4(1.0f), splat4(0.0f)));
}

/* 1 / (1 + e^−x) from e^−|x|: no overflow, and no loss where the result is small. */
INLINE v4 sigmoid4(v4 x) {
  v4 e = exp4(-abs4(x));
  return select4(x < splat4(0.0f), e, splat4(1.0f)) / (e + 1.0f);
}

/* With t = e^2|x| − 1: t / (t + 2), and 1 − 2 / (t + 2) where that rounds less. */
INLINE v4 tanh4(v4 x) {
  v4 a = abs4(x);
  v4 t = expm1_4(min4(a + a, splat4(30.0f)));
  v4i big = t > splat4(1.0f);
  v4 y = select4(big, splat4(1.0f), splat4(0.0f)) + select4(big, splat4(-2.0f), t) / (t + 2.0f);
  return (v4)((v4i)y | sign4(x));
}

/* max(x, 0) + ln(1 + e^−|x|): no overflow, and no loss where the result is small. */
INLINE v4 softplus4(v4 x) { return max4(x, splat4(0.0f)) + log1p_unit4(exp4(-abs4(x))); }

/* x·sigmoid(x); the floor, where the sigmoid is zero, keeps −∞ from meeting it. Below −87 the sigmoid is denormal
 * and the result, under 1e-36, has as few bits. */
INLINE v4 silu4(v4 x) { return max4(x, splat4(-128.0f)) * sigmoid4(x); }

/* x·tanh(softplus(x)) = x·w / (w + 2), w = e^2x + 2e^x: the logarithm cancels. */
INLINE v4 mish4(v4 x) {
  v4 e = exp4(min4(x, splat4(20.0f)));
  v4 w = MADD(e, e, e + e);
  return max4(x, splat4(-128.0f)) * (w / (w + 2.0f));
}

INLINE v4 elu4(v4 x, float alpha) {
  v4 below = expm1_4(max4(min4(x, splat4(0.0f)), splat4(-30.0f))) * alpha;
  return select4(x < splat4(0.0f), below, x);
}

/* Upper tail of the normal distribution, a ≥ 0: e^(−a²/2) times a slow function of 1 / (a + 4). */
INLINE v4 normal_tail4(v4 a) {
  static const float c[] = {0.755285144f,    -0.607896566f,   0.387136906f,   -0.186523438f,   0.0604038313f,
                            -0.00752527127f, -0.00351255387f, 0.00156992348f, 0.000179354131f, -0.000131971843f};
  a = min4(a, splat4(15.0f));
  v4d wide = __builtin_convertvector(a, v4d);
  v4 t = 1.0f / (a + 4.0f);
  return exp_wide4(wide * wide * -0.5) * (t * polynomial4((a - 4.0f) * t, c, 10));
}

/* A series in x² near zero, 1 − 2·tail(√2·x) beyond. */
INLINE v4 erf4(v4 x) {
  static const float c[] = {0.128379166f,   -0.376126319f,    0.112836875f, -0.0268589407f,
                            0.00519990642f, -0.000813001127f, 8.3167688e-05f};
  v4 a = abs4(x);
  v4 near = MADD(a, polynomial4(a * a, c, 7), a);
  v4 far = 1.0f - 2.0f * normal_tail4(a * 1.41421356f);
  v4 y = select4(a < splat4(0.92f), near, far);
  return (v4)((v4i)y | sign4(x));
}

/* x·Φ(x); through the tail, since 1 + erf would cancel for negative x. */
INLINE v4 gelu4(v4 x) {
  v4 tail = normal_tail4(abs4(x));
  return max4(x, splat4(-15.0f)) * select4(x < splat4(0.0f), tail, 1.0f - tail);
}

/* ½x·(1 + tanh u) = x·sigmoid(2u), u = √(2/π)·(x + 0.044715·x³). */
INLINE v4 gelu_tanh4(v4 x) {
  v4d a = __builtin_convertvector(min4(abs4(x), splat4(12.0f)), v4d);
  v4 e = exp_wide4(a * (a * a * -0.0713548162726002527 - 1.59576912160573071));
  v4 phi = select4(x < splat4(0.0f), e, splat4(1.0f)) / (e + 1.0f);
  return max4(x, splat4(-12.0f)) * phi;
}

/* x·clamp(x/6 + ½, 0, 1); the last factor is exactly 1 from x = 3 on, and zero at −3. */
INLINE v4 hard_swish4(v4 x) {
  x = max4(x, splat4(-3.0f));
  return x * (min4(x + 3.0f, splat4(6.0f)) * 0.166666667f);
}

INLINE v4 hard_sigmoid4(v4 x, float alpha, float beta) {
  return min4(max4(MADD(x, splat4(alpha), splat4(beta)), splat4(0.0f)), splat4(1.0f));
}

/* f(x), fn one of UNARY_*; for loops in which fn is a constant. NaN stays NaN in all of them. */
INLINE v4 unary4(int fn, v4 x, float alpha, float beta) {
  switch (fn) {
    case UNARY_RELU: return max4(x, splat4(0.0f));
    case UNARY_CLIP: return min4(max4(x, splat4(alpha)), splat4(beta));
    case UNARY_LEAKY_RELU: return select4(x < splat4(0.0f), x * alpha, x);
    case UNARY_SIGMOID: return sigmoid4(x);
    case UNARY_HARD_SIGMOID: return hard_sigmoid4(x, alpha, beta);
    case UNARY_HARD_SWISH: return hard_swish4(x);
    case UNARY_TANH: return tanh4(x);
    case UNARY_SILU: return silu4(x);
    case UNARY_MISH: return mish4(x);
    case UNARY_SOFTPLUS: return softplus4(x);
    case UNARY_ELU: return elu4(x, alpha);
    case UNARY_GELU: return gelu4(x);
    case UNARY_GELU_TANH: return gelu_tanh4(x);
    case UNARY_EXP: return exp4(x);
    case UNARY_LOG: return log4(x);
    case UNARY_SQRT: return sqrt4(x);
    case UNARY_RECIPROCAL: return 1.0f / x;
    case UNARY_ERF: return erf4(x);
    case UNARY_ABS: return abs4(x);
    case UNARY_NEG: return -x;
    case UNARY_FLOOR: return floor4(x);
    case UNARY_CEIL: return ceil4(x);
    default: return x;
  }
}

/* Shared by all calls of a kernel, so that an epilogue is small where it is inlined. */
static __attribute__((noinline, unused)) v4 unary4_called(int fn, v4 x, float alpha, float beta) {
  return unary4(fn, x, alpha, beta);
}

/* The same for epilogues, where fn varies: what most networks fuse is inlined, the rest a call. */
static inline v4 apply_unary(int fn, v4 x, float alpha, float beta) {
  switch (fn) {
    case UNARY_NONE: return x;
    case UNARY_RELU: return unary4(UNARY_RELU, x, alpha, beta);
    case UNARY_CLIP: return unary4(UNARY_CLIP, x, alpha, beta);
    case UNARY_HARD_SWISH: return unary4(UNARY_HARD_SWISH, x, alpha, beta);
    default: return unary4_called(fn, x, alpha, beta);
  }
}

#endif
