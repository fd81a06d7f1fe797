/*
 * What the addon does to JavaScript's values: properties and typed arrays in, numbers and texts out, errors thrown.
 * N-API only (version 8), so that one binary serves Node 20 and later, Bun and Deno. Invariant: what is missing or of
 * another type reads as zero or null and never fails; the caller checks what it needs.
 */
#ifndef MILLRACE_ADDON_ARGUMENTS_H
#define MILLRACE_ADDON_ARGUMENTS_H
#define NAPI_VERSION 8
#include <node_api.h>

/* Throws, and returns what a callback returns then. */
napi_value fail(napi_env env, const char *code, const char *message);
/* The same for an error of the system: REFUSED where such reads are not served, else SYSTEM. */
napi_value fail_system(napi_env env, const char *what, int error);

napi_value property(napi_env env, napi_value object, const char *name);
double number_of(napi_env env, napi_value object, const char *name);
/* The elements of a typed array of that type, or null. */
void *elements_of(napi_env env, napi_value object, const char *name, napi_typedarray_type type, size_t *length);
/* A copy that the caller frees, or null. */
char *text_of(napi_env env, napi_value value);

void set_property(napi_env env, napi_value object, const char *name, napi_value value);
void set_number(napi_env env, napi_value object, const char *name, double value);
void set_text(napi_env env, napi_value object, const char *name, const char *value);

#endif
