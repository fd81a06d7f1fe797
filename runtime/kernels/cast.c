/*
 * Conversion between element types. Floating point to integer truncates towards zero and saturates at the target's
 * range (NaN: 0); integer to a narrower integer wraps around; to bool is 1 where not zero. Every source is first
 * widened, a short piece at a time, to float or to 64-bit integers, which hold all of its values.
 */
#include "bytes.h"
#include "engine.h"
#include "float16.h"
#include "lanes.h"

/* Elements widened at a time. */
#define PIECE 256

INLINE int32_t saturate32(float x, int32_t low, int32_t high) {
  /* (float)high may round up, to a value that is out of range itself. */
  if (x != x) return 0;
  return x <= (float)low ? low : x >= (float)high ? high : (int32_t)x;
}

INLINE int64_t saturate64(float x) {
  if (x != x) return 0;
  return x < -0x1p63f ? INT64_MIN : x >= 0x1p63f ? INT64_MAX : (int64_t)x;
}

static void narrow_floats(void *y, int32_t to, intptr_t at, const float *x, int32_t count) {
#define LOOP(type, expression)                                                              \
  for (int32_t i = 0; i < count; i++) {                                                     \
    const float value = x[i];                                                               \
    ((type *)y)[at + i] = (type)(expression);                                               \
  }                                                                                         \
  break;
  switch (to) {
    case CAST_FLOAT32: LOOP(float, value)
    case CAST_INT32: LOOP(int32_t, saturate32(value, INT32_MIN, INT32_MAX))
    case CAST_INT64: LOOP(int64_t, saturate64(value))
    case CAST_UINT8: LOOP(uint8_t, saturate32(value, 0, UINT8_MAX))
    case CAST_INT8: LOOP(int8_t, saturate32(value, INT8_MIN, INT8_MAX))
    case CAST_BOOL: LOOP(uint8_t, value != 0)
    case CAST_FLOAT16: LOOP(uint16_t, half_of_float(value))
  }
#undef LOOP
}

static void narrow_integers(void *y, int32_t to, intptr_t at, const int64_t *x, int32_t count) {
#define LOOP(type, expression)                                                              \
  for (int32_t i = 0; i < count; i++) {                                                     \
    const int64_t value = x[i];                                                             \
    ((type *)y)[at + i] = (type)(expression);                                               \
  }                                                                                         \
  break;
  switch (to) {
    case CAST_FLOAT32: LOOP(float, value)
    case CAST_INT32: LOOP(int32_t, value)
    case CAST_INT64: LOOP(int64_t, value)
    case CAST_UINT8: LOOP(uint8_t, value)
    case CAST_INT8: LOOP(int8_t, value)
    case CAST_BOOL: LOOP(uint8_t, value != 0)
    /* Through float: integers that it would round are far above the largest half. */
    case CAST_FLOAT16: LOOP(uint16_t, half_of_float((float)value))
  }
#undef LOOP
}

static void cast_piece(void *y, int32_t to, const void *x, int32_t from, intptr_t at, int32_t count) {
  float floats[PIECE];
  int64_t integers[PIECE];
#define WIDEN(target, type, expression)                                                     \
  for (int32_t i = 0; i < count; i++) {                                                     \
    const type value = ((const type *)x)[at + i];                                           \
    target[i] = expression;                                                                 \
  }                                                                                         \
  break;
  switch (from) {
    case CAST_FLOAT32: WIDEN(floats, float, value)
    case CAST_FLOAT16: WIDEN(floats, uint16_t, float_of_half(value))
    case CAST_INT32: WIDEN(integers, int32_t, value)
    case CAST_INT64: WIDEN(integers, int64_t, value)
    case CAST_UINT8: WIDEN(integers, uint8_t, value)
    case CAST_INT8: WIDEN(integers, int8_t, value)
    case CAST_BOOL: WIDEN(integers, uint8_t, value != 0)
  }
#undef WIDEN
  if (from == CAST_FLOAT32 || from == CAST_FLOAT16)
    narrow_floats(y, to, at, floats, count);
  else
    narrow_integers(y, to, at, integers, count);
}

KERNEL(cast) {
  void *y = at(p->y);
  const void *x = at(p->x);
  const int32_t tiles = parts(p->count, TILE);
  for (int32_t tile; (tile = next_tile(work)) < tiles;) {
    const int32_t first = tile * TILE;
    const int32_t last = least(p->count, first + TILE);
    for (int32_t i = first; i < last; i += PIECE) cast_piece(y, p->to, x, p->from, i, least(PIECE, last - i));
  }
}
