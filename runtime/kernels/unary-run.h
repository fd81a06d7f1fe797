/* The elementwise functions over a run of elements, for kernels whose results lie in one: see f32-unary.c. */
#ifndef MILLRACE_UNARY_RUN_H
#define MILLRACE_UNARY_RUN_H
#include "engine.h"

#define unary_run SYMBOL(unary_run)

/* y[i] = f(x[i]); y may be x. */
void unary_run(int32_t fn, float *y, const float *x, int32_t count, float alpha, float beta);

#endif
