/* Part of tg_serve.c: what people who look at the port read when the firmware starts. */
#ifndef TG_BANNER_H
#define TG_BANNER_H

#include <stdbool.h>
#include <stddef.h>
#if defined(__AVR__)
#include <avr/pgmspace.h>
#endif

#include "tg_frame.h"
#include "tg_hal.h"
#include "tg_models.h"

/* A line for people who look at the port; the host takes it for noise before a frame. */
#define TG_BANNER "\r\ntinygen: " TG_MODELS_NAMES " on " TG_MODELS_BOARD
#define TG_READY_TEXT TG_BANNER " waits for \"tinygen verify\""
#define TG_FAILED_TEXT TG_BANNER " did not start"

#if defined(__AVR__) /* where other texts than these lie in RAM */
#define TG_TEXT(text) PSTR(text)
#define TG_CHARACTER(text) ((char)pgm_read_byte(text))
#else
#define TG_TEXT(text) (text)
#define TG_CHARACTER(text) (*(text))
#endif

/* Put a text behind the `held` bytes in the buffer, which is sent when it is full. */
__attribute__((noinline)) static size_t tg_say(struct tg_frame *frame, size_t held,
                                               const char *text) {
  for (char c; (c = TG_CHARACTER(text)) != '\0'; text++) {
    if (held == sizeof frame->bytes) {
      tg_hal_write(frame->bytes, held);
      held = 0;
    }
    frame->bytes[held++] = (uint8_t)c;
  }
  return held;
}

/* By the numbers of enum tg_reset, one after the other. */
static const char *tg_reset_text(enum tg_reset reason) {
  const char *text = TG_TEXT(
      "\0power\0low power\0its pin\0software\0the watchdog\0a fault\0sleep\0a debugger\0not "
      "power\0");
  for (int left = (int)reason; left > 0; left -= TG_CHARACTER(text) == '\0', text++) {
  }
  return text;
}

/* In one write, if it fits: a USB port that nobody listens to lets each one wait. */
static void tg_banner(struct tg_frame *frame, bool ready) {
  size_t held = tg_say(frame, 0, ready ? TG_TEXT(TG_READY_TEXT) : TG_TEXT(TG_FAILED_TEXT));
  if (tg_hal_reset_reason() != TG_RESET_UNKNOWN) {
    held = tg_say(frame, held, TG_TEXT("; started by "));
    held = tg_say(frame, held, tg_reset_text(tg_hal_reset_reason()));
  }
#if !defined(__AVR__) /* which keeps none */
  if (*tg_hal_last_fault() != '\0') {
    held = tg_say(frame, tg_say(frame, held, "\r\ntinygen: before that "), tg_hal_last_fault());
  }
#endif
  tg_hal_write(frame->bytes, tg_say(frame, held, TG_TEXT("\r\n")));
}

#endif /* TG_BANNER_H */
