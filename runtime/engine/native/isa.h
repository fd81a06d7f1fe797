/* The instruction sets this addon has kernels for, and which of them this processor runs. */
#ifndef MILLRACE_ISA_H
#define MILLRACE_ISA_H
#include "../replay.h"

struct isa {
  const char *name;
  kernel_runner *run;
};

enum { MAX_ISAS = 4 };

/* Fills `found`, best first, with what this processor runs; the count. The last is always "baseline". */
int isas_here(struct isa found[MAX_ISAS]);

#endif
