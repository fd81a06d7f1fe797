/* Reading segments: see loader.h. A reader has one request in flight, so there are as many readers as requests. */
#include "loader.h"
#include <stdlib.h>
#include <string.h>
#include "../futex.h"
#include "crc32.h"
#include "fault.h"

static const int32_t NEVER = 0x7fffffff;
/* A checksum follows its bytes while they are cached; a request this large reaches the disk's bandwidth. */
static const uint64_t REQUEST_BYTES = 1 << 20;

int loader_open(struct loader *loader, const char *path) {
  loader->path = strdup(path);
  loader->refused = NO_FILE;
  int error = file_open(&loader->file, path, loader->source == SOURCE_DIRECT);
  if (error && loader->source == SOURCE_DIRECT && loader->fallback && is_refusal(error)) {
    loader->source = SOURCE_FILE;
    error = file_open(&loader->file, path, 0);
  }
  if (error) {
    loader->file = NO_FILE;
    return error;
  }
  error = file_look(loader->file, &loader->opened);
  if (!error && loader->source == SOURCE_MMAP && loader->opened.bytes > 0)
    error = mapping_open(&loader->mapping, loader->file, loader->opened.bytes);
  return error;
}

static void set_state(struct loader *loader, int32_t segment, int32_t state) {
  int32_t *word = loader->engine->states + segment;
  store_word(word, state);
  notify_all(word);
}

/* Direct reads may be refused at the first read only; then the cache serves from here on. */
static int use_cache(struct loader *loader) {
  lock_take(&loader->lock);
  int error = 0;
  if (loader->source == SOURCE_DIRECT) {
    platform_file cached;
    error = file_open(&cached, loader->path, 0);
    if (!error) {
      loader->refused = loader->file; /* other readers may still be using it */
      __atomic_store_n(&loader->file, cached, __ATOMIC_SEQ_CST);
      loader->source = SOURCE_FILE;
    }
  }
  lock_give(&loader->lock);
  return error;
}

static struct failure read_into(struct loader *loader, const struct segment *segment, int verify, uint32_t *crc) {
  for (uint64_t done = 0; done < segment->bytes;) {
    const uint64_t left = segment->bytes - done;
    size_t count = 0;
    const platform_file file = __atomic_load_n(&loader->file, __ATOMIC_SEQ_CST);
    const int error = file_read(file, segment->target + done, left < REQUEST_BYTES ? left : REQUEST_BYTES,
                                segment->offset + done, &count);
    if (error && loader->fallback && is_refusal(error) && file != loader->refused && loader->refused == NO_FILE) {
      const int refused = use_cache(loader);
      if (refused) return (struct failure){.kind = FAILURE_READ, .error = refused};
      continue;
    }
    if (error && file == loader->refused) continue; /* another reader has met the refusal meanwhile */
    if (error) return (struct failure){.kind = FAILURE_READ, .error = error};
    if (count == 0) return (struct failure){.kind = FAILURE_SHORT, .found = done};
    if (verify) *crc = crc32_of(*crc, segment->target + done, count);
    done += count;
  }
  return (struct failure){0};
}

struct checksum {
  const uint8_t *bytes;
  size_t count;
  uint32_t crc;
};

static void take_checksum(void *argument) {
  struct checksum *checksum = argument;
  checksum->crc = crc32_of(0, checksum->bytes, checksum->count);
}

static struct failure fetch(struct loader *loader, const struct segment *segment, int verify, uint32_t *crc) {
  struct file_state state;
  int error = file_look(loader->file, &state);
  if (!error && state.bytes < segment->offset + segment->bytes)
    return (struct failure){.kind = FAILURE_SHORT,
                            .found = state.bytes > segment->offset ? state.bytes - segment->offset : 0};
  if (!error) error = mapping_fetch(loader->mapping, segment->offset, segment->bytes);
  if (error) return (struct failure){.kind = FAILURE_READ, .error = error};
  if (!verify) return (struct failure){0};
  struct checksum checksum = {loader->mapping + segment->offset, segment->bytes, 0};
  faults_enter(); /* the run's own does not reach over what is primed when it has ended */
  const int fault = guarded(loader->mapping, loader->opened.bytes, take_checksum, &checksum);
  faults_leave();
  if (fault) return (struct failure){.kind = FAILURE_CHANGED};
  *crc = checksum.crc;
  return (struct failure){0};
}

static struct failure read_segment(struct loader *loader, int32_t s) {
  struct segment *segment = &loader->segments[s];
  const int verify = loader->verify == VERIFY_ALWAYS || (loader->verify == VERIFY_FIRST && !segment->verified);
  uint32_t crc = 0;
  const struct failure failure = loader->source == SOURCE_MMAP ? fetch(loader, segment, verify, &crc)
                                                               : read_into(loader, segment, verify, &crc);
  if (failure.kind != FAILURE_NONE || !verify) return failure;
  if (crc != segment->crc) return (struct failure){.kind = FAILURE_CRC, .crc = crc};
  segment->verified = 1;
  return failure;
}

/*
 * Residents are read by whichever context comes first; others that want them meanwhile wait, and try themselves if
 * that one failed. Once they are there nobody comes here again. `read`: it was this reader.
 */
static struct failure take_resident(struct loader *loader, int32_t s, int *read) {
  int32_t *held = &loader->home[s].held;
  for (;;) {
    int32_t seen = load_word(held);
    if (seen == SEGMENT_RESIDENT) return (struct failure){0};
    if (seen == SEGMENT_ISSUED) {
      sleep_on(held, seen, -1);
      continue;
    }
    if (!__atomic_compare_exchange_n(held, &seen, SEGMENT_ISSUED, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) continue;
    *read = 1;
    const struct failure failure = read_segment(loader, s);
    store_word(held, failure.kind == FAILURE_NONE ? SEGMENT_RESIDENT : SEGMENT_EMPTY);
    notify_all(held);
    return failure;
  }
}

/* When the read may start that is next for the run that follows; NEVER: none may. Lock held. */
static int32_t prime_after(struct loader *loader) {
  int32_t *next = &loader->primed.next;
  while (*next < loader->count && loader->segments[*next].issue == RESIDENT_ISSUE) ++*next;
  const int none = *next == loader->count || loader->primed.failure.kind != FAILURE_NONE;
  return none || loader->segments[*next].prime == NOT_PRIMED ? NEVER : loader->segments[*next].prime;
}

/* Takes the next segment whose turn it is, or −1 after telling the engine when to call again. Lock held. */
static int32_t claim(struct loader *loader) {
  struct control *block = &loader->engine->block;
  for (;;) {
    while (loader->next < loader->count && load_word(loader->engine->states + loader->next) == SEGMENT_RESIDENT)
      loader->next++;
    const int ahead = loader->next == loader->count;
    const int32_t issue = !loader->active ? NEVER
                          : ahead         ? prime_after(loader)
                                          : loader->segments[loader->next].issue;
    if (issue == NEVER) {
      store_word(&block->wakeAt, NEVER);
      return -1;
    }
    if (issue <= load_word(&block->progress)) {
      if (ahead) loader->primed.inFlight++;
      else loader->inFlight++;
      return ahead ? loader->primed.next++ : loader->next++;
    }
    /* The engine writes progress, then looks at wakeAt; here it is the other way round: one sees the other. */
    store_word(&block->wakeAt, issue);
    if (issue > load_word(&block->progress)) return -1;
  }
}

/* `began`: when the read did, if that is recorded; under the lock, since the ring is looked at between runs. */
static void arrive(struct loader *loader, int32_t s, struct failure failure, int read, int32_t reader, int64_t began) {
  struct engine *engine = loader->engine;
  const int resident = loader->segments[s].issue == RESIDENT_ISSUE;
  const int failed = failure.kind != FAILURE_NONE;
  lock_take(&loader->lock);
  /* Whose run it is for is looked up only now: the next one may have begun meanwhile. */
  const int ahead = !resident && s < loader->primed.next;
  struct failure *first = ahead ? &loader->primed.failure : &loader->failure;
  int32_t *inFlight = ahead ? &loader->primed.inFlight : &loader->inFlight;
  if (failed) {
    if (first->kind == FAILURE_NONE) {
      failure.segment = s;
      *first = failure;
    }
    if (!ahead) {
      loader->active = 0;
      store_word(&engine->block.stop, 1);
    }
  } else if (read) {
    *(ahead ? &loader->primed.bytesRead : &loader->bytesRead) += loader->segments[s].bytes;
  }
  if (engine->trace) trace_record(engine->trace, TRACE_READ, s, reader, began, trace_clock());
  set_state(loader, s, failed ? SEGMENT_FAILED : resident ? SEGMENT_RESIDENT : SEGMENT_ARRIVED);
  const int last = add_word(inFlight, -1) == 0;
  lock_give(&loader->lock);
  if (last) notify_all(inFlight);
}

struct reader {
  struct loader *loader;
  int32_t number;
};

static void read_on(void *argument) {
  const struct reader reader = *(struct reader *)argument;
  struct loader *loader = reader.loader;
  struct engine *engine = loader->engine;
  free(argument);
  for (;;) {
    const int32_t seen = load_word(&engine->block.wake);
    lock_take(&loader->lock);
    const int leaving = loader->leaving;
    const int32_t s = leaving ? -1 : claim(loader);
    lock_give(&loader->lock);
    if (leaving) return;
    if (s < 0) {
      sleep_on(&engine->block.wake, seen, -1);
      continue;
    }
    store_word(engine->states + s, SEGMENT_ISSUED);
    const int64_t began = engine->trace ? trace_clock() : 0;
    const int shared = loader->segments[s].issue == RESIDENT_ISSUE && !loader->mapping;
    int read = !shared;
    const struct failure failure = shared ? take_resident(loader, s, &read) : read_segment(loader, s);
    arrive(loader, s, failure, read, reader.number, began);
  }
}

int loader_start(struct loader *loader, int32_t readers) {
  for (loader->readers = 0; loader->readers < readers; loader->readers++) {
    struct reader *reader = malloc(sizeof *reader);
    if (!reader) return -1;
    *reader = (struct reader){loader, loader->readers};
    const int error = thread_start(&loader->threads[loader->readers], read_on, reader);
    if (error) {
      free(reader);
      return error;
    }
  }
  return 0;
}

/* What is in flight is for the run that goes on from here. Lock held. */
static void forget_primed(struct loader *loader) {
  loader->primed.next = loader->primed.inFlight = 0;
  loader->primed.failure = (struct failure){0};
  loader->primed.bytesRead = 0;
}

void loader_begin(struct loader *loader) {
  struct engine *engine = loader->engine;
  lock_take(&loader->lock);
  loader->next = loader->primed.next;
  for (int32_t s = loader->next; s < loader->count; s++)
    if (load_word(engine->states + s) != SEGMENT_RESIDENT)
      store_word(engine->states + s, load_word(&loader->home[s].held) == SEGMENT_RESIDENT ? SEGMENT_RESIDENT : SEGMENT_EMPTY);
  loader->inFlight = loader->primed.inFlight;
  loader->bytesRead = loader->primed.bytesRead;
  loader->failure = loader->primed.failure;
  forget_primed(loader);
  loader->active = loader->failure.kind == FAILURE_NONE;
  if (!loader->active) store_word(&engine->block.stop, 1);
  lock_give(&loader->lock);
  engine_wake_loader(engine);
}

/* Bytes that were changed in the file after they were verified were computed with all the same. */
static void notice_change(struct loader *loader) {
  struct file_state now;
  const int error = file_look(loader->file, &now);
  if (!error && now.bytes == loader->opened.bytes && now.modified == loader->opened.modified) return;
  if (loader->failure.kind == FAILURE_NONE)
    loader->failure = error ? (struct failure){.kind = FAILURE_READ, .error = error, .segment = -1}
                            : (struct failure){.kind = FAILURE_CHANGED, .segment = -1};
}

static void await_none(int32_t *inFlight) {
  for (int32_t left; (left = load_word(inFlight)) != 0;) sleep_on(inFlight, left, -1);
}

void loader_settle(struct loader *loader, int done) {
  lock_take(&loader->lock);
  done = done && loader->failure.kind == FAILURE_NONE && loader->next == loader->count;
  if (!done) loader->active = 0;
  lock_give(&loader->lock);
  await_none(&loader->inFlight);
  if (loader->source == SOURCE_MMAP) notice_change(loader);
  if (done && loader->failure.kind == FAILURE_NONE) {
    engine_wake_loader(loader->engine);
    return;
  }
  lock_take(&loader->lock);
  loader->active = 0;
  lock_give(&loader->lock);
  await_none(&loader->primed.inFlight);
  if (loader->source == SOURCE_MMAP)
    for (int32_t s = 0; s < loader->next; s++)
      if (loader->segments[s].issue != RESIDENT_ISSUE) loader_release(loader, s);
  lock_take(&loader->lock);
  forget_primed(loader);
  lock_give(&loader->lock);
}

void loader_release(struct loader *loader, int32_t s) {
  mapping_drop(loader->mapping, loader->opened.bytes, loader->segments[s].offset, loader->segments[s].bytes);
}

void loader_close(struct loader *loader) {
  lock_take(&loader->lock);
  loader->leaving = 1;
  lock_give(&loader->lock);
  engine_wake_loader(loader->engine);
  for (int32_t i = 0; i < loader->readers; i++) thread_join(loader->threads[i]);
  loader->readers = 0;
  if (loader->mapping) mapping_close(loader->mapping, loader->opened.bytes);
  loader->mapping = 0;
  if (loader->file != NO_FILE) file_close(loader->file);
  if (loader->refused != NO_FILE) file_close(loader->refused);
  loader->file = loader->refused = NO_FILE;
  free(loader->path);
  loader->path = 0;
}
