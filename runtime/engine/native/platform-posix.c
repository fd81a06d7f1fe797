/* The platform layer on Linux and macOS: see platform.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "platform.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/futex.h>
#include <sys/syscall.h>
#endif

#ifndef MADV_POPULATE_READ /* Linux 5.14 */
#define MADV_POPULATE_READ 22
#endif

/* Kernels keep their tiles on the stack; this is four times what the largest needs. */
enum { THREAD_STACK_BYTES = 256 * 1024 };
/* One call reads at most 2 GiB less a page on Linux. */
static const size_t MAX_READ = (size_t)1 << 30;

int64_t platform_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

#ifdef __linux__
void platform_sleep(int32_t *word, int32_t seen, int64_t nanoseconds) {
  const struct timespec timeout = {nanoseconds / 1000000000, nanoseconds % 1000000000};
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, nanoseconds < 0 ? 0 : &timeout, 0, 0);
}
void platform_notify(int32_t *word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, 0, 0, 0); }
#else
/* Sleepers by address, in a few queues: who is woken for another's word looks at his own and sleeps again. */
enum { QUEUES = 16 };
static struct {
  pthread_mutex_t lock;
  pthread_cond_t changed;
} queues[QUEUES] = {[0 ... QUEUES - 1] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER}};

static int queue_of(const int32_t *word) { return (int)((uintptr_t)word / 64 % QUEUES); }

void platform_sleep(int32_t *word, int32_t seen, int64_t nanoseconds) {
  const int at = queue_of(word);
  pthread_mutex_lock(&queues[at].lock);
  if (__atomic_load_n(word, __ATOMIC_SEQ_CST) == seen) {
    if (nanoseconds < 0) {
      pthread_cond_wait(&queues[at].changed, &queues[at].lock);
    } else {
      struct timespec until;
      clock_gettime(CLOCK_REALTIME, &until);
      const int64_t total = until.tv_nsec + nanoseconds;
      until.tv_sec += total / 1000000000;
      until.tv_nsec = total % 1000000000;
      pthread_cond_timedwait(&queues[at].changed, &queues[at].lock, &until);
    }
  }
  pthread_mutex_unlock(&queues[at].lock);
}
void platform_notify(int32_t *word) {
  const int at = queue_of(word);
  pthread_mutex_lock(&queues[at].lock);
  pthread_cond_broadcast(&queues[at].changed);
  pthread_mutex_unlock(&queues[at].lock);
}
#endif

struct start {
  void (*task)(void *);
  void *argument;
};

static void *run_thread(void *given) {
  struct start start = *(struct start *)given;
  free(given);
  start.task(start.argument);
  return 0;
}

int thread_start(uintptr_t *handle, void (*task)(void *), void *argument) {
  struct start *start = malloc(sizeof *start);
  if (!start) return ENOMEM;
  *start = (struct start){task, argument};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, THREAD_STACK_BYTES);
  /* Signals to the process are the main thread's; faults arrive where they happen, blocked or not. */
  sigset_t all, old;
  sigfillset(&all);
  sigdelset(&all, SIGBUS);
  sigdelset(&all, SIGSEGV);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, run_thread, start);
  pthread_sigmask(SIG_SETMASK, &old, 0);
  pthread_attr_destroy(&attributes);
  if (error) free(start);
  else *handle = (uintptr_t)thread;
  return error;
}

void thread_join(uintptr_t handle) { pthread_join((pthread_t)handle, 0); }

size_t page_bytes(void) { return (size_t)sysconf(_SC_PAGESIZE); }

size_t large_page_bytes(void) {
#ifdef __linux__
  return page_bytes() == 4096 ? (size_t)2 << 20 : 0;
#else
  return 0;
#endif
}

void *pages_take(size_t bytes, size_t before) {
  const size_t large = bytes - before < large_page_bytes() ? 0 : large_page_bytes();
  uint8_t *const first = mmap(0, bytes + large, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (first == MAP_FAILED) return 0;
  if (large == 0) return first;
  const size_t head = (size_t)(-((uintptr_t)first + before) & (large - 1));
  if (head > 0) munmap(first, head);
  if (head < large) munmap(first + head + bytes, large - head);
  return first + head;
}

void pages_dense(void *address, size_t bytes) {
#ifdef MADV_HUGEPAGE
  madvise(address, bytes, MADV_HUGEPAGE);
#else
  (void)address, (void)bytes;
#endif
}

void pages_spare(void *address, size_t bytes) {
#ifdef MADV_NOHUGEPAGE
  madvise(address, bytes, MADV_NOHUGEPAGE);
#else
  (void)address, (void)bytes;
#endif
}

void pages_give(void *address, size_t bytes) { munmap(address, bytes); }

void *block_take(size_t bytes) {
  void *block = 0;
  return posix_memalign(&block, 64, bytes) == 0 ? block : 0;
}

void block_give(void *block) { free(block); }

int file_open(platform_file *file, const char *path, int direct) {
  int flags = O_RDONLY | O_CLOEXEC;
#ifdef O_DIRECT
  if (direct) flags |= O_DIRECT;
#endif
  int descriptor;
  do descriptor = open(path, flags);
  while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0) return errno;
#if !defined(O_DIRECT) && defined(F_NOCACHE)
  if (direct) fcntl(descriptor, F_NOCACHE, 1);
#endif
  *file = descriptor;
  return 0;
}

int file_look(platform_file file, struct file_state *state) {
  struct stat stat;
  if (fstat((int)file, &stat) != 0) return errno;
  if (!S_ISREG(stat.st_mode)) return EINVAL;
#ifdef __APPLE__
  const struct timespec modified = stat.st_mtimespec;
#else
  const struct timespec modified = stat.st_mtim;
#endif
  *state = (struct file_state){(uint64_t)stat.st_size, (int64_t)modified.tv_sec * 1000000000 + modified.tv_nsec};
  return 0;
}

int file_read(platform_file file, void *target, size_t bytes, uint64_t offset, size_t *count) {
  ssize_t got;
  do got = pread((int)file, target, bytes < MAX_READ ? bytes : MAX_READ, (off_t)offset);
  while (got < 0 && errno == EINTR);
  if (got < 0) return errno;
  *count = (size_t)got;
  return 0;
}

void file_close(platform_file file) { close((int)file); }

int file_forget(const char *path) {
#ifdef POSIX_FADV_DONTNEED
  platform_file file = NO_FILE;
  int error = file_open(&file, path, 0);
  if (error) return error;
  error = posix_fadvise((int)file, 0, 0, POSIX_FADV_DONTNEED);
  file_close(file);
  return error;
#else
  (void)path;
  return ENOTSUP;
#endif
}

int is_refusal(int error) { return error == EINVAL || error == ENOTSUP || error == EOPNOTSUPP; }

const char *error_text(int error, char *buffer, size_t bytes) {
  buffer[0] = 0;
#if defined(__GLIBC__) && defined(_GNU_SOURCE)
  return strerror_r(error, buffer, bytes);
#else
  strerror_r(error, buffer, bytes);
  return buffer;
#endif
}

int mapping_open(const uint8_t **mapping, platform_file file, size_t bytes) {
  void *pages = mmap(0, bytes, PROT_READ, MAP_SHARED, (int)file, 0);
  if (pages == MAP_FAILED) return errno;
  *mapping = pages;
  return 0;
}

void mapping_close(const uint8_t *mapping, size_t bytes) { munmap((void *)mapping, bytes); }

/* One MADV_WILLNEED reads no more than the device's read-ahead, 128 KiB by default; it does not wait. */
static const uint64_t AHEAD = 128 * 1024;
/* A page fault maps what is cached of the 64 KiB around it: pages of the neighbours among them. */
static const uint64_t AROUND = 64 * 1024;
/* Where the file cache holds a file in large pages, a fault maps more: what lies behind a segment may have come back
 * after it was dropped. VGG-19's weights, Linux 6.18, read-ahead 8 MiB: 5 MiB over the window instead of 10. */
static const uint64_t BEHIND = (uint64_t)2 << 20;

/* A page of an old system, or of one without MADV_POPULATE_READ, arrives when the checksum touches it. */
int mapping_fetch(const uint8_t *mapping, uint64_t offset, size_t bytes) {
  const uint64_t page = page_bytes(), end = offset + bytes;
  uint8_t *const base = (uint8_t *)(uintptr_t)mapping;
  offset = offset / page * page;
  for (uint64_t at = offset; at < end; at += AHEAD)
    madvise(base + at, end - at < AHEAD ? end - at : AHEAD, MADV_WILLNEED);
#ifdef __linux__
  int result;
  do result = madvise(base + offset, end - offset, MADV_POPULATE_READ);
  while (result != 0 && (errno == EINTR || errno == EAGAIN));
  if (result != 0 && errno != EINVAL) return errno;
#endif
  return 0;
}

/* Whole pages are dropped, so a neighbouring segment in use may lose some too. They come back from the file cache. */
void mapping_drop(const uint8_t *mapping, size_t mapped, uint64_t offset, size_t bytes) {
  const uint64_t page = page_bytes(), end = offset + bytes + AROUND;
  const uint64_t from = offset > BEHIND ? (offset - BEHIND) / page * page : 0;
  madvise((uint8_t *)(uintptr_t)mapping + from, (end < mapped ? end : mapped) - from, MADV_DONTNEED);
}
