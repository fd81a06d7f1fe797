/*
 * Runs kernel calls for the kernel tests in a process of its own, so that the same tests cover every instruction set,
 * also that of another processor under an emulator. Requests come through one pipe and are answered through another:
 *
 *   LOAD    from, bytes; then the bytes, to be placed in the image
 *   FETCH   from, bytes                                                → the bytes
 *   REPLAY  program, addresses, values, repeats, threads               → struct result
 *
 * Places are offsets in the image, as they are in WASM's memory. REPLAY runs the program `repeats` times and keeps
 * the shortest time. PEAK answers with the time of a known number of multiply-adds in registers.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include "replay.h"
#include "vector.h"

THREAD_LOCAL const uint64_t *engine_addresses;

enum { LOAD, FETCH, REPLAY, PEAK };
enum { MOST_THREADS = 16 };
static const size_t IMAGE_BYTES = (size_t)1 << 31;
static const int32_t PEAK_STEPS = 1 << 20;

struct request {
  int32_t what, from, bytes;
  int32_t program, addresses, values, repeats, threads;
};

struct result {
  int32_t status, detail;
  double seconds;
};

static uint8_t *image;

/* The time of one thread is its processor's, which other processes do not add to. */
static double now(int32_t threads) {
  struct timespec time;
  clock_gettime(threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* One call, shared by threads that start together. */
struct shared {
  const int32_t *call;
  const uint64_t *addresses;
  int32_t threads, waiting, running;
  struct tiles tiles;
};

/* Threads that wait for each other's tiles give way instead of sleeping. */
void platform_sleep(int32_t *word, int32_t seen, int64_t nanoseconds) {
  (void)word, (void)seen, (void)nanoseconds;
  sched_yield();
}
void platform_notify(int32_t *word) { (void)word; }

static void take_part(struct shared *shared) {
  __atomic_sub_fetch(&shared->waiting, 1, __ATOMIC_SEQ_CST);
  while (__atomic_load_n(&shared->waiting, __ATOMIC_SEQ_CST) > 0) continue;
  struct work work = {&shared->tiles, shared->threads, 0};
  engine_addresses = shared->addresses;
  const int32_t error = run_kernel(shared->call, &work);
  if (error != 0) __atomic_store_n(&shared->tiles.error, error, __ATOMIC_SEQ_CST);
  __atomic_sub_fetch(&shared->running, 1, __ATOMIC_SEQ_CST);
  while (__atomic_load_n(&shared->running, __ATOMIC_SEQ_CST) > 0) continue;
}

static void *other_thread(void *shared) {
  take_part(shared);
  return 0;
}

static struct result replay(const struct request *request) {
  struct result result = {STATUS_DONE, 0, 1e9};
  static uint64_t addresses[64];
  const uint64_t *places = (const uint64_t *)(image + request->addresses);
  for (int32_t i = 0; i < request->values && i < 64; i++)
    addresses[i] = places[i] + (uint64_t)(uintptr_t)image;
  for (int32_t repeat = 0; repeat < request->repeats; repeat++) {
    double seconds = 0;
    const int32_t *call = (const int32_t *)(image + request->program);
    for (; call[0] != OP_END; call += call[1]) {
      struct shared shared = {call, addresses, request->threads, request->threads, request->threads, {0, 0, 0, 0}};
      pthread_t others[MOST_THREADS];
      for (int32_t t = 1; t < request->threads; t++) pthread_create(&others[t], 0, other_thread, &shared);
      while (__atomic_load_n(&shared.waiting, __ATOMIC_SEQ_CST) > 1) continue;
      const double started = now(request->threads);
      take_part(&shared);
      seconds += now(request->threads) - started;
      for (int32_t t = 1; t < request->threads; t++) pthread_join(others[t], 0);
      if (shared.tiles.error != 0) return (struct result){STATUS_ERROR, shared.tiles.error, seconds};
    }
    if (seconds < result.seconds) result.seconds = seconds;
  }
  return result;
}

/* Twelve chains, more than latency times width on any processor so far, each of a full vector. */
static struct result peak(const struct request *request) {
  enum { CHAINS = 12 };
  struct result result = {STATUS_DONE, PEAK_STEPS * CHAINS * LANES / 1000, 1e9};
  for (int32_t repeat = 0; repeat < request->repeats; repeat++) {
    vN sum[CHAINS];
    vN factor = splatN(0.5f);
    UNROLL for (int i = 0; i < CHAINS; i++) sum[i] = splatN(1.0f);
    const double started = now(1);
    for (int32_t step = 0; step < PEAK_STEPS; step++) {
      UNROLL for (int i = 0; i < CHAINS; i++) {
        sum[i] = MADD(factor, factor, sum[i]);
#if defined(__x86_64__)
        __asm__ volatile("" : "+v"(sum[i]));
#else
        __asm__ volatile("" : "+w"(sum[i]));
#endif
      }
    }
    const double seconds = now(1) - started;
    if (seconds < result.seconds) result.seconds = seconds;
  }
  return result;
}

static int read_all(int file, void *to, size_t bytes) {
  for (uint8_t *at = to; bytes > 0;) {
    const ssize_t count = read(file, at, bytes);
    if (count <= 0) return 0;
    at += count;
    bytes -= (size_t)count;
  }
  return 1;
}

static void write_all(int file, const void *from, size_t bytes) {
  for (const uint8_t *at = from; bytes > 0;) {
    const ssize_t count = write(file, at, bytes);
    if (count <= 0) exit(1);
    at += count;
    bytes -= (size_t)count;
  }
}

/* Without arguments: whether this processor runs this build at all. */
int main(int count, char **arguments) {
  const struct request short_peak = {.repeats = 1};
  if (count != 3) return peak(&short_peak).status == STATUS_DONE ? 0 : 1;
  image = mmap(0, IMAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (image == MAP_FAILED) return 1;
  const int requests = open(arguments[1], O_RDONLY), answers = open(arguments[2], O_WRONLY);
  for (struct request request; read_all(requests, &request, sizeof request);) {
    struct result result;
    switch (request.what) {
      case LOAD:
        if (!read_all(requests, image + request.from, (size_t)request.bytes)) return 1;
        break;
      case FETCH: write_all(answers, image + request.from, (size_t)request.bytes); break;
      case REPLAY:
      case PEAK:
        result = request.what == PEAK ? peak(&request) : replay(&request);
        write_all(answers, &result, sizeof result);
        break;
    }
  }
  return 0;
}
