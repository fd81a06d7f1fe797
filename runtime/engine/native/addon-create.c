/*
 * From the options that native.ts passes to a loaded model. The manifest was checked in TypeScript, so that lengths and
 * ids agree; here is checked what C would stumble over. Invariant: what is made is undone by the model's own end, so
 * after `loaded_hold` every failure calls `loaded_end` and throws.
 */
#include "addon-create.h"
#include <stdlib.h>
#include <string.h>
#include "addon-loaded.h"
#include "isa.h"

static int choose_isa(napi_env env, napi_value options, struct loaded *loaded) {
  char *isa = text_of(env, property(env, options, "isa"));
  struct isa isas[MAX_ISAS];
  for (int i = 0, found = isas_here(isas); i < found; i++)
    if (isa && strcmp(isa, isas[i].name) == 0) {
      loaded->isa = isas[i].name;
      loaded->model.kernels = isas[i].run;
    }
  free(isa);
  return loaded->model.kernels != 0;
}

static int fill_tables(napi_env env, napi_value options, struct model *model) {
  size_t words, values, weights, segments, primes;
  struct model_tables tables = {
      .program = elements_of(env, options, "program", napi_int32_array, &words),
      .offsets = elements_of(env, options, "offsets", napi_float64_array, &values),
      .weights = elements_of(env, options, "weights", napi_float64_array, &weights),
      .segments = elements_of(env, options, "segments", napi_float64_array, &segments),
      .primes = elements_of(env, options, "primes", napi_float64_array, &primes),
  };
  if (!tables.program || !tables.offsets || (tables.primes && primes != (size_t)model->loader.count)) return 0;
  tables.weightCount = (int32_t)(weights / WEIGHT_ROW);
  model_fill(model, &tables);
  size_t lives, members;
  const double *life = elements_of(env, options, "lives", napi_float64_array, &lives);
  const double *member = elements_of(env, options, "members", napi_float64_array, &members);
  if (!life || !member || lives == 0) return 1;
  return heap_open(&model->heap, life, (int32_t)(lives / 3), member, (int32_t)(members / 3),
                   (uint64_t *)(uintptr_t)model->engine.addresses) == 0;
}

napi_value create(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value options;
  napi_get_cb_info(env, info, &count, &options, 0, 0);
  size_t words = 0, values = 0, segments = 0;
  elements_of(env, options, "program", napi_int32_array, &words);
  elements_of(env, options, "offsets", napi_float64_array, &values);
  elements_of(env, options, "segments", napi_float64_array, &segments);
  const struct model_sizes sizes = {
      .arenaBytes = (uint64_t)number_of(env, options, "arenaBytes"),
      .values = (int32_t)values,
      .segments = (int32_t)(segments / SEGMENT_ROW),
      .programWords = (int32_t)words,
      .threads = (int32_t)number_of(env, options, "threads"),
  };
  const int32_t readers = (int32_t)number_of(env, options, "readers");
  const napi_value parentHandle = property(env, options, "parent");
  napi_valuetype parentType = napi_undefined;
  napi_typeof(env, parentHandle, &parentType);
  struct loaded *parent = parentType == napi_external ? loaded_of(env, parentHandle) : 0;
  if (parentType == napi_external && !parent) return 0;
  if (words == 0 || values == 0 || sizes.threads < 1 || sizes.threads > MAX_THREADS || readers < 1 || readers > MAX_READERS)
    return fail(env, "ARGUMENT", "options of create");

  struct loaded *loaded = calloc(1, sizeof *loaded);
  if (!loaded) return fail(env, "MEMORY", "no memory for the model");
  struct model *model = &loaded->model;
  model->owner = loaded;
  model->finished = loaded_notify;
  model->parent = parent ? &parent->model : 0;
  if (model_prepare(model, &sizes) != 0) {
    free(loaded);
    return fail(env, "MEMORY", "no memory for the engine");
  }
  const napi_value handle = loaded_hold(env, loaded, parent);
  if (!choose_isa(env, options, loaded)) {
    loaded_end(loaded);
    return fail(env, "ISA", "this processor does not have the instruction set");
  }
  model->loader.source = (enum source)number_of(env, options, "source");
  model->loader.fallback = number_of(env, options, "fallback") != 0;
  model->loader.verify = (enum verify)number_of(env, options, "verify");
  char *path = text_of(env, property(env, options, "path"));
  const int error = path ? loader_open(&model->loader, path) : -1;
  free(path);
  if (error) {
    loaded_end(loaded);
    return fail_system(env, "weights", error);
  }
  if (parent && (parent->model.loader.opened.bytes != model->loader.opened.bytes ||
                 parent->model.loader.opened.modified != model->loader.opened.modified)) {
    loaded_end(loaded);
    return fail(env, "CHANGED", "weights: the file is not the one the model was loaded from");
  }
  /* A mapping shorter than the manifest says must not be computed with: the caller refuses it by `fileBytes`. */
  if (!fill_tables(env, options, model)) {
    loaded_end(loaded);
    return fail(env, "ARGUMENT", "program, offsets");
  }
  loaded_listen(env, loaded);
  const int failed = model_start(model, readers, (int32_t)number_of(env, options, "trace"));
  if (failed) {
    loaded_end(loaded);
    return fail_system(env, "threads", failed);
  }
  const napi_value arena = loaded_show(env, loaded, sizes.arenaBytes);
  if (!arena) {
    loaded_end(loaded);
    return fail(env, "ARGUMENT", "this runtime has no external buffers");
  }
  napi_value result = loaded_describe(env, loaded);
  set_property(env, result, "handle", handle);
  set_property(env, result, "arena", arena);
  return result;
}
