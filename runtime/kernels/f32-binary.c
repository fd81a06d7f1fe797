/*
 * y = act(f(a, b)) over up to six dimensions, y dense. A row is the innermost dimension; along it a and b each move
 * by one element or stay, and anything else (other strides, the last lanes) is first packed into short dense
 * rows, so that every element goes through the same vector code.
 */
#include "engine.h"
#include "pow.h"
#include "unary-run.h"
#include "vector-math.h"

/* Elements packed at a time. */
#define PACK 64
#define OUTER 5

INLINE vN powN(vN a, vN b) {
  #define LANE(i) pow_float(a[i], b[i])
  return (vN){EACH_LANE(LANE)};
#undef LANE
}

/* y[i] = f(a[i or 0], b[i or 0]), i < count, a multiple of LANES; not both 0. */
static void run_vectors(int32_t fn, float *y, const float *a, int a_moves, const float *b, int b_moves,
                        int32_t count) {
  const vN a0 = splatN(*a);
  const vN b0 = splatN(*b);
#define LOOP(left, right, expression)         \
  for (int32_t i = 0; i < count; i += LANES) { \
    const vN l = left, r = right;             \
    storeN(y + i, expression);                \
  }
#define CASE(name, expression)                                      \
  case BINARY_##name:                                               \
    if (!b_moves) {                                                 \
      LOOP(loadN(a + i), b0, expression)                            \
    } else if (!a_moves) {                                          \
      LOOP(a0, loadN(b + i), expression)                            \
    } else {                                                        \
      LOOP(loadN(a + i), loadN(b + i), expression)                  \
    }                                                               \
    break;
  switch (fn) {
    CASE(ADD, l + r)
    CASE(SUB, l - r)
    CASE(MUL, l * r)
    CASE(DIV, l / r)
    CASE(MIN, minimumN(l, r))
    CASE(MAX, maximumN(l, r))
    CASE(POW, powN(l, r))
    CASE(PRELU, selectN(l < splatN(0.0f), l * r, l))
  }
#undef CASE
#undef LOOP
}

static void run_packed(int32_t fn, float *y, const float *a, intptr_t a_step, const float *b, intptr_t b_step,
                       int32_t count) {
  float left[PACK], right[PACK], result[PACK];
  for (int32_t from = 0; from < count; from += PACK) {
    const int32_t some = least(PACK, count - from);
    const int32_t padded = whole_lanes(some + LANES - 1);
    for (int32_t i = 0; i < padded; i++) {
      const int32_t at = from + (i < some ? i : 0);
      left[i] = a[at * a_step];
      right[i] = b[at * b_step];
    }
    run_vectors(fn, result, left, 1, right, 1, padded);
    for (int32_t i = 0; i < some; i++) y[from + i] = result[i];
  }
}

static void run_row(int32_t fn, float *y, const float *a, intptr_t a_step, const float *b, intptr_t b_step,
                    int32_t count) {
  const int direct = (a_step == 1 && (b_step == 0 || b_step == 1)) || (a_step == 0 && b_step == 1);
  const int32_t whole = direct ? whole_lanes(count) : 0;
  if (whole > 0) run_vectors(fn, y, a, a_step != 0, b, b_step != 0, whole);
  run_packed(fn, y + whole, a + whole * a_step, a_step, b + whole * b_step, b_step, count - whole);
}

KERNEL(f32_binary) {
  float *y = at(p->y);
  const float *a = at(p->a);
  const float *b = at(p->b);
  const int32_t dims[OUTER] = {p->d0, p->d1, p->d2, p->d3, p->d4};
  const intptr_t a_steps[OUTER] = {p->a0, p->a1, p->a2, p->a3, p->a4};
  const intptr_t b_steps[OUTER] = {p->b0, p->b1, p->b2, p->b3, p->b4};
  const int32_t inner = p->d5;
  int32_t rows = 1;
  for (int32_t i = 0; i < OUTER; i++) rows *= dims[i];
  if (inner <= 0 || rows <= 0) return;

  /* A tile is a group of rows, or a part of one row. */
  const int32_t part = least(inner, TILE);
  const int32_t parts_of_row = parts(inner, part);
  const int32_t rows_of_tile = most(1, TILE / inner);
  const int32_t tiles = parts(rows, rows_of_tile) * parts_of_row;
  for (int32_t tile; (tile = next_tile(work)) < tiles;) {
    const int32_t first = tile / parts_of_row * rows_of_tile;
    const int32_t last = least(rows, first + rows_of_tile);
    const int32_t column = tile % parts_of_row * part;
    const int32_t count = least(part, inner - column);
    float *start = y + (intptr_t)first * inner + column;
    for (int32_t row = first; row < last; row++) {
      intptr_t a_at = (intptr_t)column * p->a5;
      intptr_t b_at = (intptr_t)column * p->b5;
      for (int32_t i = OUTER - 1, left = row; i >= 0 && left > 0; i--) {
        const int32_t index = left % dims[i];
        left /= dims[i];
        a_at += index * a_steps[i];
        b_at += index * b_steps[i];
      }
      run_row(p->fn, start + (intptr_t)(row - first) * inner, a + a_at, p->a5, b + b_at, p->b5, count);
    }
    if (p->act != UNARY_NONE) unary_run(p->act, start, start, (last - first) * count, p->alpha, p->beta);
  }
}
