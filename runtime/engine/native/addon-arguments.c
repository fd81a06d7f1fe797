/* Values of JavaScript, their conversion and errors: see addon-arguments.h. */
#include "addon-arguments.h"
#include <stdio.h>
#include <stdlib.h>
#include "platform.h"

napi_value fail(napi_env env, const char *code, const char *message) {
  napi_throw_error(env, code, message);
  return 0;
}

napi_value fail_system(napi_env env, const char *what, int error) {
  char text[128], message[256];
  snprintf(message, sizeof message, "%s: %s", what, error < 0 ? "no memory" : error_text(error, text, sizeof text));
  return fail(env, is_refusal(error) ? "REFUSED" : "SYSTEM", message);
}

napi_value property(napi_env env, napi_value object, const char *name) {
  napi_value value = 0;
  napi_get_named_property(env, object, name, &value);
  return value;
}

double number_of(napi_env env, napi_value object, const char *name) {
  double value = 0;
  napi_get_value_double(env, property(env, object, name), &value);
  return value;
}

void set_property(napi_env env, napi_value object, const char *name, napi_value value) {
  napi_set_named_property(env, object, name, value);
}

void set_number(napi_env env, napi_value object, const char *name, double value) {
  napi_value converted;
  napi_create_double(env, value, &converted);
  set_property(env, object, name, converted);
}

void set_text(napi_env env, napi_value object, const char *name, const char *value) {
  napi_value converted;
  napi_create_string_utf8(env, value, NAPI_AUTO_LENGTH, &converted);
  set_property(env, object, name, converted);
}

void *elements_of(napi_env env, napi_value object, const char *name, napi_typedarray_type type, size_t *length) {
  napi_typedarray_type found;
  void *start = 0;
  if (napi_get_typedarray_info(env, property(env, object, name), &found, length, &start, 0, 0) != napi_ok) return 0;
  return found == type ? start : 0;
}

char *text_of(napi_env env, napi_value value) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, 0, 0, &length) != napi_ok) return 0;
  char *text = malloc(length + 1);
  if (text) napi_get_value_string_utf8(env, value, text, length + 1, &length);
  return text;
}
