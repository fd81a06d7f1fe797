/*
 * What happened when: a ring of fixed size that keeps the latest events. Any thread records, by claiming a place
 * with one atomic addition; the ring is read between runs only, when nobody records but readers that prime, and they
 * do so under their lock. WASM has no clock of its own and imports one; there the ring lies in engine memory where
 * threads run, and a single thread is recorded by TypeScript, which it returns to.
 */
#ifndef MILLRACE_TRACE_H
#define MILLRACE_TRACE_H
#include <stdint.h>
#include "engine_abi.h"

/*
 * TRACE_STEP  id: step; thread 0, from its MARK to the next
 * TRACE_WORK  id: step; another thread's part in a shared call
 * TRACE_WAIT  id: segment that thread 0 waited for
 * TRACE_READ  id: segment; thread: the reader, from issue to arrival, verified
 */
struct trace_event {
  int32_t what, id, thread, reserved;
  int64_t from, to; /* nanoseconds of a monotonic clock */
};

struct trace {
  uint32_t capacity; /* a power of two */
  uint32_t next;     /* events recorded so far */
  struct trace_event events[];
};

#ifdef __wasm__
/* Milliseconds, the same on all threads. */
__attribute__((import_module("env"), import_name("clock"))) double imported_clock(void);
static inline int64_t trace_clock(void) { return (int64_t)(imported_clock() * 1e6); }
#else
int64_t platform_clock(void);
static inline int64_t trace_clock(void) { return platform_clock(); }
#endif

static inline void trace_record(struct trace *trace, int32_t what, int32_t id, int32_t thread, int64_t from,
                                int64_t to) {
  const uint32_t at = __atomic_fetch_add(&trace->next, 1, __ATOMIC_RELAXED);
  trace->events[at & (trace->capacity - 1)] = (struct trace_event){what, id, thread, 0, from, to};
}

#endif
