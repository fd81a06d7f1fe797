/*
 * The addon's face to Node: the functions that it exports, and what the processor can do. They convert and check;
 * model.c does the work. Invariant: every function but `create`, `forget`, `crc32` and `faults` takes the handle of an
 * open model first, and throws where it is none.
 */
#include <stdlib.h>
#include "addon-arguments.h"
#include "addon-create.h"
#include "addon-loaded.h"
#include "crc32.h"
#include "fault.h"
#include "isa.h"

static napi_value run(napi_env env, napi_callback_info info) { return loaded_begin(env, info, model_run); }
static napi_value resume(napi_env env, napi_callback_info info) { return loaded_begin(env, info, model_resume); }

static napi_value stop(napi_env env, napi_callback_info info) {
  napi_value handle;
  struct loaded *loaded = loaded_of_call(env, info, 1, &handle);
  if (loaded) model_stop(&loaded->model);
  return 0;
}

static napi_value state(napi_env env, napi_callback_info info) {
  napi_value handle;
  struct loaded *loaded = loaded_of_call(env, info, 1, &handle);
  if (!loaded) return 0;
  const struct loader *loader = &loaded->model.loader;
  const struct control *block = &loaded->model.engine.block;
  napi_value result = loaded_describe(env, loaded);
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
  struct loaded *loaded = loaded_of_call(env, info, 1, &handle);
  if (!loaded) return 0;
  /* Readers that prime record between runs, under their lock. */
  platform_lock *lock = &loaded->model.loader.lock;
  lock_take(lock);
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
  lock_give(lock);
  napi_create_typedarray(env, napi_float64_array, kept * 5, buffer, 0, &array);
  return array;
}

/* read(handle, offset, target): bytes of the file. */
static napi_value read(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  struct loaded *loaded = loaded_of_call(env, info, 3, arguments);
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
  } functions[] = {
      {"create", create}, {"run", run},   {"resume", resume},      {"stop", stop},     {"state", state},   {"trace", trace},
      {"read", read},     {"crc32", crc32}, {"close", loaded_close}, {"forget", forget}, {"faults", faults},
  };
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    napi_value function;
    napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].call, 0, &function);
    set_property(env, exports, functions[i].name, function);
  }
  struct isa found[MAX_ISAS];
  napi_value isas;
  napi_create_array(env, &isas);
  for (int i = 0, count = isas_here(found); i < count; i++) {
    napi_value name;
    napi_create_string_utf8(env, found[i].name, NAPI_AUTO_LENGTH, &name);
    napi_set_element(env, isas, (uint32_t)i, name);
  }
  set_property(env, exports, "isas", isas);
  set_number(env, exports, "abi", ENGINE_ABI_HASH);
  return exports;
}
