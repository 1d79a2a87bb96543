/* A process of a POSIX system, as a device: the host starts it, talks over its standard input and
 * output, and ends it by ending its input. Nothing else is ever written to its output.
 *
 * With TINYGEN_LISTEN=PORT in its environment it is a service instead: it talks to one host after
 * the other, who come to that TCP port of the machine's loopback and nowhere else, and never ends.
 *
 * Ticks are nanoseconds of the system's monotonic clock: time of this machine, which other programs
 * use too. How much of its stack a process used, the system does not tell. */
#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tg_hal.h"

#define NS_PER_SECOND 1000000000U

#define NOBODY (-1)

static struct timespec start;
static int listener = NOBODY;
static int from_host = STDIN_FILENO;
static int to_host = STDOUT_FILENO;

static void fail(const char *what) {
  perror(what);
  exit(EXIT_FAILURE);
}

static void listen_on(const char *port) {
  char *end;
  const long number = strtol(port, &end, 10);
  if (*end != '\0' || number < 1 || number > UINT16_MAX) {
    (void)fprintf(stderr, "TINYGEN_LISTEN is no port: %s\n", port);
    exit(EXIT_FAILURE);
  }
  const struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_port = htons((uint16_t)number),
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  const int on = 1;
  listener = socket(AF_INET, SOCK_STREAM, 0);
  if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      bind(listener, (const struct sockaddr *)&address, sizeof address) != 0 ||
      listen(listener, 1) != 0) {
    fail("TINYGEN_LISTEN");
  }
  from_host = to_host = NOBODY;
}

/* The host is gone, or done: so is the process, unless others may come. */
static void host_left(int status) {
  if (listener == NOBODY) {
    exit(status);
  }
  (void)close(from_host);
  from_host = to_host = NOBODY;
}

/* Whether there is a host. */
static int has_host(void) {
  if (from_host == NOBODY) {
    struct pollfd waiting = {.fd = listener, .events = POLLIN};
    if (poll(&waiting, 1, 0) > 0) {
      const int on = 1;
      from_host = to_host = accept(listener, NULL, NULL);
      (void)setsockopt(to_host, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
  }
  return from_host != NOBODY;
}

void tg_hal_init(void) {
  /* A host that is gone is an error of write, not a signal. */
  (void)signal(SIGPIPE, SIG_IGN);
  (void)clock_gettime(CLOCK_MONOTONIC, &start);
  const char *const port = getenv("TINYGEN_LISTEN");
  if (port != NULL) {
    listen_on(port);
  }
}

size_t tg_hal_read(uint8_t *buffer, size_t size) {
  if (!has_host()) {
    return 0;
  }
  struct pollfd input = {.fd = from_host, .events = POLLIN};
  if (poll(&input, 1, 0) <= 0) {
    return 0;
  }
  const ssize_t count = read(from_host, buffer, size);
  if (count == 0) {
    host_left(EXIT_SUCCESS);
  } else if (count < 0 && errno != EINTR && errno != EAGAIN) {
    host_left(EXIT_FAILURE);
  }
  return count > 0 ? (size_t)count : 0;
}

void tg_hal_write(const uint8_t *bytes, size_t size) {
  while (size > 0 && to_host != NOBODY) {
    const ssize_t count = write(to_host, bytes, size);
    if (count >= 0) {
      bytes += count;
      size -= (size_t)count;
    } else if (errno == EAGAIN) {
      struct pollfd output = {.fd = to_host, .events = POLLOUT};
      (void)poll(&output, 1, -1);
    } else if (errno != EINTR) {
      host_left(EXIT_FAILURE);
    }
  }
}

void tg_hal_idle(void) {
  struct pollfd input = {.fd = from_host == NOBODY ? listener : from_host, .events = POLLIN};
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
