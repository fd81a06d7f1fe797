/* Making a loaded model: the addon's `create`. */
#ifndef MILLRACE_ADDON_CREATE_H
#define MILLRACE_ADDON_CREATE_H
#include "addon-arguments.h"

/* create({isa, path, source, fallback, verify, readers, threads, trace, arenaBytes, program, offsets, weights,
 * segments, lives, members, parent}): {handle, arena, isa, source, fileBytes}. */
napi_value create(napi_env env, napi_callback_info info);

#endif
