/*
 * Preloaded: pread of a weights.bin fails now and then, in the way that FAULT names, one read in FAULT_EVERY.
 *
 *   cc -shared -fPIC -o fail-reads.so fail-reads.c -ldl
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

typedef ssize_t (*read_call)(int, void *, size_t, off_t);
static atomic_uint reads;

static int is_weights(int descriptor) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 11) return 0;
  path[length] = 0;
  return strcmp(path + length - 11, "weights.bin") == 0;
}

static ssize_t faulty(read_call next, int descriptor, void *bytes, size_t count, off_t offset) {
  const char *fault = getenv("FAULT"), *every = getenv("FAULT_EVERY");
  if (!fault || !every || !is_weights(descriptor)) return next(descriptor, bytes, count, offset);
  if (atomic_fetch_add(&reads, 1) % (unsigned)atoi(every) != (unsigned)atoi(every) - 1)
    return next(descriptor, bytes, count, offset);
  if (strcmp(fault, "short") == 0) return next(descriptor, bytes, count > 4096 ? 4096 : count, offset);
  if (strcmp(fault, "slow") == 0) {
    usleep(3000);
    return next(descriptor, bytes, count, offset);
  }
  errno = strcmp(fault, "EINTR") == 0 ? EINTR : strcmp(fault, "EAGAIN") == 0 ? EAGAIN : EIO;
  return -1;
}

ssize_t pread(int descriptor, void *bytes, size_t count, off_t offset) {
  return faulty((read_call)dlsym(RTLD_NEXT, "pread"), descriptor, bytes, count, offset);
}

ssize_t pread64(int descriptor, void *bytes, size_t count, off_t offset) {
  return faulty((read_call)dlsym(RTLD_NEXT, "pread64"), descriptor, bytes, count, offset);
}
