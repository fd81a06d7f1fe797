/* Memory and threads of a loaded model: see model.h. */
#include "model.h"
#include <stdlib.h>
#include <string.h>
#include "../futex.h"
#include "fault.h"

static uint64_t align_up(uint64_t value, uint64_t alignment) { return (value + alignment - 1) / alignment * alignment; }

/*
 * Memory in large pages is read into several times as fast: a direct request is a few long pieces to the disk instead
 * of hundreds of 4 KiB. So the last page of the arena is a large one too, where that adds no more than half of it.
 */
static uint64_t arena_room(const struct model_sizes *sizes) {
  const uint64_t bytes = align_up(sizes->arenaBytes, page_bytes()), large = large_page_bytes();
  return large > 0 && bytes % large >= large / 2 ? align_up(bytes, large) : bytes;
}

int model_prepare(struct model *model, const struct model_sizes *sizes) {
  const uint64_t line = 64, page = page_bytes();
  const uint64_t addresses = 0;
  const uint64_t states = align_up(addresses + 8 * (uint64_t)sizes->values, line);
  const uint64_t program = align_up(states + 4 * (uint64_t)sizes->segments, line);
  const uint64_t segments = align_up(program + 4 * (uint64_t)sizes->programWords, line);
  const uint64_t arena = align_up(segments + sizeof(struct segment) * (uint64_t)sizes->segments, page);
  model->memoryBytes = arena + arena_room(sizes);
  model->memory = pages_take(model->memoryBytes, arena);
  if (!model->memory) return -1;
  model->arena = model->memory + arena;
  model->values = sizes->values;
  model->programWords = sizes->programWords;
  model->engine.addresses = (uint64_t *)(model->memory + addresses);
  model->engine.states = (int32_t *)(model->memory + states);
  model->engine.program = (int32_t *)(model->memory + program);
  model->engine.block.threads = sizes->threads;
  model->loader.segments = (struct segment *)(model->memory + segments);
  model->loader.home = model->parent ? model->parent->loader.segments : model->loader.segments;
  model->loader.count = sizes->segments;
  model->loader.engine = &model->engine;
  model->loader.file = model->loader.refused = NO_FILE;
  return 0;
}

/* The engine only reads its tables; filling them is the one exception. */
#define WRITABLE(type, pointer) ((type *)(uintptr_t)(pointer))

static uint8_t *arena_of(const struct model *model, int32_t issue) {
  return model->parent && issue == RESIDENT_ISSUE ? model->parent->arena : model->arena;
}

void model_fill(struct model *model, const struct model_tables *tables) {
  memcpy(WRITABLE(int32_t, model->engine.program), tables->program, sizeof(int32_t) * (size_t)model->programWords);
  for (int32_t s = 0; s < model->loader.count; s++) {
    const double *row = tables->segments + (size_t)s * SEGMENT_ROW;
    model->loader.segments[s] = (struct segment){
        .offset = (uint64_t)row[0],
        .bytes = (uint64_t)row[1],
        .crc = (uint32_t)row[2],
        .issue = (int32_t)row[3],
        .prime = tables->primes ? (int32_t)tables->primes[s] : NOT_PRIMED,
        .target = arena_of(model, (int32_t)row[3]) + (uint64_t)row[4],
    };
  }
  uint64_t *addresses = WRITABLE(uint64_t, model->engine.addresses);
  for (int32_t v = 0; v < model->values; v++)
    addresses[v] = tables->offsets[v] < 0 ? 0 : (uintptr_t)(model->arena + (uint64_t)tables->offsets[v]);
  for (int32_t w = 0; w < tables->weightCount; w++) {
    const double *row = tables->weights + (size_t)w * WEIGHT_ROW;
    const struct segment *home = &model->loader.segments[(size_t)row[1]];
    const uint8_t *base = model->loader.mapping ? model->loader.mapping + home->offset : home->target;
    addresses[(size_t)row[0]] = (uintptr_t)(base + (uint64_t)row[2]);
  }
}

/* One thread's guarded call; an addon has many engines, so what is guarded travels with the thread. */
struct guarded_call {
  kernel_runner *run;
  const int32_t *call;
  struct work *work;
  int32_t error;
};

static _Thread_local const struct model *thread_model;

static void make_call(void *argument) {
  struct guarded_call *call = argument;
  call->error = call->run(call->call, call->work);
}

static int32_t run_guarded(const int32_t *call, struct work *work) {
  const struct model *model = thread_model;
  struct guarded_call guarded_call = {model->kernels, call, work, 0};
  if (guarded(model->loader.mapping, model->loader.opened.bytes, make_call, &guarded_call)) return ENGINE_ERROR_FAULT;
  return guarded_call.error;
}

static void release(struct engine *engine, int32_t segment) {
  struct model *model = (struct model *)engine; /* its first member */
  loader_release(&model->loader, segment);
}

static void on_step(struct engine *engine, int32_t step) {
  heap_step(&((struct model *)engine)->heap, step); /* its first member */
}

static void lead(void *argument) {
  struct model *model = argument;
  struct control *block = &model->engine.block;
  thread_model = model;
  for (;;) {
    while (load_word(&block->generation) == model->answered)
      if (!spin_on(&block->generation, model->answered)) sleep_on(&block->generation, model->answered, -1);
    model->answered = load_word(&block->generation);
    if (load_word(&block->exit) != 0) break;
    const int32_t status = engine_replay(&model->engine);
    if (status != STATUS_HOST) {
      loader_settle(&model->loader, status == STATUS_DONE);
      if (model->heap.lives) heap_end(&model->heap);
      if (model->entered) faults_leave();
      model->entered = 0;
    }
    model->finished(model);
  }
  engine_dismiss(&model->engine);
}

struct follower {
  struct model *model;
  int32_t thread;
};

static void follow(void *argument) {
  const struct follower follower = *(struct follower *)argument;
  free(argument);
  thread_model = follower.model;
  engine_follow(&follower.model->engine, follower.thread);
}

int model_start(struct model *model, int32_t readers, int32_t traceEvents) {
  struct engine *engine = &model->engine;
  engine->run = model->kernels;
  if (model->heap.lives) engine->step = on_step;
  pages_dense(model->arena, model->memoryBytes - (uint64_t)(model->arena - model->memory));
  if (model->loader.mapping) {
    engine->run = run_guarded;
    engine->release = release;
  } else {
    /* A context's arena has the plan's addresses, and nothing where the residents are. */
    for (int32_t s = 0; model->parent && s < model->loader.count; s++) {
      const struct segment *segment = &model->loader.segments[s];
      if (segment->issue == RESIDENT_ISSUE)
        pages_spare(model->arena + (segment->target - model->parent->arena), segment->bytes);
    }
  }
  if (traceEvents > 0) {
    model->traceBytes = align_up(sizeof(struct trace) + sizeof(struct trace_event) * (uint64_t)traceEvents, page_bytes());
    model->trace = pages_take(model->traceBytes, 0);
    if (!model->trace) return -1;
    model->trace->capacity = (uint32_t)traceEvents;
    engine->trace = model->trace;
  }
  const int error = loader_start(&model->loader, readers);
  if (error) return error;
  for (int32_t thread = 0; thread < engine->block.threads; thread++) {
    struct follower *follower = thread == 0 ? 0 : malloc(sizeof *follower);
    if (follower) *follower = (struct follower){model, thread};
    const int failed = thread == 0 ? thread_start(&model->threads[0], lead, model)
                                   : thread_start(&model->threads[thread], follow, follower);
    if (failed) {
      free(follower);
      return failed;
    }
    model->started++;
  }
  return 0;
}

static void go(struct model *model) {
  add_word(&model->engine.block.generation, 1);
  notify_all(&model->engine.block.generation);
}

void model_run(struct model *model) {
  struct control *block = &model->engine.block;
  block->pc = 0;
  store_word(&block->stop, 0);
  store_word(&block->progress, -1);
  store_word(&block->status, STATUS_RUNNING);
  if (model->loader.mapping) {
    faults_enter();
    model->entered = 1;
  }
  if (model->heap.lives) heap_begin(&model->heap);
  loader_begin(&model->loader);
  go(model);
}

void model_resume(struct model *model) {
  store_word(&model->engine.block.status, STATUS_RUNNING);
  go(model);
}

void model_stop(struct model *model) { store_word(&model->engine.block.stop, 1); }

void model_end(struct model *model) {
  struct control *block = &model->engine.block;
  store_word(&block->stop, 1);
  if (model->started > 0) {
    store_word(&block->exit, 1);
    go(model);
    thread_join(model->threads[0]);
    for (int32_t thread = 1; thread < model->started; thread++) thread_join(model->threads[thread]);
  }
  model->started = 0;
  loader_close(&model->loader);
  if (model->entered) faults_leave();
  model->entered = 0;
}

void model_free(struct model *model) {
  if (model->memory) pages_give(model->memory, model->memoryBytes);
  if (model->trace) pages_give(model->trace, model->traceBytes);
  heap_close(&model->heap);
  model->memory = 0;
  model->trace = 0;
}
