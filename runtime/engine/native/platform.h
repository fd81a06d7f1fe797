/*
 * What the native engine asks of an operating system; platform-posix.c and platform-windows.c answer. Errors are
 * positive numbers of the system (errno, GetLastError), 0 is success.
 */
#ifndef MILLRACE_PLATFORM_H
#define MILLRACE_PLATFORM_H
#include <stddef.h>
#include <stdint.h>

/* Nanoseconds of a monotonic clock. */
int64_t platform_clock(void);

/* A mutual exclusion of one word, free when zero. */
typedef int32_t platform_lock;
void lock_take(platform_lock *lock);
void lock_give(platform_lock *lock);

/* A thread runs task(argument); `handle` is what thread_join needs. */
int thread_start(uintptr_t *handle, void (*task)(void *), void *argument);
void thread_join(uintptr_t handle);

size_t page_bytes(void);

/* What the processor maps at once where the system allows it, a power of two; 0: nobody knows. */
size_t large_page_bytes(void);

/*
 * Zeroed pages that cost nothing until they are touched; null if there are none. What follows the first `before` bytes
 * begins at a large page, if it is as long as one. Both are whole pages.
 */
void *pages_take(size_t bytes, size_t before);
/* The range will be touched as a whole: larger pages would do. */
void pages_dense(void *address, size_t bytes);
/* The range will not be touched: no larger page may reach into it. */
void pages_spare(void *address, size_t bytes);
void pages_give(void *address, size_t bytes);

/* What malloc gives, at a multiple of 64; null if there is none. */
void *block_take(size_t bytes);
void block_give(void *block);

typedef intptr_t platform_file;
enum { NO_FILE = -1 };

struct file_state {
  uint64_t bytes;
  int64_t modified; /* nanoseconds */
};

/* `direct`: around the file cache, from and to multiples of 4 KiB. */
int file_open(platform_file *file, const char *path, int direct);
int file_look(platform_file file, struct file_state *state);
/* One read: stores the count, 0 at the end of the file. */
int file_read(platform_file file, void *target, size_t bytes, uint64_t offset, size_t *count);
void file_close(platform_file file);
/* Asks the system to forget the file's cached pages. */
int file_forget(const char *path);
/* The error says that such reads are not served here (by the file system, for the alignment), not that one failed. */
int is_refusal(int error);
const char *error_text(int error, char *buffer, size_t bytes);

/* A read-only view of a file; the view outlives the descriptor. */
int mapping_open(const uint8_t **mapping, platform_file file, size_t bytes);
void mapping_close(const uint8_t *mapping, size_t bytes);
/* Brings a range into memory and into the page table. An error: a page could not be had. */
int mapping_fetch(const uint8_t *mapping, uint64_t offset, size_t bytes);
/* Takes a range out of the page table again. */
void mapping_drop(const uint8_t *mapping, size_t mapped, uint64_t offset, size_t bytes);

#endif
