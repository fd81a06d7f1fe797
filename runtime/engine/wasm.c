/*
 * The engine as a WASM module: one engine per memory, reached through the addresses in its control block, and the
 * loops of its threads, which TypeScript drives by words of that block.
 */
#include "futex.h"
#include "replay.h"

static struct engine engine;

/* The last value of `generation` that thread 0 has answered. */
static int32_t answered;

/* Every thread is an instance of this module and writes the same words. */
static void prepare(void) {
  engine.program = (const int32_t *)(uintptr_t)(uint32_t)engine.block.program;
  engine.states = (int32_t *)(uintptr_t)(uint32_t)engine.block.states;
  engine.addresses = (const uint64_t *)(uintptr_t)(uint32_t)engine.block.addresses;
  engine.run = run_kernel;
  engine.trace = (struct trace *)(uintptr_t)(uint32_t)engine.block.trace;
}

/* What the loader compares before it gives the engine a program. */
__attribute__((export_name("abi"))) uint32_t abi(void) { return ENGINE_ABI_HASH; }

/* Address of the control block. */
__attribute__((export_name("control"))) struct control *control(void) { return &engine.block; }

__attribute__((export_name("replay"))) int32_t replay(void) {
  prepare();
  return engine_replay(&engine);
}

static void lead(void) {
  for (;;) {
    while (load_word(&engine.block.generation) == answered)
      if (!spin_on(&engine.block.generation, answered)) sleep_on(&engine.block.generation, answered, -1);
    answered = load_word(&engine.block.generation);
    if (load_word(&engine.block.exit) != 0) break;
    replay();
    engine_wake_loader(&engine);
  }
  engine_dismiss(&engine);
}

/* A thread's whole life; thread 0 leads. Returns after `exit` is set and `generation` raised and notified. */
__attribute__((export_name("worker"))) void worker(int32_t thread) {
  if (thread == 0) {
    lead();
  } else {
    prepare();
    engine_follow(&engine, thread);
  }
}
