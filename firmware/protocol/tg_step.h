/* Part of tg_serve.c: LAYERS, TRACE, STEP and PEEK, where firmware is built with TG_TRACED.
 *
 * STEP computes up to a layer and is answered from there. The model stays: of what comes then, PEEK
 * and the same STEP again are answered; the first request of another kind waits in the buffer until
 * the inference has run to its end. */
#ifndef TG_STEP_H
#define TG_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tg_hal.h"
#include "tg_layers.h"

#if defined(TG_TRACED)

static struct {
  bool halted;
  uint32_t layer;    /* where */
  uint32_t sequence; /* of the STEP */
  size_t waiting;    /* bytes of the request that waits, 0: none */
} tg_step;

static bool tg_step_asked(uint8_t kind) {
  return kind == TG_LAYERS || kind == TG_TRACE || kind == TG_STEP || kind == TG_PEEK;
}

/* A part of one of the two tables, as HELLO has it of the description. */
static void tg_give_table(uint8_t kind, const uint8_t *body, size_t size, uint8_t *answer) {
  if (size != 4) {
    tg_answer(TG_BAD_REQUEST, 0);
    return;
  }
  const uint32_t offset = tg_get_u32(body);
  const uint32_t total = kind == TG_TRACE
                             ? tg_layers_trace(offset, TG_PAYLOAD_BYTES, answer + 4)
                             : tg_layers_describe(offset, TG_PAYLOAD_BYTES, answer + 4);
  tg_give_part(offset, total, answer);
}

/* From the model, whose layer is done: answer the STEP, and stay. */
static void tg_answer_step(void) {
  uint8_t *end = tg_content(&tg.frame) + TG_HEAD_BYTES + 1;
  const uint64_t ticks = tg_layer_ticks[tg_step.layer];
  *end++ = (uint8_t)MODEL_OK;
  end = tg_put_u32(end, (uint32_t)ticks);
  tg_put_u32(end, (uint32_t)(ticks >> 32));
  tg_answer(TG_OK, 9);
}

void tg_serve_halt(void) {
  tg_step.halted = true;
  tg_answer_step();
  tg.heard = tg_clock(); /* the host was not silent while the model computed */
  while (tg_step.waiting == 0) {
    tg_serve_step(tg_hal_idle);
  }
  tg_step.halted = false;
}

static void tg_compute_step(uint32_t sequence, const uint8_t *body, size_t size) {
  if (size != 6) {
    tg_answer(TG_BAD_REQUEST, 0);
  } else if (tg_get_u16(body + 4) >= tg_layers_count) {
    tg_answer(TG_BAD_INDEX, 0);
  } else if (tg_inputs_crc() != tg_get_u32(body)) {
    tg_answer(TG_BAD_INPUTS, 0);
  } else if (!tg_state_ready(sequence)) {
    tg_answer(TG_NO_STATE, 0);
  } else {
    tg_state_step(sequence);
    tg_step.layer = tg_get_u16(body + 4);
    tg_step.sequence = sequence;
    tg.invoked = false;
    tg.outputs_valid = false;
    (void)tg_layers_start(tg_step.layer);
    const enum model_status status = model_invoke();
    (void)tg_layers_end();
    if (tg_step.waiting == 0) { /* it did not come so far */
      tg_content(&tg.frame)[TG_HEAD_BYTES + 1] = (uint8_t)status;
      tg_answer(TG_MODEL, 1);
    }
  }
}

static void tg_peek(const uint8_t *body, size_t size, uint8_t *answer) {
  if (size != 9) {
    tg_answer(TG_BAD_REQUEST, 0);
    return;
  }
  const uint16_t layer = tg_get_u16(body);
  const uint32_t offset = tg_get_u32(body + 3);
  const uint16_t wanted = tg_get_u16(body + 7);
  if (!tg_step.halted) {
    tg_answer(TG_NO_OUTPUTS, 0);
  } else if (layer > tg_step.layer || body[2] >= tg_layers[layer].outputs) {
    tg_answer(TG_BAD_INDEX, 0);
  } else {
    const struct tg_layer_output *output = &tg_layer_outputs[tg_layers[layer].first + body[2]];
    if (wanted > TG_PAYLOAD_BYTES || !tg_inside(offset, wanted, output->bytes)) {
      tg_answer(TG_BAD_RANGE, 0);
    } else {
      memcpy(answer, tg_layer_tensor(output->place) + offset, wanted);
      tg_answer(TG_OK, wanted);
    }
  }
}

/* One of these requests, in an open session and of a model that started. */
static void tg_step_handle(uint8_t kind, uint32_t sequence, const uint8_t *body, size_t size,
                           uint8_t *answer) {
  if (kind == TG_PEEK) {
    tg_peek(body, size, answer);
  } else if (kind != TG_STEP) {
    tg_give_table(kind, body, size, answer);
  } else if (tg_step.halted) {
    tg_answer_step();
  } else {
    tg_compute_step(sequence, body, size);
  }
}

/* Whether a request of `size` bytes has to wait until the model has run on. */
static bool tg_step_waits(uint8_t kind, uint16_t session, uint32_t sequence, size_t size) {
  const bool again = kind == TG_STEP && sequence == tg_step.sequence;
  if (!tg_step.halted || (session == tg.session && (kind == TG_PEEK || again))) {
    return false;
  }
  tg_step.waiting = size;
  return true;
}

static bool tg_step_waiting(void) {
  return tg_step.waiting != 0;
}

/* The bytes of the request that has waited, 0 where there is none. */
static size_t tg_step_waited(void) {
  const size_t size = tg_step.halted ? 0 : tg_step.waiting;
  tg_step.waiting = tg_step.halted ? tg_step.waiting : 0;
  return size;
}

#else

static bool tg_step_asked(uint8_t kind) {
  (void)kind;
  return false;
}

static void tg_step_handle(uint8_t kind, uint32_t sequence, const uint8_t *body, size_t size,
                           uint8_t *answer) {
  (void)kind;
  (void)sequence;
  (void)body;
  (void)size;
  (void)answer;
}

static bool tg_step_waits(uint8_t kind, uint16_t session, uint32_t sequence, size_t size) {
  (void)kind;
  (void)session;
  (void)sequence;
  (void)size;
  return false;
}

static bool tg_step_waiting(void) {
  return false;
}

static size_t tg_step_waited(void) {
  return 0;
}

static uint64_t tg_layers_start(uint32_t stop) {
  (void)stop;
  return tg_hal_ticks();
}

static uint64_t tg_layers_end(void) {
  return 0;
}

#define TG_NO_LAYER UINT32_MAX

#endif

#endif /* TG_STEP_H */
