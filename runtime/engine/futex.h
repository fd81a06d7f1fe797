/*
 * Sleeping on a word of shared memory: spin a little, then sleep until the word is notified. Invariant: a waiter
 * sleeps only if the word still has the value it saw, so a change before the sleep is never missed.
 */
#ifndef MILLRACE_FUTEX_H
#define MILLRACE_FUTEX_H
#include <stdint.h>

/* Both about 20 µs: more than the gap between two steps, about what a sleep and a wake-up cost. In WASM a look takes
 * half a cycle where loads and branches are cheap; natively a pause between two takes 10 to 40 ns. */
#ifdef __wasm__
enum { SPINS = 100000 };
#else
enum { SPINS = 1000 };
#endif

static inline int32_t load_word(const int32_t *word) { return __atomic_load_n(word, __ATOMIC_SEQ_CST); }
static inline void store_word(int32_t *word, int32_t value) { __atomic_store_n(word, value, __ATOMIC_SEQ_CST); }
static inline int32_t add_word(int32_t *word, int32_t value) {
  return __atomic_add_fetch(word, value, __ATOMIC_SEQ_CST);
}

/* Sleeps while *word == seen, at most `nanoseconds` (negative: for ever). May return early. */
#ifdef __wasm__
static inline void sleep_on(int32_t *word, int32_t seen, int64_t nanoseconds) {
  __builtin_wasm_memory_atomic_wait32(word, seen, nanoseconds);
}
static inline void notify_all(int32_t *word) { __builtin_wasm_memory_atomic_notify(word, 0xffffffff); }
static inline void pause_thread(void) {}
#else
void platform_sleep(int32_t *word, int32_t seen, int64_t nanoseconds);
void platform_notify(int32_t *word);
static inline void sleep_on(int32_t *word, int32_t seen, int64_t nanoseconds) { platform_sleep(word, seen, nanoseconds); }
static inline void notify_all(int32_t *word) { platform_notify(word); }
static inline void pause_thread(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb");
#endif
}
#endif

/* Spins until *word != seen; 1 if it changed in time. */
static inline int spin_on(const int32_t *word, int32_t seen) {
  for (int32_t i = 0; i < SPINS; i++) {
    if (load_word(word) != seen) return 1;
    pause_thread();
  }
  return 0;
}

#endif
