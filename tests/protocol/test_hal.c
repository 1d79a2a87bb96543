#include "test_hal.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tg_hal.h"

uint64_t test_hal_ticks = 5;

/* A test's line, in memory that it shares: its time, and each change of the rate that the device
 * makes, with how many bytes it had sent by then. */
static struct {
  uint64_t now; /* ticks */
  uint32_t count;
  struct {
    uint32_t baud;
    uint64_t position;
  } changes[1000];
} *line;

static uint64_t sent;

static uint64_t consumed; /* bytes read so far */
static int idle_fd = -1;  /* where a test wants to hear that all of them are dealt with */

void tg_hal_init(void) {
  const char *fd = getenv("TEST_HAL_IDLE_FD");
  if (fd != NULL) {
    idle_fd = atoi(fd);
  }
  const char *shared = getenv("TEST_HAL_LINE");
  if (shared != NULL) {
    int file = open(shared, O_RDWR);
    void *memory = mmap(NULL, sizeof *line, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (memory == MAP_FAILED) {
      exit(4);
    }
    memcpy(&line, &memory, sizeof line); /* C++ has no conversion */
    close(file);
  }
}

size_t tg_hal_read(uint8_t *buffer, size_t size) {
  struct pollfd input = {0, POLLIN, 0};
  if (poll(&input, 1, 0) <= 0) {
    return 0;
  }
  ssize_t got = read(0, buffer, size);
  if (got <= 0) {
    exit(0); /* the host is done */
  }
  consumed += (uint64_t)got;
  return (size_t)got;
}

void tg_hal_write(const uint8_t *bytes, size_t size) {
  while (size > 0) {
    ssize_t put = write(1, bytes, size);
    if (put <= 0) {
      exit(0);
    }
    bytes += put;
    sent += (uint64_t)put;
    size -= (size_t)put;
  }
}

void tg_hal_idle(void) {
  static uint64_t told;
  if (idle_fd >= 0 && told != consumed) {
    told = consumed;
    if (write(idle_fd, &told, sizeof told) != (ssize_t)sizeof told) {
      exit(3);
    }
  }
  struct pollfd input = {0, POLLIN, 0};
  poll(&input, 1, -1);
}

uint64_t tg_hal_ticks(void) {
  return test_hal_ticks + (line != NULL ? line->now : 0u);
}

void tg_hal_baud(uint32_t baud) {
  if (line != NULL) {
    line->changes[line->count].position = sent;
    line->changes[line->count++].baud = baud;
  }
}

uint32_t tg_hal_tick_hz(void) {
  return 1000000u;
}

uint32_t tg_hal_stack_used(void) {
  return 432u;
}

enum tg_reset tg_hal_reset_reason(void) {
  return getenv("TEST_RESET") != NULL ? (enum tg_reset)atoi(getenv("TEST_RESET"))
                                      : TG_RESET_UNKNOWN;
}

const char *tg_hal_last_fault(void) {
  return getenv("TEST_FAULT") != NULL ? getenv("TEST_FAULT") : "";
}
