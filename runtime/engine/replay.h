/*
 * One engine: a program, the tables it is resolved against, and the team of threads that runs it. WASM has one
 * instance per memory (wasm.c), a native addon one per loaded model (native/model.c); the replayer is the same.
 */
#ifndef MILLRACE_REPLAY_H
#define MILLRACE_REPLAY_H
#include "engine.h"
#include "trace.h"

/* A call shared by all threads. */
struct team {
  int32_t epoch;    /* raised for each shared call, and once more when the threads shall leave */
  int32_t sleepers; /* threads that may be asleep on the epoch */
  int32_t running;  /* threads other than 0 that have not finished the call */
  struct tiles tiles;
  const int32_t *call; /* null: leave */
};

/* Runs one kernel call; 0 or one of ENGINE_ERROR_*. */
typedef int32_t kernel_runner(const int32_t *call, struct work *work);

struct engine {
  struct control block;
  struct team team;
  const int32_t *program;
  int32_t *states;
  const uint64_t *addresses;
  kernel_runner *run;
  /* Called when a streamed segment has been used for the last time; null: nothing to do. */
  void (*release)(struct engine *engine, int32_t segment);
  /* Called before a step; null: nothing to do. */
  void (*step)(struct engine *engine, int32_t step);
  struct trace *trace; /* null: nothing is recorded */
  int64_t stall;       /* nanoseconds this run has waited for segments */
};

/* The kernels of one instruction set: every set is the same sources, compiled with its own SYMBOL suffix. */
int32_t SYMBOL(run_kernel)(const int32_t *call, struct work *work);

/* Runs the program from `pc` to the next point where the caller is needed; returns and stores the status. */
int32_t engine_replay(struct engine *engine);

/* A thread other than 0: its whole life. */
void engine_follow(struct engine *engine, int32_t thread);

/* Lets the following threads leave; called by thread 0, between calls. */
void engine_dismiss(struct engine *engine);

void engine_wake_loader(struct engine *engine);

#endif
