/*
 * The planned arena's opponent, for comparison and measurement only: an executor that takes each tensor from malloc
 * before the step that writes it first and gives it back after the step that reads it last, with the same kernels.
 * Inputs and outputs are the caller's and stay in the arena, as does everything that is not in `lives`.
 */
#ifndef MILLRACE_HEAP_H
#define MILLRACE_HEAP_H
#include <stdint.h>

/* One tensor: live in steps [start, end). */
struct life {
  int32_t start, end;
  uint64_t bytes;
  void *block;
};

/* A value that lies in a tensor. */
struct member {
  int32_t value, life;
  uint64_t offset;
  uint64_t planned; /* its address in the arena, which serves when malloc has nothing left */
};

struct heap {
  struct life *lives; /* in order of start; null: everything is planned */
  struct member *members; /* in the order of their lives */
  int32_t *byEnd; /* lives in order of end */
  uint64_t *addresses;
  int32_t lifeCount, memberCount;
  int32_t nextLife, nextMember, nextEnd;
  int64_t allocations, allocatedBytes; /* of the last run */
  int64_t liveBytes, peakBytes;
};

/* Rows of {start, end, bytes} in order of start, and of {value, life, offset} in order of life. 0 or −1. */
int heap_open(struct heap *heap, const double *lives, int32_t lifeCount, const double *members, int32_t memberCount,
              uint64_t *addresses);
void heap_begin(struct heap *heap);
/* Step `step` begins: gives back what is read no more, takes what it writes first. */
void heap_step(struct heap *heap, int32_t step);
/* A run has ended, somehow. */
void heap_end(struct heap *heap);
void heap_close(struct heap *heap);

#endif
