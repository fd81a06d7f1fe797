/* A lock on a word: 0 free, 1 held, 2 held and awaited (Drepper, Futexes Are Tricky, 2011, the second mutex). */
#include "../futex.h"
#include "platform.h"

void lock_take(platform_lock *lock) {
  int32_t seen = 0;
  if (__atomic_compare_exchange_n(lock, &seen, 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) return;
  while (__atomic_exchange_n(lock, 2, __ATOMIC_SEQ_CST) != 0) sleep_on(lock, 2, -1);
}

void lock_give(platform_lock *lock) {
  if (__atomic_exchange_n(lock, 0, __ATOMIC_SEQ_CST) == 2) notify_all(lock);
}
