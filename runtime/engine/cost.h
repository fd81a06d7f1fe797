/*
 * Which calls are worth waking the other threads for. A hand-over costs a few microseconds, so it is the work of the
 * call, as the kernel table has it, against that; the answer changes who computes, never what.
 */
#ifndef MILLRACE_COST_H
#define MILLRACE_COST_H
#include "engine.h"

/* About 5 µs of one thread, in multiply-adds and in elements moved. */
static const double SHARED_PRODUCTS = 100e3;
static const double SHARED_ELEMENTS = 10e3;

static inline int worth_sharing(int32_t opcode, const void *params) {
  switch (opcode) {
#define CASE(opcode, name, unit, work)      \
  case opcode: {                            \
    const struct name##_params *p = params; \
    return (work) > SHARED_##unit;          \
  }
    ENGINE_WORK(CASE)
#undef CASE
  }
  return 0;
}

#endif
