/*
 * A page of a mapped file that can't be had (the file shrank, its disk failed) raises a signal in the thread that
 * touched it. Here that becomes a return value. The handler is installed only while some run touches a mapping, acts
 * only on addresses of the mapping that the very thread is guarding, and hands everything else to the handler before.
 */
#ifndef MILLRACE_FAULT_H
#define MILLRACE_FAULT_H
#include <stddef.h>
#include <stdint.h>

/* Between these, guarded code may run; they count. */
void faults_enter(void);
void faults_leave(void);

/* The number of faults caught by this process, for tests. */
int32_t faults_caught(void);

/* Runs task(argument): 0, or 1 if it was left because it touched a page of the range that could not be had. */
int guarded(const uint8_t *range, size_t bytes, void (*task)(void *), void *argument);

#endif
