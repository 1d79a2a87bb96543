#include "tg_kept.h"

#include <stddef.h>
#include <string.h>

#include "tg_hal.h"

#define MARK 0x54474B31U /* this firmware has run since power came */
#define WRITTEN 1U       /* by a fault, and not told yet */
#define TOLD 2U          /* during this run */

static struct {
  uint32_t mark;
  uint32_t state;
  uint32_t check; /* of the words: what RAM holds when power comes is anything */
  char words[92];
} kept __attribute__((section(".noinit")));

static size_t size;
static enum tg_reset reason;

/* FNV-1a of the words, all of the buffer. */
__attribute__((noinline)) static uint32_t checked(void) {
  uint32_t hash = 2166136261U;
  for (size_t i = 0; i < sizeof kept.words; i++) {
    hash = (hash ^ (uint8_t)kept.words[i]) * 16777619U;
  }
  return hash;
}

void tg_kept_start(void) {
  reason = TG_RESET_POWER_ON;
  if (kept.mark == MARK) {
    reason = kept.state == WRITTEN && kept.check == checked() ? TG_RESET_FAULT : TG_RESET_KEPT_RAM;
  }
  kept.mark = MARK;
  kept.state = reason == TG_RESET_FAULT ? TOLD : 0U;
}

enum tg_reset tg_hal_reset_reason(void) {
  return reason;
}

const char *tg_hal_last_fault(void) {
  return kept.state == TOLD ? kept.words : "";
}

void tg_kept_begin(void) {
  kept.state = 0U;
  size = 0;
  memset(kept.words, 0, sizeof kept.words);
}

__attribute__((noinline)) void tg_kept_text(const char *text) {
  while (*text != '\0' && size < sizeof kept.words - 1U) {
    kept.words[size++] = *text++;
  }
}

__attribute__((noinline)) void tg_kept_hex(const char *name, uint32_t value) {
  tg_kept_text(name);
  for (uint32_t digit = 8U; digit > 0U; digit--) {
    const char text[] = {"0123456789abcdef"[value >> 28], '\0'};
    tg_kept_text(text);
    value <<= 4;
  }
}

const char *tg_kept_end(void) {
  kept.check = checked();
  kept.state = WRITTEN;
  return kept.words;
}
