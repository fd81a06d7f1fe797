/*
 * Depthwise convolution: a lane is a channel, in the image as in the panel, so nothing is broadcast. Pixels of a line
 * whose window has all its columns inside the image go together, sharing the weights; the others one by one, over the
 * columns that are inside. Invariant: each result is bias + Σ over the taps inside the image, in the order kh, kw;
 * which pixels go together depends on the layer's shape alone.
 */
#include "lanes.h"
#include "sum.h"
#include "unary-run.h"

/* A claim of work is a stretch of one output line, over a few panels. */
enum { TOGETHER = 4, STRETCH = 48, CLAIM_PANELS = 8 };

/* Some pixels of a line, and the channels of a claim's panels. */
struct strip {
  /* The first tap inside the image, its weights and the bias in the first panel. */
  const float *x, *w, *bias;
  float *y;
  const float *residual;
  int32_t ldy, ldr, lanes;
  /* Lines and columns of the window that are inside. */
  int32_t lines, columns;
  /* Floats to the next: window line and column in x, window line in w, pixel in x, panel in w. */
  int32_t xLine, xColumn, wLine, xPixel, wPanel;
  float low, high;
};

/* Where a lane is in the panels. */
static inline intptr_t in_panels(const struct strip *s, int32_t lane) {
  return (intptr_t)(lane / PANEL) * s->wPanel + lane % PANEL;
}

INLINE void finish(const struct strip *s, int32_t lane, int32_t r, vN sum, int32_t lanes) {
  if (s->residual) sum += load_part(s->residual + r * s->ldr + lane, lanes, 0);
  store_part(s->y + r * s->ldy + lane, minN(maxN(sum, splatN(s->low)), splatN(s->high)), lanes);
}

/* R pixels, V vectors at a time from `lane` on, while there are as many; the lane reached. */
INLINE int32_t any_window(const struct strip *s, int32_t lane, const int R, const int V, const int part) {
  for (; lane < s->lanes && (part || lane + LANES * V <= s->lanes); lane += LANES * V) {
    const int32_t lanes = part ? s->lanes - lane : LANES;
    const intptr_t offset = in_panels(s, lane);
    vN sum[TOGETHER][4];
    UNROLL for (int r = 0; r < R; r++)
      UNROLL for (int v = 0; v < V; v++) sum[r][v] = loadN(s->bias + offset + LANES * v);
    for (int32_t kh = 0; kh < s->lines; kh++) {
      const float *w = s->w + offset + kh * s->wLine;
      const float *x[TOGETHER];
      UNROLL for (int r = 0; r < R; r++) x[r] = s->x + lane + kh * s->xLine + r * s->xPixel;
      for (int32_t left = s->columns; left > 0; left--) {
        PIN(w);
        UNROLL for (int r = 0; r < R; r++) {
          PIN(x[r]);
          UNROLL for (int v = 0; v < V; v++)
            sum[r][v] = MADD(load_part(x[r] + LANES * v, lanes, 0), loadN(w + LANES * v), sum[r][v]);
          x[r] += s->xColumn;
        }
        w += PANEL;
      }
    }
    UNROLL for (int r = 0; r < R; r++)
      UNROLL for (int v = 0; v < V; v++) finish(s, lane + LANES * v, r, sum[r][v], lanes);
  }
  return lane;
}

/*
 * The same for a window of K columns without dilation and a stride of S: each input is loaded once for all the
 * pixels it reaches, (R − 1)·S + K loads a line instead of R·K. Sums, inputs and weights fill the registers.
 */
INLINE int32_t fixed_window(const struct strip *s, int32_t lane, const int R, const int S, const int K,
                            const int part) {
  for (; lane < s->lanes && (part || lane + LANES <= s->lanes); lane += LANES) {
    const int32_t lanes = part ? s->lanes - lane : LANES;
    const intptr_t offset = in_panels(s, lane);
    vN sum[TOGETHER];
    UNROLL for (int r = 0; r < R; r++) sum[r] = loadN(s->bias + offset);
    const float *w = s->w + offset, *x = s->x + lane;
    for (int32_t left = s->lines; left > 0; left--) {
      const float *column = x;
      PIN(w);
      UNROLL for (int c = 0; c < (R - 1) * S + K; c++) {
        const vN input = load_part(column, lanes, 0);
        UNROLL for (int r = 0; r < R; r++)
          if (c >= r * S && c < r * S + K) sum[r] = MADD(input, loadN(w + (c - r * S) * PANEL), sum[r]);
        column += s->xColumn;
        PIN(column);
      }
      x += s->xLine;
      w += s->wLine;
    }
    UNROLL for (int r = 0; r < R; r++) finish(s, lane, r, sum[r], lanes);
  }
  return lane;
}

typedef int32_t shape(const struct strip *s, int32_t lane);
#define SHAPE(name, body) \
  static __attribute__((noinline)) int32_t name(const struct strip *s, int32_t lane) { return body; }
enum { PANEL_VECTORS = PANEL / LANES, TWO_VECTORS = PANEL_VECTORS < 2 ? PANEL_VECTORS : 2 };
SHAPE(strip_two_wide, any_window(s, lane, 2, TWO_VECTORS, 0))
SHAPE(strip_two, any_window(s, lane, 2, 1, 0))
SHAPE(strip_one_wide, any_window(s, lane, 1, PANEL_VECTORS, 0))
SHAPE(strip_one, any_window(s, lane, 1, 1, 0))
SHAPE(strip_one_part, any_window(s, lane, 1, 1, 1))
SHAPE(columns3_stride1, fixed_window(s, lane, 4, 1, 3, 0))
SHAPE(columns3_stride2, fixed_window(s, lane, 3, 2, 3, 0))
SHAPE(columns5_stride1, fixed_window(s, lane, 3, 1, 5, 0))
SHAPE(columns5_stride2, fixed_window(s, lane, 2, 2, 5, 0))
/* The last lanes, of all pixels together where a mask makes that cheap, else one by one. */
#if MASKED
SHAPE(strip_two_part, any_window(s, lane, 2, 1, 1))
SHAPE(columns3_stride1_part, fixed_window(s, lane, 4, 1, 3, 1))
SHAPE(columns3_stride2_part, fixed_window(s, lane, 3, 2, 3, 1))
SHAPE(columns5_stride1_part, fixed_window(s, lane, 3, 1, 5, 1))
SHAPE(columns5_stride2_part, fixed_window(s, lane, 2, 2, 5, 1))
#define PART(name) name##_part
#else
#define PART(name) 0
#endif

/* How pixels go together: so many, by `wide` and then by `narrow`. */
struct grouping {
  int32_t pixels;
  shape *wide, *narrow, *part;
};
static const struct grouping any_grouping = {2, strip_two_wide, strip_two, PART(strip_two)};
static const struct grouping fixed_groupings[2][2] = {
    {{4, columns3_stride1, columns3_stride1, PART(columns3_stride1)},
     {3, columns3_stride2, columns3_stride2, PART(columns3_stride2)}},
    {{3, columns5_stride1, columns5_stride1, PART(columns5_stride1)},
     {2, columns5_stride2, columns5_stride2, PART(columns5_stride2)}},
};

static const struct grouping *grouping_of(const struct f32_depthwise_params *p) {
  const int fixed = (p->kernelW == 3 || p->kernelW == 5) && p->dilationW == 1 && p->strideW <= 2;
  return fixed ? &fixed_groupings[p->kernelW == 5][p->strideW == 2] : &any_grouping;
}

static void compute(struct strip *s, const struct grouping *grouping, int32_t pixels) {
  int32_t lane = pixels == 1 ? strip_one_wide(s, 0) : grouping->wide(s, 0);
  lane = pixels == 1 ? strip_one(s, lane) : grouping->narrow(s, lane);
  if (lane == s->lanes) return;
  if (pixels > 1 && grouping->part) {
    grouping->part(s, lane);
    return;
  }
  for (int32_t r = 0; r < pixels; r++) {
    strip_one_part(s, lane);
    s->x += s->xPixel;
    s->y += s->ldy;
    if (s->residual) s->residual += s->ldr;
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
  const struct grouping *const grouping = grouping_of(p);
  struct strip s = {
      .ldy = p->ldy,
      .ldr = p->ldr,
      .xLine = p->dilationH * p->inW * p->ldx,
      .xColumn = p->dilationW * p->ldx,
      .wLine = p->kernelW * PANEL,
      .xPixel = p->strideW * p->ldx,
      .wPanel = PANEL_F32_BYTES(p->kernelH * p->kernelW) / sizeof(float),
  };
  const int clamped = clamp_of(&epilogue, &s.low, &s.high);
  const int32_t stretches = parts(p->outW, STRETCH), shares = parts(p->panels, CLAIM_PANELS);
  for (int32_t claim; (claim = next_tile(work)) < p->batch * p->outH * stretches * shares;) {
    const int32_t panel = claim % shares * CLAIM_PANELS;
    const int32_t from = claim / shares % stretches * STRETCH;
    const int32_t line = claim / shares / stretches;
    const int32_t to = least(from + STRETCH, p->outW);
    const int32_t channel = (p->panel0 + panel) * PANEL;
    const int32_t lanes = least(least(CLAIM_PANELS, p->panels - panel) * PANEL, p->outC - channel);
    const int32_t ih = line % p->outH * p->strideH - p->padTop;
    const float *image = x + (intptr_t)(line / p->outH) * p->inH * p->inW * p->ldx + channel;
    int32_t kh0, kh1, kw0, kw1;
    inside(ih, p->dilationH, p->kernelH, p->inH, &kh0, &kh1);
    for (int32_t ow = from, pixels; ow < to; ow += pixels) {
      const int32_t iw = ow * p->strideW - p->padLeft;
      const int32_t last = iw + (grouping->pixels - 1) * p->strideW + (p->kernelW - 1) * p->dilationW;
      pixels = ow + grouping->pixels <= to && iw >= 0 && last < p->inW ? grouping->pixels : 1;
      inside(iw, p->dilationW, p->kernelW, p->inW, &kw0, &kw1);
      const intptr_t pixel = (intptr_t)line * p->outW + ow;
      const intptr_t tap = (intptr_t)(ih + kh0 * p->dilationH) * p->inW + iw + kw0 * p->dilationW;
      s.lanes = lanes;
      s.lines = kh1 - kh0;
      s.columns = kw1 - kw0;
      s.x = image + tap * p->ldx;
      s.bias = weights + (intptr_t)panel * s.wPanel;
      s.w = s.bias + PANEL_F32_HEAD(0) / sizeof(float) + (kh0 * p->kernelW + kw0) * PANEL;
      s.y = y + pixel * p->ldy + channel;
      s.residual = residual ? residual + pixel * p->ldr + channel : 0;
      compute(&s, grouping, pixels);
      if (clamped) continue;
      for (int32_t r = 0; r < pixels; r++) {
        float *row = y + (pixel + r) * p->ldy + channel;
        unary_run(p->act, row, row, lanes, p->alpha, p->beta);
      }
    }
  }
}
