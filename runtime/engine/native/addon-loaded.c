/* The life of a loaded model in JavaScript: see addon-loaded.h. */
#include "addon-loaded.h"
#include <stdlib.h>

static void at_exit(void *argument) { loaded_end(argument); }

void loaded_end(struct loaded *loaded) {
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
  loaded_end(value);
  let_go(value);
}

static void arena_gone(napi_env env, void *value, void *hint) {
  (void)env, (void)value;
  let_go(hint);
}

napi_value loaded_hold(napi_env env, struct loaded *loaded, struct loaded *parent) {
  loaded->env = env;
  loaded->holders = 1;
  loaded->parent = parent;
  if (parent) parent->holders++;
  napi_value handle;
  napi_create_external(env, loaded, handle_gone, 0, &handle);
  napi_create_reference(env, handle, 0, &loaded->handle);
  napi_add_env_cleanup_hook(env, at_exit, loaded);
  return handle;
}

napi_value loaded_show(napi_env env, struct loaded *loaded, size_t bytes) {
  napi_value arena;
  if (napi_create_external_arraybuffer(env, loaded->model.arena, bytes, arena_gone, loaded, &arena) != napi_ok) return 0;
  loaded->holders++;
  napi_create_reference(env, arena, 0, &loaded->arena);
  return arena;
}

struct loaded *loaded_of(napi_env env, napi_value handle) {
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

struct loaded *loaded_of_call(napi_env env, napi_callback_info info, size_t count, napi_value *arguments) {
  napi_get_cb_info(env, info, &count, arguments, 0, 0);
  return loaded_of(env, arguments[0]);
}

void loaded_notify(struct model *model) {
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

void loaded_listen(napi_env env, struct loaded *loaded) {
  napi_value name;
  napi_create_string_utf8(env, "millrace", NAPI_AUTO_LENGTH, &name);
  napi_create_threadsafe_function(env, 0, 0, name, 0, 1, 0, 0, 0, settle, &loaded->wake);
  napi_unref_threadsafe_function(env, loaded->wake);
}

napi_value loaded_begin(napi_env env, napi_callback_info info, void (*start)(struct model *)) {
  napi_value handle;
  struct loaded *loaded = loaded_of_call(env, info, 1, &handle);
  if (!loaded) return 0;
  if (loaded->deferred) return fail(env, "BUSY", "a run is going on");
  napi_value promise;
  napi_create_promise(env, &loaded->deferred, &promise);
  napi_reference_ref(env, loaded->handle, 0);
  napi_ref_threadsafe_function(env, loaded->wake);
  start(&loaded->model);
  return promise;
}

napi_value loaded_close(napi_env env, napi_callback_info info) {
  napi_value handle, arena = 0;
  struct loaded *loaded = loaded_of_call(env, info, 1, &handle);
  if (!loaded) return 0;
  loaded_end(loaded);
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

napi_value loaded_describe(napi_env env, const struct loaded *loaded) {
  static const char *const sources[] = {"file", "direct", "mmap"};
  napi_value result;
  napi_create_object(env, &result);
  set_text(env, result, "isa", loaded->isa);
  set_text(env, result, "source", sources[loaded->model.loader.source]);
  set_number(env, result, "fileBytes", (double)loaded->model.loader.opened.bytes);
  return result;
}
