/*
 * The life of a loaded model in JavaScript: its handle, the buffer that shows its arena, and the promise of a run that
 * is going on. Invariant: a model lives until it is closed, its handle and its arena's buffer are gone, and so are its
 * contexts, whose weights lie in its memory; nothing here runs on the engine's threads but `loaded_notify`, which only
 * queues a call.
 */
#ifndef MILLRACE_ADDON_LOADED_H
#define MILLRACE_ADDON_LOADED_H
#include "addon-arguments.h"
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

/* The handle of a model whose memory has been taken; from here on it ends with its environment at the latest. */
napi_value loaded_hold(napi_env env, struct loaded *loaded, struct loaded *parent);
/* Before the threads start: how their calls of `loaded_notify` reach JavaScript. */
void loaded_listen(napi_env env, struct loaded *loaded);
/* The buffer that shows the arena, or null if this runtime has none. */
napi_value loaded_show(napi_env env, struct loaded *loaded, size_t bytes);
/* Stops everything but keeps the memory. */
void loaded_end(struct loaded *loaded);

/* The open model of a handle, or null after throwing. */
struct loaded *loaded_of(napi_env env, napi_value handle);
/* The same of a call's first argument; reads `count` arguments. */
struct loaded *loaded_of_call(napi_env env, napi_callback_info info, size_t count, napi_value *arguments);

/* On thread 0: the run has ended, or wants a host op. */
void loaded_notify(struct model *model);
/* Starts or resumes a run; the promise of its status. */
napi_value loaded_begin(napi_env env, napi_callback_info info, void (*start)(struct model *));
/* Ends a run that is going on: its promise never settles, so the caller waits for it first. */
napi_value loaded_close(napi_env env, napi_callback_info info);
/* {isa, source, fileBytes} */
napi_value loaded_describe(napi_env env, const struct loaded *loaded);

#endif
