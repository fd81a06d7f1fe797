/*
 * y[o,i,…] = x[o, indices[i], …], rows of bytes. An index below zero counts from the end; one out of range ends
 * the run with ENGINE_ERROR_INDEX, and nothing is read for it.
 */
#include "bytes.h"
#include "engine.h"
#include "lanes.h"

KERNEL(gather) {
  uint8_t *y = at(p->y);
  const uint8_t *x = at(p->x);
  const void *indices = at(p->indices);
  const intptr_t row_bytes = p->innerBytes;
  const int32_t rows = p->outer * p->count;
  const int32_t rows_of_tile = most(1, 4 * TILE / most(1, p->innerBytes));
  const int32_t tiles = parts(rows, rows_of_tile);
  for (int32_t tile; (tile = next_tile(work)) < tiles;) {
    const int32_t last = least(rows, (tile + 1) * rows_of_tile);
    for (int32_t row = tile * rows_of_tile; row < last; row++) {
      const int32_t i = row % p->count;
      int64_t index = p->indexBytes == 8 ? ((const int64_t *)indices)[i] : ((const int32_t *)indices)[i];
      if (index < 0) index += p->axis;
      if (index < 0 || index >= p->axis) {
        work->error = ENGINE_ERROR_INDEX;
        return;
      }
      const intptr_t from = (intptr_t)(row / p->count) * p->axis + (intptr_t)index;
      copy_bytes(y + row * row_bytes, x + from * row_bytes, (size_t)row_bytes);
    }
  }
}
