/* A process of a POSIX system, as a device: the host starts it, talks over its standard input and
 * output, and ends it by ending its input. Nothing else is ever written to its output.
 *
 * Ticks are nanoseconds of the system's monotonic clock: time of this machine, which other programs
 * use too. How much of its stack a process used, the system does not tell. */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tg_hal.h"

#define NS_PER_SECOND 1000000000U

static struct timespec start;

void tg_hal_init(void) {
  /* A host that is gone is an error of write, not a signal. */
  (void)signal(SIGPIPE, SIG_IGN);
  (void)clock_gettime(CLOCK_MONOTONIC, &start);
}

size_t tg_hal_read(uint8_t *buffer, size_t size) {
  struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
  if (poll(&input, 1, 0) <= 0) {
    return 0;
  }
  const ssize_t count = read(STDIN_FILENO, buffer, size);
  if (count == 0) {
    exit(EXIT_SUCCESS); /* the host is done */
  }
  if (count < 0 && errno != EINTR && errno != EAGAIN) {
    exit(EXIT_FAILURE);
  }
  return count > 0 ? (size_t)count : 0;
}

void tg_hal_write(const uint8_t *bytes, size_t size) {
  while (size > 0) {
    const ssize_t count = write(STDOUT_FILENO, bytes, size);
    if (count >= 0) {
      bytes += count;
      size -= (size_t)count;
    } else if (errno == EAGAIN) {
      struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};
      (void)poll(&output, 1, -1);
    } else if (errno != EINTR) {
      exit(EXIT_FAILURE);
    }
  }
}

void tg_hal_idle(void) {
  struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
  (void)poll(&input, 1, -1);
}

uint64_t tg_hal_ticks(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)(now.tv_sec - start.tv_sec) * NS_PER_SECOND + (uint64_t)now.tv_nsec -
         (uint64_t)start.tv_nsec;
}

uint32_t tg_hal_tick_hz(void) {
  return NS_PER_SECOND;
}

uint32_t tg_hal_stack_used(void) {
  return 0;
}

/* Every process starts the same way. */
enum tg_reset tg_hal_reset_reason(void) {
  return TG_RESET_UNKNOWN;
}

const char *tg_hal_last_fault(void) {
  return "";
}
