/* Part of tg_serve.c: BEGIN, where the model remembers what it was given before.
 *
 * While a host's sequence goes on nobody else runs the model. No request steps it twice: one that
 * is asked again is answered from what is kept, and one that arrives after a later one is dropped.
 */
#ifndef TG_STATE_H
#define TG_STATE_H

#include <stdbool.h>
#include <stdint.h>

#if defined(MODEL_STATES)

static struct {
  bool held;       /* a sequence goes on */
  bool known;      /* a request of this session changed what the model remembers */
  uint32_t latest; /* and the last one that did had this sequence number */
} tg_state;

static void tg_state_forget(void) {
  tg_state.held = false;
  tg_state.known = false;
}

static bool tg_state_held(void) {
  return tg_state.held;
}

static void tg_state_release(void) {
  tg_state.held = false;
}

static bool tg_state_asked(uint8_t kind) {
  return kind == TG_BEGIN;
}

/* Whether a request comes after one that was sent later, and would change what that one left. */
static bool tg_state_late(uint8_t kind, uint32_t sequence) {
  const bool changes = kind != TG_HELLO && kind != TG_READ && kind != TG_PEEK;
  return changes && tg_state.known && sequence - tg_state.latest > UINT32_MAX / 2u;
}

/* Whether the model may take a step for this request: it is of a sequence, and was not taken. */
static bool tg_state_ready(uint32_t sequence) {
  return tg_state.held && tg_state.latest != sequence;
}

/* The model takes a step for this request. */
static void tg_state_step(uint32_t sequence) {
  tg_state.latest = sequence;
}

/* A sequence begins, or, where it is not to be held, the last one has ended. */
static void tg_state_begin(uint32_t sequence, bool held) {
  if (!tg_state.known || tg_state.latest != sequence) {
    model_reset();
    tg_state.known = true;
    tg_state.latest = sequence;
    tg_state.held = held;
  }
}

#else

static void tg_state_forget(void) {
}

static bool tg_state_held(void) {
  return false;
}

static void tg_state_release(void) {
}

static bool tg_state_asked(uint8_t kind) {
  (void)kind;
  return false;
}

static bool tg_state_late(uint8_t kind, uint32_t sequence) {
  (void)kind;
  (void)sequence;
  return false;
}

static bool tg_state_ready(uint32_t sequence) {
  (void)sequence;
  return true;
}

static void tg_state_step(uint32_t sequence) {
  (void)sequence;
}

static void tg_state_begin(uint32_t sequence, bool held) {
  (void)sequence;
  (void)held;
}

#endif

#endif /* TG_STATE_H */
