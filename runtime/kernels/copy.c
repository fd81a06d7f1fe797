/*
 * Strided copy over up to six dimensions, the innermost loops chosen by the strides:
 *
 *   a dimension along which both sides are dense      runs of bytes
 *   one dense in x and another dense in y             a transpose of these two, in blocks
 *   anything else                                     one element at a time, along what is dense in y
 *
 * The order of the elements is free, since they do not overlap in y; a tile is a group of inner loops or a part of
 * one. Example: NCHW to NHWC has the dimensions pixel (dense in x) and channel (dense in y) inside the batch.
 */
#include "bytes.h"
#include "engine.h"
#include "lanes.h"
#include "vector.h"

#define DIMS 6

struct dim {
  int32_t count;
  intptr_t x, y;
};

/* Columns and rows of a transposed block: a cache line of 4-byte elements. */
#define BLOCK 16
/* Columns of a transpose's tile. */
#define COLUMNS 64

typedef float quad __attribute__((vector_size(16)));
typedef float quad_unaligned __attribute__((vector_size(16), aligned(4), may_alias));

INLINE quad load_quad(const float *p) { return *(const quad_unaligned *)p; }
INLINE void store_quad(float *p, quad x) { *(quad_unaligned *)p = x; }

INLINE void transpose_4x4(float *y, intptr_t y_step, const float *x, intptr_t x_step) {
  const quad a = load_quad(x), b = load_quad(x + x_step), c = load_quad(x + 2 * x_step), d = load_quad(x + 3 * x_step);
  const quad ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  const quad ab2 = __builtin_shufflevector(a, b, 2, 6, 3, 7), cd2 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  store_quad(y, __builtin_shufflevector(ab, cd, 0, 1, 4, 5));
  store_quad(y + y_step, __builtin_shufflevector(ab, cd, 2, 3, 6, 7));
  store_quad(y + 2 * y_step, __builtin_shufflevector(ab2, cd2, 0, 1, 4, 5));
  store_quad(y + 3 * y_step, __builtin_shufflevector(ab2, cd2, 2, 3, 6, 7));
}

/* y[i·y_step + j] = x[j·x_step + i], i < columns, j < rows; a block of columns at a time, so that each line of x
 * is used up and each of y filled while it is near. */
#define TRANSPOSE(type, name)                                                                               \
  APART void transpose_##name(type *y, intptr_t y_step, const type *x, intptr_t x_step, int32_t columns,   \
                               int32_t rows) {                                                              \
    for (int32_t i0 = 0; i0 < columns; i0 += BLOCK) {                                                       \
      const int32_t i1 = least(columns, i0 + BLOCK);                                                        \
      for (int32_t j = 0; j < rows; j++)                                                                    \
        for (int32_t i = i0; i < i1; i++) y[i * y_step + j] = x[j * x_step + i];                            \
    }                                                                                                       \
  }
TRANSPOSE(uint8_t, 1)
TRANSPOSE(uint16_t, 2)
TRANSPOSE(uint64_t, 8)

struct step {
  intptr_t along, across;
};

/* y[i, j] = x[i, j] for i < count and j < few, which is at most three and a constant in every call. */
INLINE void copy_few(uint32_t *y, struct step ys, const uint32_t *x, struct step xs, int32_t count, int few) {
  for (int32_t i = 0; i < count; i++)
    UNROLL for (int j = 0; j < few; j++) y[i * ys.along + j * ys.across] = x[i * xs.along + j * xs.across];
}

/* What the vectors leave of a transpose; all of it where an image has three channels. */
static void copy_edge(uint32_t *y, struct step ys, const uint32_t *x, struct step xs, int32_t count, int32_t few) {
  switch (few) {
    case 1: copy_few(y, ys, x, xs, count, 1); break;
    case 2: copy_few(y, ys, x, xs, count, 2); break;
    case 3: copy_few(y, ys, x, xs, count, 3); break;
  }
}

APART void transpose_4(uint32_t *y, intptr_t y_step, const uint32_t *x, intptr_t x_step, int32_t columns,
                        int32_t rows) {
  const int32_t whole_columns = columns & ~3;
  const int32_t whole_rows = rows & ~3;
  for (int32_t i0 = 0; i0 < whole_columns; i0 += BLOCK) {
    const int32_t i1 = least(whole_columns, i0 + BLOCK);
    for (int32_t j = 0; j < whole_rows; j += 4)
      for (int32_t i = i0; i < i1; i += 4)
        transpose_4x4((float *)y + i * y_step + j, y_step, (const float *)x + j * x_step + i, x_step);
  }
  copy_edge(y + whole_rows, (struct step){y_step, 1}, x + whole_rows * x_step, (struct step){1, x_step},
            whole_columns, rows - whole_rows);
  copy_edge(y + whole_columns * y_step, (struct step){1, y_step}, x + whole_columns, (struct step){x_step, 1}, rows,
            columns - whole_columns);
}

/* y[i·y_step] = x[i·x_step]. A constant step of 0 or 1 lets the compiler use vectors. */
#define ELEMENTS(type, name)                                                                              \
  APART void elements_##name(type *y, intptr_t y_step, const type *x, intptr_t x_step, int32_t count) {  \
    if (y_step == 1 && x_step == 0) {                                                                     \
      const type value = *x;                                                                              \
      for (int32_t i = 0; i < count; i++) y[i] = value;                                                   \
    } else if (y_step == 1) {                                                                             \
      for (int32_t i = 0; i < count; i++) y[i] = x[i * x_step];                                           \
    } else {                                                                                              \
      for (int32_t i = 0; i < count; i++) y[i * y_step] = x[i * x_step];                                  \
    }                                                                                                     \
  }
ELEMENTS(uint8_t, 1)
ELEMENTS(uint16_t, 2)
ELEMENTS(uint32_t, 4)
ELEMENTS(uint64_t, 8)

#define EACH_SIZE(X) X(1, uint8_t) X(2, uint16_t) X(4, uint32_t) X(8, uint64_t)

static void copy_run(void *y, intptr_t y_step, const void *x, intptr_t x_step, int32_t size, int32_t count) {
  if (x_step == 1 && y_step == 1) {
    copy_bytes(y, x, (size_t)count * (size_t)size);
    return;
  }
  switch (size) {
#define CASE(size, type) \
  case size: elements_##size((type *)y, y_step, (const type *)x, x_step, count); break;
    EACH_SIZE(CASE)
#undef CASE
  }
}

static void transpose(void *y, intptr_t y_step, const void *x, intptr_t x_step, int32_t size, int32_t columns,
                      int32_t rows) {
  switch (size) {
#define CASE(size, type) \
  case size: transpose_##size((type *)y, y_step, (const type *)x, x_step, columns, rows); break;
    EACH_SIZE(CASE)
#undef CASE
  }
}

KERNEL(copy) {
  const int32_t size = p->elementBytes;
  uint8_t *y = (uint8_t *)at(p->y) + (intptr_t)p->yOffset * size;
  const uint8_t *x = (const uint8_t *)at(p->x) + (intptr_t)p->xOffset * size;
  const struct dim dims[DIMS] = {{p->d0, p->x0, p->y0}, {p->d1, p->x1, p->y1}, {p->d2, p->x2, p->y2},
                                 {p->d3, p->x3, p->y3}, {p->d4, p->x4, p->y4}, {p->d5, p->x5, p->y5}};
  int dense_x = -1, dense_y = -1, dense = -1;
  for (int i = 0; i < DIMS; i++) {
    if (dims[i].count == 0) return;
    if (dims[i].count == 1) continue;
    if (dims[i].x == 1) dense_x = i;
    if (dims[i].y == 1) dense_y = i;
    if (dims[i].x == 1 && dims[i].y == 1) dense = i;
  }
  const int crossed = dense < 0 && dense_x >= 0 && dense_y >= 0;
  const int run_at = dense >= 0 ? dense : crossed ? dense_x : dense_y >= 0 ? dense_y : DIMS - 1;
  const struct dim *run = &dims[run_at];
  const struct dim *cross = crossed ? &dims[dense_y] : 0;

  struct dim outer[DIMS];
  int outer_count = 0;
  int32_t loops = 1;
  for (int i = 0; i < DIMS; i++) {
    if (i == run_at || (crossed && i == dense_y)) continue;
    outer[outer_count++] = dims[i];
    loops *= dims[i].count;
  }

  /* A tile: `part` elements of the run, times `depth` of the cross, of one loop or of several. */
  const int32_t part = least(run->count, crossed ? COLUMNS : TILE);
  const int32_t parts_of_run = parts(run->count, part);
  const int32_t depth = crossed ? least(cross->count, TILE / part & ~3) : 1;
  const int32_t parts_of_loop = crossed ? parts_of_run * parts(cross->count, depth) : parts_of_run;
  const int32_t loops_of_tile = parts_of_loop > 1 ? 1 : most(1, TILE / (part * depth));
  const int32_t tiles = parts(loops, loops_of_tile) * parts_of_loop;
  for (int32_t tile; (tile = next_tile(work)) < tiles;) {
    const int32_t first = tile / parts_of_loop * loops_of_tile;
    const int32_t last = least(loops, first + loops_of_tile);
    const int32_t from = tile % parts_of_loop % parts_of_run * part;
    const int32_t cross_from = tile % parts_of_loop / parts_of_run * depth;
    const int32_t count = least(part, run->count - from);
    const int32_t rows = crossed ? least(depth, cross->count - cross_from) : 1;
    for (int32_t loop = first; loop < last; loop++) {
      intptr_t x_at = from * run->x + (crossed ? cross_from * cross->x : 0);
      intptr_t y_at = from * run->y + (crossed ? cross_from * cross->y : 0);
      for (int i = outer_count - 1, left = loop; i >= 0 && left > 0; i--) {
        const int32_t index = left % outer[i].count;
        left /= outer[i].count;
        x_at += index * outer[i].x;
        y_at += index * outer[i].y;
      }
      if (crossed)
        transpose(y + y_at * size, run->y, x + x_at * size, cross->x, size, count, rows);
      else
        copy_run(y + y_at * size, run->y, x + x_at * size, run->x, size, count);
    }
  }
}
