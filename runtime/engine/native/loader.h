/*
 * The loader: reader threads that follow the plan's protocol (planning.md) without any JavaScript: the read of
 * segment s may start when every earlier segment's read has been started and step issue[s] has completed. Once all reads
 * of a run have been started, those that the next run starts with may follow, each after the step that the plan gives it
 * (format/prime.ts): the same reads in the same order, only earlier, so a run finds their states and goes on behind them.
 * What goes wrong with one is the next run's failure; a run that was not completed leaves nothing behind. Invariant:
 * between runs nothing is in flight but what is primed, and a segment's state says ARRIVED only after its bytes are
 * there and verified.
 */
#ifndef MILLRACE_LOADER_H
#define MILLRACE_LOADER_H
#include "../replay.h"
#include "platform.h"

enum { MAX_READERS = 64 };

struct segment {
  uint64_t offset;
  uint64_t bytes;
  uint8_t *target; /* unused with a mapping */
  uint32_t crc;
  int32_t issue; /* step, or RESIDENT_ISSUE */
  int32_t prime; /* step after which it may be read for the next run, or NOT_PRIMED */
  int32_t verified;
  /* Of a resident segment, in the model whose memory it lies in: SEGMENT_EMPTY, _ISSUED or _RESIDENT. */
  int32_t held;
};

/* The first thing that went wrong in a run, or with what was primed for it; `kind` is one of FAILURE_*. */
struct failure {
  int32_t kind, segment;
  int32_t error;  /* FAILURE_READ: the system's number */
  uint32_t crc;   /* FAILURE_CRC: what was found */
  uint64_t found; /* FAILURE_SHORT: bytes */
};

struct loader {
  struct engine *engine;
  struct segment *segments;
  struct segment *home; /* whose residents these are: `segments`, or those of the model that this is a context of */
  int32_t count;
  enum source source;
  int fallback; /* a direct source may become a file source */
  enum verify verify;
  char *path;
  platform_file file;
  platform_file refused; /* the direct descriptor that `file` has replaced */
  struct file_state opened; /* as the file was when it was opened */
  const uint8_t *mapping;

  platform_lock lock; /* guards the rest */
  int32_t next;       /* the first segment whose read has not been started */
  int32_t active;     /* reads may be started */
  int32_t inFlight;   /* for this run */
  int32_t leaving;
  struct failure failure;
  uint64_t bytesRead;
  struct {            /* for the next run */
    int32_t next;     /* the first segment whose read has not been started */
    int32_t inFlight;
    struct failure failure;
    uint64_t bytesRead;
  } primed;

  int32_t readers;
  uintptr_t threads[MAX_READERS];
};

/* Opens the source: `direct` falls back to `file` if allowed. 0 or the system's error. */
int loader_open(struct loader *loader, const char *path);
/* Starts the readers; on an error those that run leave in loader_close. */
int loader_start(struct loader *loader, int32_t readers);
/* A run begins; nothing is in flight but what is primed. Residents that have not been read yet are read in this run. */
void loader_begin(struct loader *loader);
/*
 * The run has ended: returns when nothing is in flight for it. If it was completed (`done`), priming goes on; else
 * nothing more is started and what was primed is forgotten.
 */
void loader_settle(struct loader *loader, int done);
void loader_close(struct loader *loader);
/* Engine's hook: a mapped segment has been used for the last time. */
void loader_release(struct loader *loader, int32_t segment);

#endif
