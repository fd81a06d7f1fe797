/*
 * Which calls are worth waking the other threads for. A hand-over costs a few microseconds, so it is an estimate
 * of the call's work against that; the answer changes who computes, never what.
 */
#ifndef MILLRACE_COST_H
#define MILLRACE_COST_H
#include "engine.h"

/* About 5 µs of one thread, in multiply-adds and in elements moved. */
static const double SHARED_PRODUCTS = 100e3;
static const double SHARED_ELEMENTS = 10e3;

/* A six-dimensional box of elements. */
#define BOX(p) ((double)(p)->d0 * (p)->d1 * (p)->d2 * (p)->d3 * (p)->d4 * (p)->d5)
#define TAPS(p) ((double)(p)->kernelH * (p)->kernelW)
#define PIXELS(p) ((double)(p)->batch * (p)->outH * (p)->outW)
#define PANEL_LANES(p) ((double)PANEL * (p)->panels)

static inline int worth_sharing(int32_t opcode, const void *params) {
#define CASE(opcode_name, name, work, least) \
  case CALL_##opcode_name: {                 \
    const struct name##_params *p = params;  \
    return (work) > (least);                 \
  }
  switch (opcode) {
    CASE(F32_CONV, f32_conv, PIXELS(p) * PANEL_LANES(p) * TAPS(p) * (p->inC / p->groups), SHARED_PRODUCTS)
    CASE(F32_DEPTHWISE, f32_depthwise, PIXELS(p) * PANEL_LANES(p) * TAPS(p), SHARED_PRODUCTS)
    CASE(F32_CONV_TRANSPOSE, f32_conv_transpose,
         (double)p->batch * p->inH * p->inW * PANEL_LANES(p) * TAPS(p) * (p->inC / p->groups), SHARED_PRODUCTS)
    CASE(F32_GEMM, f32_gemm, (double)p->m * p->k * PANEL_LANES(p), SHARED_PRODUCTS)
    CASE(F32_MATMUL, f32_matmul, (double)p->batch0 * p->batch1 * p->m * p->n * p->k, SHARED_PRODUCTS)
    CASE(F32_POOL, f32_pool, PIXELS(p) * p->outC * TAPS(p), SHARED_ELEMENTS)
    CASE(F32_UNARY, f32_unary, p->count, SHARED_ELEMENTS)
    CASE(F32_BINARY, f32_binary, BOX(p), SHARED_ELEMENTS)
    CASE(F32_AFFINE, f32_affine, (double)p->rows * p->channels, SHARED_ELEMENTS)
    CASE(F32_REDUCE, f32_reduce, (double)p->outer * p->reduce * p->inner, SHARED_ELEMENTS)
    CASE(F32_SOFTMAX, f32_softmax, (double)p->outer * p->axis * p->inner, SHARED_ELEMENTS)
    CASE(F32_INSTANCE_NORM, f32_instance_norm, (double)p->batch * p->spatial * p->channels, SHARED_ELEMENTS)
    CASE(F32_LRN, f32_lrn, (double)p->rows * p->channels, SHARED_ELEMENTS)
    CASE(F32_RESIZE, f32_resize, PIXELS(p) * p->channels, SHARED_ELEMENTS)
    CASE(COPY, copy, BOX(p), SHARED_ELEMENTS)
    CASE(FILL, fill, p->count, SHARED_ELEMENTS)
    CASE(GATHER, gather, (double)p->outer * p->count * p->innerBytes / 4, SHARED_ELEMENTS)
    CASE(CAST, cast, p->count, SHARED_ELEMENTS)
  }
#undef CASE
  return 0;
}

#endif
