/*
 * The addon's face to Node, N-API only (version 8), so that one binary serves Node 20 and later, Bun and Deno. It
 * converts and checks; model.c does the work. Invariant: nothing here runs on the engine's threads but `notify`,
 * which only queues a call; a model lives until it is closed, its handle and its arena's buffer are gone, and so are
 * its contexts, whose weights lie in its memory.
 */
#define NAPI_VERSION 8
#include <node_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "crc32.h"
#include "fault.h"
#include "isa.h"
#include "model.h"

struct loaded {
  struct model model;
  const char *isa;
  napi_threadsafe_function wake;
  napi_deferred deferred;
  napi_ref handle; /* strong while a run is going on */
  napi_ref arena;
  napi_env env;
  int32_t closed;
  int32_t holders; /* the handle, the arena's buffer, the contexts */
  struct loaded *parent; /* of a context */
};

static napi_value fail(napi_env env, const char *code, const char *message) {
  napi_throw_error(env, code, message);
  return 0;
}

static napi_value fail_system(napi_env env, const char *what, int error) {
  char text[128], message[256];
  snprintf(message, sizeof message, "%s: %s", what, error < 0 ? "no memory" : error_text(error, text, sizeof text));
  return fail(env, is_refusal(error) ? "REFUSED" : "SYSTEM", message);
}

static napi_value property(napi_env env, napi_value object, const char *name) {
  napi_value value = 0;
  napi_get_named_property(env, object, name, &value);
  return value;
}

static double number(napi_env env, napi_value object, const char *name) {
  double value = 0;
  napi_get_value_double(env, property(env, object, name), &value);
  return value;
}

static void set(napi_env env, napi_value object, const char *name, napi_value value) {
  napi_set_named_property(env, object, name, value);
}

static void set_number(napi_env env, napi_value object, const char *name, double value) {
  napi_value converted;
  napi_create_double(env, value, &converted);
  set(env, object, name, converted);
}

static void set_text(napi_env env, napi_value object, const char *name, const char *value) {
  napi_value converted;
  napi_create_string_utf8(env, value, NAPI_AUTO_LENGTH, &converted);
  set(env, object, name, converted);
}

/* The elements of a typed array of that type, or null. */
static void *elements(napi_env env, napi_value object, const char *name, napi_typedarray_type type, size_t *length) {
  napi_typedarray_type found;
  void *start = 0;
  if (napi_get_typedarray_info(env, property(env, object, name), &found, length, &start, 0, 0) != napi_ok) return 0;
  return found == type ? start : 0;
}

static char *text_of(napi_env env, napi_value value) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, 0, 0, &length) != napi_ok) return 0;
  char *text = malloc(length + 1);
  if (text) napi_get_value_string_utf8(env, value, text, length + 1, &length);
  return text;
}

static void end(struct loaded *loaded);

static void at_exit(void *argument) { end(argument); }

/* Stops everything but keeps the memory. */
static void end(struct loaded *loaded) {
  if (loaded->closed) return;
  loaded->closed = 1;
  model_end(&loaded->model);
  napi_remove_env_cleanup_hook(loaded->env, at_exit, loaded);
  if (loaded->wake) napi_release_threadsafe_function(loaded->wake, napi_tsfn_abort);
  loaded->wake = 0;
}

static void let_go(struct loaded *loaded) {
  if (--loaded->holders > 0) return;
  struct loaded *parent = loaded->parent;
  model_free(&loaded->model);
  free(loaded);
  if (parent) let_go(parent);
}

static void handle_gone(napi_env env, void *value, void *hint) {
  (void)env, (void)hint;
  end(value);
  let_go(value);
}

static void arena_gone(napi_env env, void *value, void *hint) {
  (void)env, (void)value;
  let_go(hint);
}

static struct loaded *opened(napi_env env, napi_value handle) {
  void *value = 0;
  if (napi_get_value_external(env, handle, &value) != napi_ok || !value) {
    fail(env, "ARGUMENT", "not a model");
    return 0;
  }
  struct loaded *loaded = value;
  if (!loaded->closed) return loaded;
  fail(env, "CLOSED", "the model is closed");
  return 0;
}

static struct loaded *loaded_of(napi_env env, napi_callback_info info, size_t count, napi_value *arguments) {
  napi_get_cb_info(env, info, &count, arguments, 0, 0);
  return opened(env, arguments[0]);
}

/* On thread 0: the run has ended, or wants a host op. */
static void notify(struct model *model) {
  struct loaded *loaded = model->owner;
  napi_call_threadsafe_function(loaded->wake, loaded, napi_tsfn_nonblocking);
}

/* On the thread of JavaScript. */
static void settle(napi_env env, napi_value callback, void *context, void *argument) {
  (void)callback, (void)context;
  struct loaded *loaded = argument;
  if (!env || !loaded->deferred) return;
  napi_handle_scope scope;
  napi_open_handle_scope(env, &scope);
  napi_deferred deferred = loaded->deferred;
  loaded->deferred = 0;
  napi_unref_threadsafe_function(env, loaded->wake);
  napi_value status;
  napi_create_int32(env, __atomic_load_n(&loaded->model.engine.block.status, __ATOMIC_SEQ_CST), &status);
  napi_resolve_deferred(env, deferred, status);
  napi_reference_unref(env, loaded->handle, 0);
  napi_close_handle_scope(env, scope);
}

static int fill_tables(napi_env env, napi_value options, struct model *model) {
  size_t words, values, weights, segments;
  struct model_tables tables = {
      .program = elements(env, options, "program", napi_int32_array, &words),
      .offsets = elements(env, options, "offsets", napi_float64_array, &values),
      .weights = elements(env, options, "weights", napi_float64_array, &weights),
      .segments = elements(env, options, "segments", napi_float64_array, &segments),
  };
  if (!tables.program || !tables.offsets) return 0;
  tables.weightCount = (int32_t)(weights / WEIGHT_ROW);
  model_fill(model, &tables);
  size_t lives, members;
  const double *life = elements(env, options, "lives", napi_float64_array, &lives);
  const double *member = elements(env, options, "members", napi_float64_array, &members);
  if (!life || !member || lives == 0) return 1;
  return heap_open(&model->heap, life, (int32_t)(lives / 3), member, (int32_t)(members / 3),
                   (uint64_t *)(uintptr_t)model->engine.addresses) == 0;
}

static napi_value describe(napi_env env, struct loaded *loaded) {
  static const char *const sources[] = {"file", "direct", "mmap"};
  napi_value result;
  napi_create_object(env, &result);
  set_text(env, result, "isa", loaded->isa);
  set_text(env, result, "source", sources[loaded->model.loader.source]);
  set_number(env, result, "fileBytes", (double)loaded->model.loader.opened.bytes);
  return result;
}

/* create({isa, path, source, fallback, verify, readers, threads, trace, arenaBytes, program, offsets, weights,
 * segments, lives, members, parent}): the manifest was checked in TypeScript, so that lengths and ids agree. */
static napi_value create(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value options;
  napi_get_cb_info(env, info, &count, &options, 0, 0);
  size_t words = 0, values = 0, segments = 0;
  elements(env, options, "program", napi_int32_array, &words);
  elements(env, options, "offsets", napi_float64_array, &values);
  elements(env, options, "segments", napi_float64_array, &segments);
  const struct model_sizes sizes = {
      .arenaBytes = (uint64_t)number(env, options, "arenaBytes"),
      .values = (int32_t)values,
      .segments = (int32_t)(segments / SEGMENT_ROW),
      .programWords = (int32_t)words,
      .threads = (int32_t)number(env, options, "threads"),
  };
  const int32_t readers = (int32_t)number(env, options, "readers");
  const napi_value parentHandle = property(env, options, "parent");
  napi_valuetype parentType = napi_undefined;
  napi_typeof(env, parentHandle, &parentType);
  struct loaded *parent = parentType == napi_external ? opened(env, parentHandle) : 0;
  if (parentType == napi_external && !parent) return 0;
  if (words == 0 || values == 0 || sizes.threads < 1 || sizes.threads > MAX_THREADS || readers < 1 || readers > MAX_READERS)
    return fail(env, "ARGUMENT", "options of create");

  struct loaded *loaded = calloc(1, sizeof *loaded);
  if (!loaded) return fail(env, "MEMORY", "no memory for the model");
  struct model *model = &loaded->model;
  loaded->env = env;
  loaded->holders = 1;
  model->owner = loaded;
  model->finished = notify;
  model->parent = parent ? &parent->model : 0;
  if (model_prepare(model, &sizes) != 0) {
    free(loaded);
    return fail(env, "MEMORY", "no memory for the engine");
  }
  loaded->parent = parent;
  if (parent) parent->holders++;
  napi_value handle;
  napi_create_external(env, loaded, handle_gone, 0, &handle);
  napi_create_reference(env, handle, 0, &loaded->handle);
  napi_add_env_cleanup_hook(env, at_exit, loaded);

  char *isa = text_of(env, property(env, options, "isa"));
  struct isa isas[MAX_ISAS];
  for (int i = 0, found = isas_here(isas); i < found; i++)
    if (isa && strcmp(isa, isas[i].name) == 0) {
      loaded->isa = isas[i].name;
      model->kernels = isas[i].run;
    }
  free(isa);
  if (!model->kernels) {
    end(loaded);
    return fail(env, "ISA", "this processor does not have the instruction set");
  }
  model->loader.source = (enum source)number(env, options, "source");
  model->loader.fallback = number(env, options, "fallback") != 0;
  model->loader.verify = (enum verify)number(env, options, "verify");
  char *path = text_of(env, property(env, options, "path"));
  const int error = path ? loader_open(&model->loader, path) : -1;
  free(path);
  if (error) {
    end(loaded);
    return fail_system(env, "weights", error);
  }
  if (parent && (parent->model.loader.opened.bytes != model->loader.opened.bytes ||
                 parent->model.loader.opened.modified != model->loader.opened.modified)) {
    end(loaded);
    return fail(env, "CHANGED", "weights: the file is not the one the model was loaded from");
  }
  /* A mapping shorter than the manifest says must not be computed with: the caller refuses it by `fileBytes`. */
  if (!fill_tables(env, options, model)) {
    end(loaded);
    return fail(env, "ARGUMENT", "program, offsets");
  }
  napi_value name;
  napi_create_string_utf8(env, "millrace", NAPI_AUTO_LENGTH, &name);
  napi_create_threadsafe_function(env, 0, 0, name, 0, 1, 0, 0, 0, settle, &loaded->wake);
  napi_unref_threadsafe_function(env, loaded->wake);
  const int failed = model_start(model, readers, (int32_t)number(env, options, "trace"));
  napi_value arena;
  if (!failed && napi_create_external_arraybuffer(env, model->arena, sizes.arenaBytes, arena_gone, loaded, &arena) != napi_ok) {
    end(loaded);
    return fail(env, "ARGUMENT", "this runtime has no external buffers");
  }
  if (failed) {
    end(loaded);
    return fail_system(env, "threads", failed);
  }
  loaded->holders++;
  napi_create_reference(env, arena, 0, &loaded->arena);
  napi_value result = describe(env, loaded);
  set(env, result, "handle", handle);
  set(env, result, "arena", arena);
  return result;
}

static napi_value begin(napi_env env, napi_callback_info info, void (*start)(struct model *)) {
  napi_value handle;
  struct loaded *loaded = loaded_of(env, info, 1, &handle);
  if (!loaded) return 0;
  if (loaded->deferred) return fail(env, "BUSY", "a run is going on");
  napi_value promise;
  napi_create_promise(env, &loaded->deferred, &promise);
  napi_reference_ref(env, loaded->handle, 0);
  napi_ref_threadsafe_function(env, loaded->wake);
  start(&loaded->model);
  return promise;
}

static napi_value run(napi_env env, napi_callback_info info) { return begin(env, info, model_run); }
static napi_value resume(napi_env env, napi_callback_info info) { return begin(env, info, model_resume); }

static napi_value stop(napi_env env, napi_callback_info info) {
  napi_value handle;
  struct loaded *loaded = loaded_of(env, info, 1, &handle);
  if (loaded) model_stop(&loaded->model);
  return 0;
}

static napi_value state(napi_env env, napi_callback_info info) {
  napi_value handle;
  struct loaded *loaded = loaded_of(env, info, 1, &handle);
  if (!loaded) return 0;
  const struct loader *loader = &loaded->model.loader;
  const struct control *block = &loaded->model.engine.block;
  napi_value result = describe(env, loaded);
  set_number(env, result, "detail", block->detail);
  set_number(env, result, "pc", block->pc);
  set_number(env, result, "progress", block->progress);
  set_number(env, result, "stallMs", (double)loaded->model.engine.stall / 1e6);
  set_number(env, result, "bytesRead", (double)loader->bytesRead);
  set_number(env, result, "allocations", (double)loaded->model.heap.allocations);
  set_number(env, result, "allocatedBytes", (double)loaded->model.heap.allocatedBytes);
  set_number(env, result, "failure", loader->failure.kind);
  set_number(env, result, "segment", loader->failure.segment);
  set_number(env, result, "crc32", loader->failure.crc);
  set_number(env, result, "found", (double)loader->failure.found);
  char text[128];
  set_text(env, result, "message", loader->failure.error > 0 ? error_text(loader->failure.error, text, sizeof text) : "");
  return result;
}

/* The latest events, oldest first, as rows of five: what, id, thread, from, to (milliseconds). */
static napi_value trace(napi_env env, napi_callback_info info) {
  napi_value handle, buffer, array;
  struct loaded *loaded = loaded_of(env, info, 1, &handle);
  if (!loaded) return 0;
  const struct trace *ring = loaded->model.trace;
  const uint32_t total = ring ? ring->next : 0;
  const uint32_t kept = ring && total > ring->capacity ? ring->capacity : total;
  double *row;
  napi_create_arraybuffer(env, kept * 5 * sizeof *row, (void **)&row, &buffer);
  for (uint32_t i = 0; i < kept; i++, row += 5) {
    const struct trace_event *event = &ring->events[(total - kept + i) & (ring->capacity - 1)];
    row[0] = event->what, row[1] = event->id, row[2] = event->thread;
    row[3] = (double)event->from / 1e6, row[4] = (double)event->to / 1e6;
  }
  napi_create_typedarray(env, napi_float64_array, kept * 5, buffer, 0, &array);
  return array;
}

/* read(handle, offset, target): bytes of the file. */
static napi_value read(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  struct loaded *loaded = loaded_of(env, info, 3, arguments);
  if (!loaded) return 0;
  double offset = 0;
  size_t length = 0, count = 1;
  napi_typedarray_type type;
  uint8_t *target = 0;
  napi_get_value_double(env, arguments[1], &offset);
  if (napi_get_typedarray_info(env, arguments[2], &type, &length, (void **)&target, 0, 0) != napi_ok)
    return fail(env, "ARGUMENT", "not a Uint8Array");
  int error = 0;
  for (size_t done = 0; !error && count > 0 && done < length; done += count)
    error = file_read(loaded->model.loader.file, target + done, length - done, (uint64_t)offset + done, &count);
  if (!error && length > 0 && count == 0) return fail(env, "SHORT", "the file ends early");
  return error ? fail_system(env, "read", error) : 0;
}

/* Ends a run that is going on: its promise never settles, so the caller waits for it first. */
static napi_value close(napi_env env, napi_callback_info info) {
  napi_value handle, arena = 0;
  struct loaded *loaded = loaded_of(env, info, 1, &handle);
  if (!loaded) return 0;
  end(loaded);
  napi_get_reference_value(env, loaded->arena, &arena);
  /* Once nobody can see the memory, it goes back at once and not when the collector gets to it. */
  const int alone = loaded->holders <= 2; /* no context: its handle may still be about, but not its memory */
  if (arena && napi_detach_arraybuffer(env, arena) == napi_ok && alone) model_free(&loaded->model);
  if (loaded->parent) {
    let_go(loaded->parent);
    loaded->parent = 0;
  }
  return 0;
}

static napi_value forget(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  napi_get_cb_info(env, info, &count, &argument, 0, 0);
  char *path = text_of(env, argument);
  const int error = path ? file_forget(path) : -1;
  free(path);
  return error ? fail_system(env, "forget", error) : 0;
}

static napi_value crc32(napi_env env, napi_callback_info info) {
  size_t count = 1, length = 0;
  napi_value argument, result;
  napi_typedarray_type type;
  void *bytes = 0;
  napi_get_cb_info(env, info, &count, &argument, 0, 0);
  if (napi_get_typedarray_info(env, argument, &type, &length, &bytes, 0, 0) != napi_ok || type != napi_uint8_array)
    return fail(env, "ARGUMENT", "not a Uint8Array");
  napi_create_uint32(env, crc32_of(0, bytes, length), &result);
  return result;
}

static napi_value faults(napi_env env, napi_callback_info info) {
  (void)info;
  napi_value result;
  napi_create_int32(env, faults_caught(), &result);
  return result;
}

NAPI_MODULE_INIT() {
  static const struct {
    const char *name;
    napi_callback call;
  } functions[] = {{"create", create}, {"run", run},     {"resume", resume}, {"stop", stop},   {"state", state},
                   {"trace", trace},   {"read", read},   {"close", close}, {"forget", forget}, {"crc32", crc32}, {"faults", faults}};
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    napi_value function;
    napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].call, 0, &function);
    set(env, exports, functions[i].name, function);
  }
  struct isa found[MAX_ISAS];
  napi_value isas;
  napi_create_array(env, &isas);
  for (int i = 0, count = isas_here(found); i < count; i++) {
    napi_value name;
    napi_create_string_utf8(env, found[i].name, NAPI_AUTO_LENGTH, &name);
    napi_set_element(env, isas, (uint32_t)i, name);
  }
  set(env, exports, "isas", isas);
  set_number(env, exports, "abi", ENGINE_ABI_HASH);
  return exports;
}
