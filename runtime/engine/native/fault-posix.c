/*
 * Faults as POSIX signals: SIGBUS as a rule, SIGSEGV on some systems. The jump out of the handler leaves kernels and
 * checksums only, which hold no lock and own no memory. SA_NODEFER keeps the signal unblocked, so that neither the
 * jump nor its target has a signal mask to save: guarding a call costs some 20 ns.
 */
#include "fault.h"
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>

struct guard {
  sigjmp_buf escape;
  uintptr_t from, to;
};

static _Thread_local struct guard *volatile guarding;

static pthread_mutex_t installing = PTHREAD_MUTEX_INITIALIZER;
static int users;
static int32_t caught;
static const int numbers[] = {SIGBUS, SIGSEGV};
static struct sigaction before[2];

static void hand_on(int number, siginfo_t *info, void *context) {
  const struct sigaction *old = &before[number == SIGBUS ? 0 : 1];
  if (old->sa_flags & SA_SIGINFO) {
    old->sa_sigaction(number, info, context);
  } else if (old->sa_handler == SIG_DFL || old->sa_handler == SIG_IGN) {
    /* The instruction is tried again, and the process ends as it would have without us. */
    struct sigaction standard;
    memset(&standard, 0, sizeof standard);
    standard.sa_handler = SIG_DFL;
    sigaction(number, &standard, 0);
    /* A signal that somebody sent is not repeated by itself. */
    if (info->si_code <= 0) raise(number);
  } else {
    old->sa_handler(number);
  }
}

static void on_fault(int number, siginfo_t *info, void *context) {
  struct guard *guard = guarding;
  const uintptr_t address = (uintptr_t)info->si_addr;
  if (guard && info->si_code > 0 && address >= guard->from && address < guard->to) {
    guarding = 0;
    __atomic_fetch_add(&caught, 1, __ATOMIC_RELAXED);
    siglongjmp(guard->escape, 1);
  }
  hand_on(number, info, context);
}

static int is_ours(const struct sigaction *action) {
  return (action->sa_flags & SA_SIGINFO) && action->sa_sigaction == on_fault;
}

void faults_enter(void) {
  pthread_mutex_lock(&installing);
  if (users++ == 0) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < 2; i++) {
      struct sigaction current;
      sigaction(numbers[i], 0, &current);
      /* Ours is still there if somebody who chained to it was in place when it should have been removed. */
      if (is_ours(&current)) continue;
      before[i] = current;
      sigaction(numbers[i], &action, 0);
    }
  }
  pthread_mutex_unlock(&installing);
}

void faults_leave(void) {
  pthread_mutex_lock(&installing);
  if (--users == 0)
    for (int i = 0; i < 2; i++) {
      struct sigaction current;
      sigaction(numbers[i], 0, &current);
      if (is_ours(&current)) sigaction(numbers[i], &before[i], 0);
    }
  pthread_mutex_unlock(&installing);
}

int32_t faults_caught(void) { return __atomic_load_n(&caught, __ATOMIC_RELAXED); }

int guarded(const uint8_t *range, size_t bytes, void (*task)(void *), void *argument) {
  struct guard guard;
  guard.from = (uintptr_t)range;
  guard.to = guard.from + bytes;
  if (sigsetjmp(guard.escape, 0)) return 1;
  guarding = &guard;
  task(argument);
  guarding = 0;
  return 0;
}
