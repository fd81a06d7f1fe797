/*
 * The replayer: walks the program (see program.ts) and runs its kernels, alone or with a pool of threads.
 *
 * Thread 0 alone interprets the program. For a step worth sharing it publishes the call in `team` and raises its
 * epoch; the other threads run the same kernel on the same parameters, claiming tiles from one counter, and count
 * themselves out. Invariant: between two kernels no other thread touches an operand, so FREE, HOST and the next
 * kernel need no locks. Every sleep is on a word that is changed before it is notified (futex.h), and none happens
 * in cooperative mode, where the memory may be unshared and a wait would trap.
 */
#include "engine.h"
#include "cost.h"
#include "futex.h"

static struct control block;
const uint64_t *engine_addresses;

/* A call shared by all threads. */
static struct {
  int32_t epoch;    /* raised for each shared call, and once more when the threads shall leave */
  int32_t sleepers; /* threads that may be asleep on the epoch */
  int32_t running;  /* threads other than 0 that have not finished the call */
  int32_t next;     /* next tile to claim */
  int32_t error;
  const int32_t *call; /* null: leave */
} team;

/* The last value of `generation` that thread 0 has answered. */
static int32_t answered;

/* While a segment is awaited, how often an abort is looked for. */
static const int64_t STOP_POLL_NANOSECONDS = 10 * 1000 * 1000;

static const int32_t CALL_HEADER = 2;

#define DECLARE(opcode, name) KERNEL(name);
ENGINE_KERNELS(DECLARE)
#undef DECLARE

static int32_t run_kernel(const int32_t *call, struct work *work) {
  const void *params = call + CALL_HEADER;
  (void)params, (void)work;
  switch (call[0]) {
#define RUN(opcode, name)         \
  case opcode:                    \
    kernel_##name(params, work);  \
    return work->error;
    ENGINE_KERNELS(RUN)
#undef RUN
  }
  return ENGINE_ERROR_OPCODE;
}

static int32_t run_shared(const int32_t *call) {
  const int32_t threads = block.threads;
  team.next = 0;
  team.error = 0;
  team.call = call;
  store_word(&team.running, threads - 1);
  add_word(&team.epoch, 1);
  /* A thread counts itself a sleeper before it looks at the epoch for the last time: none is missed. */
  if (load_word(&team.sleepers) != 0) notify_all(&team.epoch);

  struct work work = {&team.next, threads, 0};
  const int32_t error = run_kernel(call, &work);
  for (int32_t left; (left = load_word(&team.running)) != 0;)
    if (!spin_on(&team.running, left)) sleep_on(&team.running, left, -1);
  return error != 0 ? error : load_word(&team.error);
}

static int32_t run_call(const int32_t *call) {
  if (block.threads > 1 && !block.cooperative && worth_sharing(call[0], call + CALL_HEADER)) return run_shared(call);
  int32_t next = 0;
  struct work work = {&next, 1, 0};
  return run_kernel(call, &work);
}

static void wake_loader(void) {
  add_word(&block.wake, 1);
  notify_all(&block.wake);
}

/* The status that ends or suspends the replay, or STATUS_RUNNING when the segment is there. */
static int32_t await_segment(int32_t segment) {
  int32_t *state = (int32_t *)(uintptr_t)(uint32_t)block.states + segment;
  for (;;) {
    const int32_t seen = load_word(state);
    if (seen == SEGMENT_ARRIVED || seen == SEGMENT_RESIDENT) return STATUS_RUNNING;
    if (load_word(&block.stop) != 0) return STATUS_STOPPED;
    if (seen == SEGMENT_FAILED) {
      block.detail = ENGINE_ERROR_SEGMENT;
      return STATUS_ERROR;
    }
    if (block.cooperative) {
      block.detail = segment;
      return STATUS_NEED;
    }
    if (!spin_on(state, seen)) sleep_on(state, seen, STOP_POLL_NANOSECONDS);
  }
}

static int32_t interpret(void) {
  const int32_t *program = (const int32_t *)(uintptr_t)(uint32_t)block.program;
  int32_t *states = (int32_t *)(uintptr_t)(uint32_t)block.states;
  for (;;) {
    const int32_t *call = program + block.pc;
    const int32_t length = call[1];
    switch (call[0]) {
      case OP_END:
        store_word(&block.progress, block.progress + 1);
        return STATUS_DONE;
      case OP_MARK:
        store_word(&block.progress, call[2] - 1);
        if (load_word(&block.stop) != 0) return STATUS_STOPPED;
        block.pc += length;
        /* The loader writes wakeAt, then looks at progress; we write progress, then look at wakeAt. */
        if (block.progress >= load_word(&block.wakeAt)) {
          if (block.cooperative) return STATUS_WAKE;
          wake_loader();
        }
        break;
      case OP_WAIT: {
        const int32_t status = await_segment(call[2]);
        if (status != STATUS_RUNNING) return status;
        block.pc += length;
        break;
      }
      case OP_FREE:
        if (load_word(states + call[2]) != SEGMENT_RESIDENT) store_word(states + call[2], SEGMENT_EMPTY);
        block.pc += length;
        break;
      case OP_HOST:
        block.detail = call[2];
        block.pc += length;
        return STATUS_HOST;
      default: {
        const int32_t error = run_call(call);
        if (error != 0) {
          block.detail = error;
          return STATUS_ERROR;
        }
        block.pc += length;
      }
    }
  }
}

/* Address of the control block. */
__attribute__((export_name("control"))) struct control *control(void) { return &block; }

/* Runs the program from `pc` to the next point where the caller is needed; returns and stores the status. */
__attribute__((export_name("replay"))) int32_t replay(void) {
  engine_addresses = (const uint64_t *)(uintptr_t)(uint32_t)block.addresses;
  if (block.pc == 0) store_word(&block.progress, -1);
  store_word(&block.status, STATUS_RUNNING);
  const int32_t status = interpret();
  store_word(&block.status, status);
  return status;
}

static void lead(void) {
  for (;;) {
    while (load_word(&block.generation) == answered)
      if (!spin_on(&block.generation, answered)) sleep_on(&block.generation, answered, -1);
    answered = load_word(&block.generation);
    if (load_word(&block.exit) != 0) break;
    replay();
    wake_loader();
  }
  team.call = 0;
  add_word(&team.epoch, 1);
  notify_all(&team.epoch);
}

static void follow(void) {
  for (int32_t seen = 0;;) {
    if (!spin_on(&team.epoch, seen)) {
      add_word(&team.sleepers, 1);
      sleep_on(&team.epoch, seen, -1);
      add_word(&team.sleepers, -1);
      if (load_word(&team.epoch) == seen) continue;
    }
    seen = load_word(&team.epoch);
    if (team.call == 0) return;
    struct work work = {&team.next, block.threads, 0};
    const int32_t error = run_kernel(team.call, &work);
    if (error != 0) store_word(&team.error, error);
    if (add_word(&team.running, -1) == 0) notify_all(&team.running);
  }
}

/* A thread's whole life; thread 0 leads. Returns after `exit` is set and `generation` raised and notified. */
__attribute__((export_name("worker"))) void worker(int32_t thread) {
  if (thread == 0)
    lead();
  else
    follow();
}
