/* Every element the same value. */
#include "bytes.h"
#include "engine.h"
#include "lanes.h"

KERNEL(fill) {
  const int32_t size = p->elementBytes;
  /* The value repeated through 16 bytes, whatever the element's size. */
  const uint64_t value = (uint64_t)(uint32_t)p->high << 32 | (uint32_t)p->low;
  uint8_t pattern[16];
  for (int i = 0; i < 16; i++) pattern[i] = (uint8_t)(value >> (i % size * 8));
  const bytes16 vector = *(const bytes16 *)pattern;

  const int32_t tiles = parts(p->count, TILE);
  for (int32_t tile; (tile = next_tile(work)) < tiles;) {
    const int32_t first = tile * TILE;
    uint8_t *y = (uint8_t *)at(p->y) + (intptr_t)first * size;
    size_t left = (size_t)least(TILE, p->count - first) * (size_t)size;
    for (; left >= 16; left -= 16, y += 16) *(bytes16 *)y = vector;
    copy_bytes(y, pattern, left);
  }
}
