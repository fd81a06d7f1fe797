/*
 * A loaded model without Node: one mapping of memory (tables, program, arena), an engine, its threads and its loader.
 * Invariant: after model_start the only thread that touches the arena's values between model_run and the call of
 * `finished` is the engine's; at all other times it is the caller's.
 *
 * A context is a model with a parent: resident segments lie in the parent's memory, which must outlive it, and are read
 * by whichever of them runs first; everything else, the file and the threads included, is its own.
 */
#ifndef MILLRACE_MODEL_H
#define MILLRACE_MODEL_H
#include "heap.h"
#include "loader.h"

enum { MAX_THREADS = 64 };

struct model_sizes {
  uint64_t arenaBytes;
  int32_t values, segments, programWords, threads;
};

/* Rows of the tables that the caller brings. */
enum { WEIGHT_ROW = 3, SEGMENT_ROW = 5 };
struct model_tables {
  const int32_t *program;
  const double *offsets;  /* by value: in the arena, or below 0 */
  const double *weights;  /* rows of {value, segment, offset in the segment} */
  const double *segments; /* rows of {offset in the file, bytes, CRC-32, issue, offset in the arena} */
  int32_t weightCount;
  const double *primes;   /* by segment: step after which it may be read for the next run, or NOT_PRIMED; null: none */
};

struct model {
  struct engine engine;
  struct loader loader;
  const struct model *parent; /* null: not a context */
  struct heap heap;
  kernel_runner *kernels;
  uint8_t *memory;
  uint64_t memoryBytes;
  uint8_t *arena;
  int32_t values, programWords;
  struct trace *trace;
  uint64_t traceBytes;
  int32_t answered; /* the last value of `generation` that thread 0 has answered */
  int32_t started;  /* threads that run */
  int32_t entered;  /* the fault handler is in place for this run */
  uintptr_t threads[MAX_THREADS];
  /* Called by thread 0 when a run has ended or wants a host op. */
  void (*finished)(struct model *model);
  void *owner;
};

/* Takes the memory; 0 or an error. */
int model_prepare(struct model *model, const struct model_sizes *sizes);
/* Fills the tables, of the sizes given before; the loader's source is open, since weights may lie in its mapping. */
void model_fill(struct model *model, const struct model_tables *tables);
/* Starts the threads; the loader's source is open. 0 or an error. */
int model_start(struct model *model, int32_t readers, int32_t traceEvents);
void model_run(struct model *model);
/* After a host op. */
void model_resume(struct model *model);
void model_stop(struct model *model);
/* Ends a run that is going on, then all threads, and closes the file. The memory stays. */
void model_end(struct model *model);
void model_free(struct model *model);

#endif
