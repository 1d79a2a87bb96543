#include "tg_npu.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ethosu_driver.h"
#include "ethosu_interface.h"
#include "tg_hal.h"
#include "tg_npu_here.h" /* the numbers of the board and of the model */

/* As long as that an inference may take it. */
#define TG_NPU_SECONDS 5U
#define TG_NPU_ASKED 1024U /* times before the clock is looked at again */

static struct ethosu_driver npu;
static bool started;

/* ---- why it does not start, as a line of text ---- */

static void put(const char *text) {
  tg_hal_write((const uint8_t *)text, strlen(text));
}

static void put_number(uint32_t value, uint32_t base) {
  char digits[12];
  size_t at = sizeof digits - 1U;
  digits[at] = '\0';
  do {
    digits[--at] = "0123456789abcdef"[value % base];
    value /= base;
  } while (value != 0U);
  put(&digits[at]);
}

static void put_place(const char *before) {
  put(before);
  put(" at 0x");
  put_number(TG_NPU_BASE, 16U);
}

/* ---- what the driver leaves to its user: semaphores, and with them waiting for the NPU ---- */

struct semaphore {
  uint32_t count;
};

/* Of the driver's list of NPUs, and of the only one in it. */
static struct semaphore semaphores[2];
static size_t created;

void *ethosu_semaphore_create(void) {
  return created < sizeof semaphores / sizeof semaphores[0] ? &semaphores[created++] : NULL;
}

void ethosu_semaphore_destroy(void *semaphore) {
  (void)semaphore;
}

int ethosu_semaphore_give(void *semaphore) {
  ((struct semaphore *)semaphore)->count++;
  return 0;
}

/* The NPU is asked whether it is done. Its interrupt is not let through, so that no vector table
 * has to know of it. */
int ethosu_semaphore_take(void *semaphore, uint64_t timeout) {
  (void)timeout; /* a driver's default is for ever */
  struct semaphore *const one = semaphore;
  const uint64_t end = tg_hal_ticks() + (uint64_t)TG_NPU_SECONDS * tg_hal_tick_hz();
  for (uint32_t asked = 0; one->count == 0U; asked++) {
    if (npu.job.state == ETHOSU_JOB_RUNNING && npu.dev.reg->STATUS.irq_raised != 0U) {
      ethosu_irq_handler(&npu);
    } else if (asked % TG_NPU_ASKED == 0U && tg_hal_ticks() > end) {
      put("tg_npu: the Ethos-U was not done in time\r\n");
      return -1;
    }
  }
  one->count--;
  return 0;
}

/* ---- start ---- */

bool tg_npu_start(void) {
  if (started) {
    return true;
  }
  volatile struct NPU_REG *const there = (volatile struct NPU_REG *)(uintptr_t)TG_NPU_BASE;
  /* Its architecture's version is in there, which no Ethos-U has 0 of. */
  const uint32_t id = there->ID.word;
  if (id == 0U || id == UINT32_MAX) {
    put_place("tg_npu: no Ethos-U answers");
    put(": its ID register reads 0x");
    put_number(id, 16U);
    put("\r\n");
    return false;
  }
  const uint32_t macs = 1UL << there->CONFIG.macs_per_cc;
  if (macs != TG_NPU_MACS) {
    put_place("tg_npu: the Ethos-U");
    put(" has ");
    put_number(macs, 10U);
    put(" multiply-accumulates a cycle, the model is compiled for ");
    put_number(TG_NPU_MACS, 10U);
    put("\r\n");
    return false;
  }
  void *const base = (void *)(uintptr_t)TG_NPU_BASE;
  if (ethosu_init(&npu, base, NULL, 0, TG_NPU_SECURE, 1) != 0) {
    put_place("tg_npu: the Ethos-U");
    put(" is of another series than the model, or cannot be reset from where this runs\r\n");
    return false;
  }
  started = true;
  return true;
}
