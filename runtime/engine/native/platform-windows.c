/*
 * The platform layer on Windows: see platform.h. Weights are read, never mapped: a mapped file can neither be
 * replaced there nor have its pages dropped from the process one range at a time.
 */
#include "platform.h"
#include <windows.h>
#include <malloc.h>
#include <process.h>
#include <stdlib.h>
#include <synchapi.h>

static const DWORD MAX_READ = 1u << 30;
enum { THREAD_STACK_BYTES = 256 * 1024 };

int64_t platform_clock(void) {
  LARGE_INTEGER frequency, now;
  QueryPerformanceFrequency(&frequency);
  QueryPerformanceCounter(&now);
  const int64_t second = 1000000000, whole = now.QuadPart / frequency.QuadPart;
  return whole * second + (now.QuadPart % frequency.QuadPart) * second / frequency.QuadPart;
}

void platform_sleep(int32_t *word, int32_t seen, int64_t nanoseconds) {
  WaitOnAddress(word, &seen, sizeof seen, nanoseconds < 0 ? INFINITE : (DWORD)((nanoseconds + 999999) / 1000000));
}
void platform_notify(int32_t *word) { WakeByAddressAll(word); }

struct start {
  void (*task)(void *);
  void *argument;
};

static unsigned __stdcall run_thread(void *given) {
  struct start start = *(struct start *)given;
  free(given);
  start.task(start.argument);
  return 0;
}

int thread_start(uintptr_t *handle, void (*task)(void *), void *argument) {
  struct start *start = malloc(sizeof *start);
  if (!start) return ERROR_NOT_ENOUGH_MEMORY;
  *start = (struct start){task, argument};
  const uintptr_t thread =
      _beginthreadex(0, THREAD_STACK_BYTES, run_thread, start, STACK_SIZE_PARAM_IS_A_RESERVATION, 0);
  if (thread == 0) {
    free(start);
    return (int)GetLastError();
  }
  *handle = thread;
  return 0;
}

void thread_join(uintptr_t handle) {
  WaitForSingleObject((HANDLE)handle, INFINITE);
  CloseHandle((HANDLE)handle);
}

size_t page_bytes(void) {
  SYSTEM_INFO info;
  GetSystemInfo(&info);
  return info.dwPageSize;
}

size_t large_page_bytes(void) { return 0; }

void *pages_take(size_t bytes, size_t before) {
  (void)before;
  return VirtualAlloc(0, bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
}
void pages_dense(void *address, size_t bytes) { (void)address, (void)bytes; }
void pages_spare(void *address, size_t bytes) { (void)address, (void)bytes; }
void pages_give(void *address, size_t bytes) {
  (void)bytes;
  VirtualFree(address, 0, MEM_RELEASE);
}

static int open_handle(HANDLE *handle, const char *path, DWORD flags) {
  const int length = MultiByteToWideChar(CP_UTF8, 0, path, -1, 0, 0);
  wchar_t *wide = malloc(sizeof *wide * (size_t)(length + 1));
  if (!wide) return ERROR_NOT_ENOUGH_MEMORY;
  MultiByteToWideChar(CP_UTF8, 0, path, -1, wide, length);
  *handle = CreateFileW(wide, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, 0, OPEN_EXISTING,
                        flags, 0);
  free(wide);
  return *handle == INVALID_HANDLE_VALUE ? (int)GetLastError() : 0;
}

/* Overlapped, or Windows would let one read of a handle wait for another. */
void *block_take(size_t bytes) { return _aligned_malloc(bytes, 64); }
void block_give(void *block) { _aligned_free(block); }

int file_open(platform_file *file, const char *path, int direct) {
  HANDLE handle;
  const int error = open_handle(&handle, path, FILE_FLAG_OVERLAPPED | (direct ? FILE_FLAG_NO_BUFFERING : 0));
  if (!error) *file = (platform_file)handle;
  return error;
}

int file_look(platform_file file, struct file_state *state) {
  BY_HANDLE_FILE_INFORMATION info;
  if (!GetFileInformationByHandle((HANDLE)file, &info)) return (int)GetLastError();
  const uint64_t ticks =
      (uint64_t)info.ftLastWriteTime.dwHighDateTime << 32 | info.ftLastWriteTime.dwLowDateTime;
  *state = (struct file_state){(uint64_t)info.nFileSizeHigh << 32 | info.nFileSizeLow, (int64_t)(ticks * 100)};
  return 0;
}

int file_read(platform_file file, void *target, size_t bytes, uint64_t offset, size_t *count) {
  OVERLAPPED request = {.Offset = (DWORD)offset, .OffsetHigh = (DWORD)(offset >> 32)};
  request.hEvent = CreateEventW(0, TRUE, FALSE, 0);
  if (!request.hEvent) return (int)GetLastError();
  DWORD got = 0;
  int error = 0;
  if (!ReadFile((HANDLE)file, target, bytes < MAX_READ ? (DWORD)bytes : MAX_READ, 0, &request))
    error = (int)GetLastError();
  if (error == 0 || error == ERROR_IO_PENDING)
    error = GetOverlappedResult((HANDLE)file, &request, &got, TRUE) ? 0 : (int)GetLastError();
  CloseHandle(request.hEvent);
  if (error == ERROR_HANDLE_EOF) error = 0, got = 0;
  *count = got;
  return error;
}

void file_close(platform_file file) { CloseHandle((HANDLE)file); }

int file_forget(const char *path) {
  (void)path;
  return ERROR_NOT_SUPPORTED;
}

int is_refusal(int error) { return error == ERROR_INVALID_PARAMETER || error == ERROR_NOT_SUPPORTED; }

const char *error_text(int error, char *buffer, size_t bytes) {
  buffer[0] = 0;
  DWORD length = FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, 0, (DWORD)error, 0, buffer,
                                (DWORD)bytes, 0);
  while (length > 0 && (buffer[length - 1] == '\n' || buffer[length - 1] == '\r')) buffer[--length] = 0;
  return buffer;
}

int mapping_open(const uint8_t **mapping, platform_file file, size_t bytes) {
  (void)mapping, (void)file, (void)bytes;
  return ERROR_NOT_SUPPORTED;
}
void mapping_close(const uint8_t *mapping, size_t bytes) { (void)mapping, (void)bytes; }
int mapping_fetch(const uint8_t *mapping, uint64_t offset, size_t bytes) {
  (void)mapping, (void)offset, (void)bytes;
  return ERROR_NOT_SUPPORTED;
}
void mapping_drop(const uint8_t *mapping, size_t mapped, uint64_t offset, size_t bytes) {
  (void)mapping, (void)mapped, (void)offset, (void)bytes;
}
