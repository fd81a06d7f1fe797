/*
 * The replayer: walks the program (see program.ts) and runs its kernels, alone or with a pool of threads.
 *
 * Thread 0 alone interprets the program. For a step worth sharing it publishes the call in `team` and raises its
 * epoch; the other threads run the same kernel on the same parameters, claiming tiles from one counter, and count
 * themselves out. Invariant: between two kernels no other thread touches an operand, so FREE, HOST and the next
 * kernel need no locks. Every sleep is on a word that is changed before it is notified (futex.h), and none happens
 * in cooperative mode, where the memory may be unshared and a wait would trap.
 */
#include "replay.h"
#include "cost.h"
#include "futex.h"

THREAD_LOCAL const uint64_t *engine_addresses;

/* While a segment is awaited, how often an abort is looked for. */
static const int64_t STOP_POLL_NANOSECONDS = 10 * 1000 * 1000;

static const int32_t CALL_HEADER = 2;

static int32_t run_shared(struct engine *engine, const int32_t *call) {
  struct team *team = &engine->team;
  const int32_t threads = engine->block.threads;
  team->tiles = (struct tiles){0, 0, 0, 0};
  team->call = call;
  store_word(&team->running, threads - 1);
  add_word(&team->epoch, 1);
  /* A thread counts itself a sleeper before it looks at the epoch for the last time: none is missed. */
  if (load_word(&team->sleepers) != 0) notify_all(&team->epoch);

  struct work work = {&team->tiles, threads, 0};
  const int32_t error = engine->run(call, &work);
  /* Others may await a tile of ours. */
  if (error != 0) store_word(&team->tiles.error, error);
  for (int32_t left; (left = load_word(&team->running)) != 0;)
    if (!spin_on(&team->running, left)) sleep_on(&team->running, left, -1);
  return error != 0 ? error : load_word(&team->tiles.error);
}

static int32_t run_call(struct engine *engine, const int32_t *call) {
  const struct control *block = &engine->block;
  if (block->threads > 1 && !block->cooperative && worth_sharing(call[0], call + CALL_HEADER))
    return run_shared(engine, call);
  struct tiles tiles = {0, 0, 0, 0};
  struct work work = {&tiles, 1, 0};
  return engine->run(call, &work);
}

void engine_wake_loader(struct engine *engine) {
  add_word(&engine->block.wake, 1);
  notify_all(&engine->block.wake);
}

/* The status that ends or suspends the replay, or STATUS_RUNNING when the segment is there. */
static int32_t await_segment(struct engine *engine, int32_t segment) {
  struct control *block = &engine->block;
  int32_t *state = engine->states + segment;
  int64_t since = 0;
  for (;;) {
    const int32_t seen = load_word(state);
    if (seen == SEGMENT_ARRIVED || seen == SEGMENT_RESIDENT) {
      if (since != 0) {
        const int64_t now = trace_clock();
        engine->stall += now - since;
        if (engine->trace) trace_record(engine->trace, TRACE_WAIT, segment, 0, since, now);
      }
      return STATUS_RUNNING;
    }
    if (load_word(&block->stop) != 0) return STATUS_STOPPED;
    if (seen == SEGMENT_FAILED) {
      block->detail = ENGINE_ERROR_SEGMENT;
      return STATUS_ERROR;
    }
    if (block->cooperative) {
      block->detail = segment;
      return STATUS_NEED;
    }
    if (since == 0) since = trace_clock();
    if (!spin_on(state, seen)) sleep_on(state, seen, STOP_POLL_NANOSECONDS);
  }
}

/* Step `step` is complete since now, and began at `began`, which becomes the beginning of the next. */
static void trace_step(struct engine *engine, int32_t step, int64_t *began) {
  const int64_t now = trace_clock();
  if (*began != 0) trace_record(engine->trace, TRACE_STEP, step, 0, *began, now);
  *began = now;
}

static int32_t interpret(struct engine *engine) {
  struct control *block = &engine->block;
  int32_t *states = engine->states;
  int64_t began = engine->trace && block->pc > 0 ? trace_clock() : 0;
  for (;;) {
    const int32_t *call = engine->program + block->pc;
    const int32_t length = call[1];
    switch (call[0]) {
      case OP_END:
        if (engine->trace) trace_step(engine, block->progress + 1, &began);
        store_word(&block->progress, block->progress + 1);
        return STATUS_DONE;
      case OP_MARK:
        if (engine->trace) trace_step(engine, call[2] - 1, &began);
        store_word(&block->progress, call[2] - 1);
        if (load_word(&block->stop) != 0) return STATUS_STOPPED;
        block->pc += length;
        if (engine->step) engine->step(engine, call[2]);
        /* The loader writes wakeAt, then looks at progress; we write progress, then look at wakeAt. */
        if (block->progress >= load_word(&block->wakeAt)) {
          if (block->cooperative) return STATUS_WAKE;
          engine_wake_loader(engine);
        }
        break;
      case OP_WAIT: {
        const int32_t status = await_segment(engine, call[2]);
        if (status != STATUS_RUNNING) return status;
        block->pc += length;
        break;
      }
      case OP_FREE:
        if (load_word(states + call[2]) != SEGMENT_RESIDENT) {
          if (engine->release) engine->release(engine, call[2]);
          store_word(states + call[2], SEGMENT_EMPTY);
        }
        block->pc += length;
        break;
      case OP_HOST:
        block->detail = call[2];
        block->pc += length;
        return STATUS_HOST;
      default: {
        const int32_t error = run_call(engine, call);
        if (error != 0) {
          block->detail = error;
          return STATUS_ERROR;
        }
        block->pc += length;
      }
    }
  }
}

int32_t engine_replay(struct engine *engine) {
  struct control *block = &engine->block;
  engine_addresses = engine->addresses;
  if (block->pc == 0) {
    store_word(&block->progress, -1);
    engine->stall = 0;
  }
  store_word(&block->status, STATUS_RUNNING);
  const int32_t status = interpret(engine);
  store_word(&block->status, status);
  return status;
}

void engine_dismiss(struct engine *engine) {
  engine->team.call = 0;
  add_word(&engine->team.epoch, 1);
  notify_all(&engine->team.epoch);
}

void engine_follow(struct engine *engine, int32_t thread) {
  struct team *team = &engine->team;
  engine_addresses = engine->addresses;
  for (int32_t seen = 0;;) {
    if (!spin_on(&team->epoch, seen)) {
      add_word(&team->sleepers, 1);
      sleep_on(&team->epoch, seen, -1);
      add_word(&team->sleepers, -1);
      if (load_word(&team->epoch) == seen) continue;
    }
    seen = load_word(&team->epoch);
    if (team->call == 0) return;
    const int64_t began = engine->trace ? trace_clock() : 0;
    struct work work = {&team->tiles, engine->block.threads, 0};
    const int32_t error = engine->run(team->call, &work);
    if (engine->trace) trace_record(engine->trace, TRACE_WORK, engine->block.progress + 1, thread, began, trace_clock());
    if (error != 0) store_word(&team->tiles.error, error);
    if (add_word(&team->running, -1) == 0) notify_all(&team->running);
  }
}
