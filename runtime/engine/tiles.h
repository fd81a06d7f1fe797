/*
 * The tiles of a call: how threads that run the same kernel divide them. A tile is claimed once, in order. Where tiles
 * depend on earlier ones, a thread awaits so many to be done: whoever has claimed those is at work on them, so that
 * nobody waits for a thread that has not come. Invariant: what was written before `tile_done` is seen after the wait.
 */
#ifndef MILLRACE_TILES_H
#define MILLRACE_TILES_H
#include "futex.h"

/* Shared by the threads of a call; all zero before it. */
struct tiles {
  int32_t next;     /* the next to claim */
  int32_t done;     /* for kernels that await tiles */
  int32_t sleepers; /* threads that may be asleep on `done` */
  int32_t error;    /* one of ENGINE_ERROR_*: a thread has left the call */
};

struct work {
  struct tiles *tiles;
  int32_t threads; /* threads that share this call */
  int32_t error;   /* set by the kernel: one of ENGINE_ERROR_* */
};

/* While tiles are awaited, how often an error is looked for. */
enum { ERROR_POLL_NANOSECONDS = 10 * 1000 * 1000 };

static inline int32_t next_tile(struct work *work) {
  if (work->threads == 1) return work->tiles->next++;
  return __atomic_fetch_add(&work->tiles->next, 1, __ATOMIC_RELAXED);
}

static inline void tile_done(struct work *work) {
  struct tiles *tiles = work->tiles;
  add_word(&tiles->done, 1);
  /* A thread counts itself a sleeper before it looks for the last time: none is missed. */
  if (load_word(&tiles->sleepers) != 0) notify_all(&tiles->done);
}

/* Returns when the first `count` tiles are done: 1; or when a thread has left the call with an error: 0. */
static inline int await_tiles(struct work *work, int32_t count) {
  struct tiles *tiles = work->tiles;
  for (int32_t seen; (seen = load_word(&tiles->done)) < count;) {
    if (load_word(&tiles->error) != 0) return 0;
    if (spin_on(&tiles->done, seen)) continue;
    add_word(&tiles->sleepers, 1);
    sleep_on(&tiles->done, seen, ERROR_POLL_NANOSECONDS);
    add_word(&tiles->sleepers, -1);
  }
  return 1;
}

#endif
