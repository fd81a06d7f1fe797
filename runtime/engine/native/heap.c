/* Tensors from malloc: see heap.h. */
#include "heap.h"
#include <stdlib.h>
#include "platform.h"

enum { LIFE_ROW = 3, MEMBER_ROW = 3 };

int heap_open(struct heap *heap, const double *lives, int32_t lifeCount, const double *members, int32_t memberCount,
              uint64_t *addresses) {
  heap->lives = calloc((size_t)lifeCount + 1, sizeof *heap->lives);
  heap->members = calloc((size_t)memberCount + 1, sizeof *heap->members);
  heap->byEnd = calloc((size_t)lifeCount + 1, sizeof *heap->byEnd);
  if (!heap->lives || !heap->members || !heap->byEnd) {
    heap_close(heap);
    return -1;
  }
  heap->lifeCount = lifeCount;
  heap->memberCount = memberCount;
  heap->addresses = addresses;
  for (int32_t i = 0; i < lifeCount; i++) {
    const double *row = lives + (size_t)i * LIFE_ROW;
    heap->lives[i] = (struct life){(int32_t)row[0], (int32_t)row[1], (uint64_t)row[2], 0};
    /* By insertion: this is done once, and neighbours in start are neighbours in end. */
    int32_t at = i;
    for (; at > 0 && heap->lives[heap->byEnd[at - 1]].end > heap->lives[i].end; at--) heap->byEnd[at] = heap->byEnd[at - 1];
    heap->byEnd[at] = i;
  }
  for (int32_t i = 0; i < memberCount; i++) {
    const double *row = members + (size_t)i * MEMBER_ROW;
    heap->members[i] = (struct member){(int32_t)row[0], (int32_t)row[1], (uint64_t)row[2], addresses[(size_t)row[0]]};
  }
  return 0;
}

void heap_begin(struct heap *heap) {
  heap->nextLife = heap->nextMember = heap->nextEnd = 0;
  heap->allocations = heap->allocatedBytes = heap->liveBytes = heap->peakBytes = 0;
}

static void give_back(struct heap *heap, struct life *life) {
  if (!life->block) return;
  block_give(life->block);
  life->block = 0;
  heap->liveBytes -= (int64_t)life->bytes;
}

static void take(struct heap *heap, int32_t number) {
  struct life *life = &heap->lives[number];
  life->block = block_take(life->bytes);
  if (life->block) {
    heap->allocations++;
    heap->allocatedBytes += (int64_t)life->bytes;
    heap->liveBytes += (int64_t)life->bytes;
    if (heap->liveBytes > heap->peakBytes) heap->peakBytes = heap->liveBytes;
  }
  for (; heap->nextMember < heap->memberCount && heap->members[heap->nextMember].life == number; heap->nextMember++) {
    const struct member *member = &heap->members[heap->nextMember];
    heap->addresses[member->value] = life->block ? (uintptr_t)life->block + member->offset : member->planned;
  }
}

void heap_step(struct heap *heap, int32_t step) {
  for (; heap->nextEnd < heap->lifeCount && heap->lives[heap->byEnd[heap->nextEnd]].end <= step; heap->nextEnd++)
    give_back(heap, &heap->lives[heap->byEnd[heap->nextEnd]]);
  for (; heap->nextLife < heap->lifeCount && heap->lives[heap->nextLife].start <= step; heap->nextLife++)
    take(heap, heap->nextLife);
}

void heap_end(struct heap *heap) {
  for (int32_t i = 0; i < heap->lifeCount; i++) give_back(heap, &heap->lives[i]);
}

void heap_close(struct heap *heap) {
  free(heap->lives);
  free(heap->members);
  free(heap->byEnd);
  *heap = (struct heap){0};
}
