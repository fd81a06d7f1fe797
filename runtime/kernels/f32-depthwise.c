/*
 * Depthwise convolution: a lane is a channel, in the image as in the panel, so nothing is broadcast. Pixels of a line
 * whose window has all its columns inside the image go by threes, sharing the weights; the others one by one, over
 * the columns that are inside. Invariant: each result is bias + Σ over the taps inside the image, in the order
 * kh, kw; which pixels go together depends on the layer's shape alone.
 */
#include "lanes.h"
#include "sum.h"
#include "unary-run.h"

/* A claim of work is a stretch of one output line, over a few panels. */
enum { TOGETHER = 3, STRETCH = 48, CLAIM_PANELS = 8 };

/* One or TOGETHER pixels of a line, and some lanes of a panel. */
struct strip {
  /* The first tap inside the image, its weights, the bias. */
  const float *x, *w, *bias;
  float *y;
  const float *residual;
  int32_t ldy, ldr, lanes;
  /* Lines and columns of the window that are inside. */
  int32_t lines, columns;
  /* Floats to the next: window line and column in x, window line in w, pixel in x. */
  int32_t xLine, xColumn, wLine, xPixel;
  float low, high;
};

/* R pixels, V vectors, of which the last may have fewer than four lanes if `part`. */
INLINE void strip_body(const struct strip *s, const int R, const int V, const int part) {
  const int32_t lanes = part ? s->lanes : 4;
  v4 sum[TOGETHER][4];
  UNROLL for (int r = 0; r < R; r++)
    UNROLL for (int v = 0; v < V; v++) sum[r][v] = load4(s->bias + 4 * v);

  for (int32_t kh = 0; kh < s->lines; kh++) {
    const float *w = s->w + kh * s->wLine;
    const float *x[TOGETHER];
    UNROLL for (int r = 0; r < R; r++) x[r] = s->x + kh * s->xLine + r * s->xPixel;
    for (int32_t left = s->columns; left > 0; left--) {
      PIN(w);
      UNROLL for (int r = 0; r < R; r++) {
        PIN(x[r]);
        UNROLL for (int v = 0; v < V; v++)
          sum[r][v] = MADD(load_part(x[r] + 4 * v, lanes, 0), load4(w + 4 * v), sum[r][v]);
        x[r] += s->xColumn;
      }
      w += PANEL;
    }
  }

  const v4 low = splat4(s->low), high = splat4(s->high);
  UNROLL for (int r = 0; r < R; r++)
    UNROLL for (int v = 0; v < V; v++) {
      if (s->residual) sum[r][v] += load_part(s->residual + r * s->ldr + 4 * v, lanes, 0);
      store_part(s->y + r * s->ldy + 4 * v, min4(max4(sum[r][v], low), high), lanes);
    }
}

#define SHAPE(R, V) \
  static __attribute__((noinline)) void strip_##R##x##V(const struct strip *s) { strip_body(s, R, V, 0); }
SHAPE(3, 2)
SHAPE(3, 1)
SHAPE(1, 4)
SHAPE(1, 2)
SHAPE(1, 1)
static __attribute__((noinline)) void strip_part(const struct strip *s) { strip_body(s, 1, 1, 1); }

static void advance(struct strip *s, int32_t lanes) {
  s->x += lanes;
  s->w += lanes;
  s->bias += lanes;
  s->y += lanes;
  if (s->residual) s->residual += lanes;
  s->lanes -= lanes;
}

static void compute(struct strip s, int32_t pixels) {
  if (pixels == TOGETHER) {
    for (; s.lanes >= 8; advance(&s, 8)) strip_3x2(&s);
    if (s.lanes >= 4) {
      strip_3x1(&s);
      advance(&s, 4);
    }
  } else {
    if (s.lanes == PANEL) {
      strip_1x4(&s);
      return;
    }
    if (s.lanes >= 8) {
      strip_1x2(&s);
      advance(&s, 8);
    }
    if (s.lanes >= 4) {
      strip_1x1(&s);
      advance(&s, 4);
    }
  }
  for (int32_t r = 0; s.lanes > 0 && r < pixels; r++) {
    strip_part(&s);
    s.x += s.xPixel;
    s.y += s.ldy;
    if (s.residual) s.residual += s.ldr;
  }
}

/* Taps [first, end) of `kernel` lie inside an axis of length `size` when tap 0 is at `at`. */
static void inside(int32_t at, int32_t dilation, int32_t kernel, int32_t size, int32_t *first, int32_t *end) {
  *first = at < 0 ? least(parts(-at, dilation), kernel) : 0;
  *end = at < size ? least(parts(size - at, dilation), kernel) : 0;
  if (*end < *first) *end = *first;
}

KERNEL(f32_depthwise) {
  float *const y = at(p->y);
  const float *const x = at(p->x), *const weights = at(p->w), *const residual = at(p->residual);
  const struct epilogue epilogue = {p->act, p->alpha, p->beta};
  const intptr_t panelFloats = (1 + p->kernelH * p->kernelW) * PANEL;
  struct strip s = {
      .ldy = p->ldy,
      .ldr = p->ldr,
      .xLine = p->dilationH * p->inW * p->ldx,
      .xColumn = p->dilationW * p->ldx,
      .wLine = p->kernelW * PANEL,
      .xPixel = p->strideW * p->ldx,
  };
  const int clamped = clamp_of(&epilogue, &s.low, &s.high);
  const int32_t stretches = parts(p->outW, STRETCH), shares = parts(p->panels, CLAIM_PANELS);
  for (int32_t claim; (claim = next_tile(work)) < p->batch * p->outH * stretches * shares;) {
    const int32_t share = claim % shares * CLAIM_PANELS;
    const int32_t from = claim / shares % stretches * STRETCH;
    const int32_t line = claim / shares / stretches;
    const int32_t to = least(from + STRETCH, p->outW);
    const int32_t panelEnd = least(share + CLAIM_PANELS, p->panels);
    const int32_t ih = line % p->outH * p->strideH - p->padTop;
    const float *image = x + (intptr_t)(line / p->outH) * p->inH * p->inW * p->ldx;
    int32_t kh0, kh1;
    inside(ih, p->dilationH, p->kernelH, p->inH, &kh0, &kh1);
    s.lines = kh1 - kh0;
    for (int32_t ow = from, pixels; ow < to; ow += pixels) {
      const int32_t iw = ow * p->strideW - p->padLeft;
      const int32_t last = iw + (TOGETHER - 1) * p->strideW + (p->kernelW - 1) * p->dilationW;
      pixels = ow + TOGETHER <= to && iw >= 0 && last < p->inW ? TOGETHER : 1;
      int32_t kw0, kw1;
      inside(iw, p->dilationW, p->kernelW, p->inW, &kw0, &kw1);
      s.columns = kw1 - kw0;
      const intptr_t pixel = (intptr_t)line * p->outW + ow;
      const intptr_t tap = (intptr_t)(ih + kh0 * p->dilationH) * p->inW + iw + kw0 * p->dilationW;
      for (int32_t panel = share; panel < panelEnd; panel++) {
        const int32_t channel = (p->panel0 + panel) * PANEL;
        s.x = image + tap * p->ldx + channel;
        s.bias = weights + panel * panelFloats;
        s.w = s.bias + (1 + kh0 * p->kernelW + kw0) * PANEL;
        s.y = y + pixel * p->ldy + channel;
        s.residual = residual ? residual + pixel * p->ldr + channel : 0;
        s.lanes = least(PANEL, p->outC - channel);
        compute(s, pixels);
      }
      if (clamped) continue;
      const int32_t channel = (p->panel0 + share) * PANEL;
      const int32_t count = least((panelEnd - share) * PANEL, p->outC - channel);
      for (int32_t r = 0; r < pixels; r++) {
        float *row = y + (pixel + r) * p->ldy + channel;
        unary_run(p->act, row, row, count, p->alpha, p->beta);
      }
    }
  }
}
