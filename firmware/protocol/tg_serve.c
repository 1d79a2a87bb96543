#include "tg_serve.h"

#include <string.h>

#include "tg_banner.h"
#include "tg_crc32.h"
#include "tg_describe.h"
#include "tg_frame.h"
#include "tg_hal.h"
#include "tg_models.h"
#include "tg_rate.h"
#ifdef TG_MLPERF
#include "tg_mlperf.h"
#endif

#define TG_READ_BYTES 64u /* taken from the port at once, on the stack */

/* What is kept between requests. */
static struct {
  struct {
    enum model_status ready; /* what its init returned */
    uint32_t init_ticks;     /* and how long that took */
  } models[TG_MODELS];
  uint16_t session;   /* 0 before the first hello */
  bool outputs_valid; /* computed, and no input written since */
  bool busy;          /* an input was written, or outputs are still to be read */
  uint32_t heard;     /* when the last request was dealt with, by tg_clock */
  /* The last inference, for a host that asks again because it missed the answer. */
  bool invoked;
  uint32_t sequence;
  enum model_status status;
  uint64_t ticks;
  uint32_t stack;
  uint32_t outputs_crc;
  struct tg_frame frame; /* last: what lies behind kilobytes costs more code to reach */
} tg;

/* Send an answer with `code` and a body of `size` bytes, already in place behind the code. */
static void tg_answer(uint8_t code, size_t size) {
  uint8_t *content = tg_content(&tg.frame);
  content[0] = TG_VERSION;
  content[1] |= (uint8_t)TG_ANSWER;
  content[TG_HEAD_BYTES] = code;
  tg_frame_send(&tg.frame, TG_HEAD_BYTES + 1u + size);
}

/* A part of a table, already in place from its byte `offset` on, behind the size of all of it. */
static void tg_give_part(uint32_t offset, uint32_t total, uint8_t *answer) {
  if (offset > total) {
    tg_answer(TG_BAD_RANGE, 0);
    return;
  }
  uint32_t rest = total - offset;
  tg_put_u32(answer, total);
  tg_answer(TG_OK, 4u + (rest < TG_PAYLOAD_BYTES ? rest : TG_PAYLOAD_BYTES));
}

#include "tg_state.h"

static void tg_hello(uint16_t session, const uint8_t *body, size_t size, uint8_t *answer) {
  if ((size != 4 && (TG_MODELS == 1 || size != 5)) || session == 0) {
    tg_answer(TG_BAD_REQUEST, 0);
    return;
  }
  uint32_t offset = tg_get_u32(body);
#if TG_MODELS > 1
  const uint8_t which = size == 4 ? 0u : body[4];
  if (which >= TG_MODELS) {
    tg_answer(TG_BAD_INDEX, 0);
    return;
  }
  if (which != tg_which) {
    tg.session = 0; /* another one begins, whatever it is called: what was computed is not its */
    tg_which = which;
  }
#endif
  if (session != tg.session) {
    tg.session = session;
    tg.busy = false;
    tg.invoked = false;
    tg.outputs_valid = false;
    tg_state_forget();
  }
#if defined(TG_SAY_WHY)
  /* The engine says why it does not start, as text before the answer. Nobody may have listened when
   * it did at first. */
  if (tg.models[tg_which].ready != MODEL_OK && offset == 0) {
    tg.models[tg_which].ready = model_init();
  }
#endif
  uint32_t total = tg_describe(tg.models[tg_which].ready, tg.models[tg_which].init_ticks, offset,
                               TG_PAYLOAD_BYTES, answer + 4);
  tg_give_part(offset, total, answer);
}

static uint32_t tg_bytes(const struct tg_tensor *tensor) {
#if defined(MODEL_TYPED)
  return tensor->bytes;
#else
  return tensor->elements;
#endif
}

/* Is offset, size inside a tensor of `bytes`? Written so that nothing overflows. */
static bool tg_inside(uint32_t offset, size_t size, uint32_t bytes) {
  return offset <= bytes && size <= bytes - offset;
}

/* Put a piece of an input where it belongs: input, offset, bytes. Returns the code to answer. */
static uint8_t tg_take(const uint8_t *piece, size_t size) {
  if (size < 6) {
    return TG_BAD_REQUEST;
  }
  uint16_t index = tg_get_u16(piece);
  uint32_t offset = tg_get_u32(piece + 2);
  size -= 6;
  if (index >= MODEL_INPUTS) {
    return TG_BAD_INDEX;
  }
  if (size > TG_PAYLOAD_BYTES || !tg_inside(offset, size, tg_bytes(&model_inputs[index]))) {
    return TG_BAD_RANGE;
  }
  tg.outputs_valid = false; /* inputs and outputs may share memory */
  tg.busy = true;
  memcpy((uint8_t *)model_input(index) + offset, piece + 6, size);
  return TG_OK;
}

static uint32_t tg_inputs_crc(void) {
  uint32_t crc = 0;
  for (size_t i = 0; i < MODEL_INPUTS; i++) {
    crc = tg_crc32(crc, (const uint8_t *)model_input(i), tg_bytes(&model_inputs[i]));
  }
  return crc;
}

static uint32_t tg_outputs_crc(void) {
  uint32_t crc = 0;
  for (size_t i = 0; i < MODEL_OUTPUTS; i++) {
    crc = tg_crc32(crc, (const uint8_t *)model_output(i), tg_bytes(&model_outputs[i]));
  }
  return crc;
}

#include "tg_step.h"

/* The outputs one after the other, as far as they fit. Returns how many bytes. */
static size_t tg_give_outputs(uint8_t *to) {
  tg.busy = false;
  size_t room = TG_PAYLOAD_BYTES - TG_RUN_MARGIN;
  for (size_t i = 0; i < MODEL_OUTPUTS; i++) {
    const size_t bytes = tg_bytes(&model_outputs[i]);
    size_t size = bytes < room ? bytes : room;
    tg.busy = tg.busy || size < bytes;
    memcpy(to, model_output(i), size);
    to += size;
    room -= size;
  }
  return TG_PAYLOAD_BYTES - TG_RUN_MARGIN - room;
}

/* INVOKE and RUN, which brings the last piece of the inputs and takes the outputs along. */
static void tg_invoke(bool run, uint32_t sequence, const uint8_t *body, size_t size,
                      uint8_t *answer) {
  if (run ? size < 4 : size != 4) {
    tg_answer(TG_BAD_REQUEST, 0);
    return;
  }
  if (!tg.invoked || tg.sequence != sequence) {
    uint8_t code = run ? tg_take(body + 4, size - 4) : TG_OK;
    if (code == TG_OK && tg_inputs_crc() != tg_get_u32(body)) {
      code = TG_BAD_INPUTS;
    } else if (code == TG_OK && !tg_state_ready(sequence)) {
      code = TG_NO_STATE;
    }
    if (code != TG_OK) {
      tg_answer(code, 0);
      return;
    }
    tg_state_step(sequence);
    uint64_t start = tg_layers_start(TG_NO_LAYER);
    tg.status = model_invoke();
    tg.ticks = tg_hal_ticks() - start - tg_layers_end();
    tg.stack = tg_hal_stack_used();
    tg.outputs_valid = tg.status == MODEL_OK;
    tg.outputs_crc = tg.outputs_valid ? tg_outputs_crc() : 0;
    tg.sequence = sequence;
    tg.invoked = true;
    tg.busy = tg.outputs_valid;
  }
  uint8_t *end = answer;
  *end++ = (uint8_t)tg.status;
  end = tg_put_u32(end, (uint32_t)tg.ticks);
  end = tg_put_u32(end, (uint32_t)(tg.ticks >> 32));
  end = tg_put_u32(end, tg.stack);
  end = tg_put_u32(end, tg.outputs_crc);
  if (run && tg.outputs_valid) {
    end += tg_give_outputs(end);
  }
  tg_answer(tg.status == MODEL_OK ? TG_OK : TG_MODEL, (size_t)(end - answer));
}

static void tg_read(const uint8_t *body, size_t size, uint8_t *answer) {
  if (size != 8) {
    tg_answer(TG_BAD_REQUEST, 0);
    return;
  }
  uint16_t index = tg_get_u16(body);
  uint32_t offset = tg_get_u32(body + 2);
  uint16_t wanted = tg_get_u16(body + 6);
  if (index >= MODEL_OUTPUTS) {
    tg_answer(TG_BAD_INDEX, 0);
  } else if (wanted > TG_PAYLOAD_BYTES ||
             !tg_inside(offset, wanted, tg_bytes(&model_outputs[index]))) {
    tg_answer(TG_BAD_RANGE, 0);
  } else if (!tg.outputs_valid) {
    tg_answer(TG_NO_OUTPUTS, 0);
  } else {
    memcpy(answer, (const uint8_t *)model_output(index) + offset, wanted);
    tg_answer(TG_OK, wanted);
    if (index + 1u == MODEL_OUTPUTS && offset + wanted == tg_bytes(&model_outputs[index])) {
      tg.busy = false; /* they are read in order */
    }
  }
}

/* A sequence begins: the model forgets what it was given. */
static void tg_begin(uint32_t sequence, const uint8_t *body, size_t size) {
  if (size != 1) {
    tg_answer(TG_BAD_REQUEST, 0);
    return;
  }
  tg.invoked = false;
  tg.outputs_valid = false;
  tg_state_begin(sequence, *body != 0);
  tg_answer(TG_OK, 0);
}

/* A request for another rate: answered at this one. Its bytes come back. */
static void tg_change_rate(const uint8_t *body, size_t size, uint8_t *answer) {
  uint32_t baud = size < 4 ? 0 : tg_get_u32(body);
  if (size < 4 || size > TG_PAYLOAD_BYTES) {
    tg_answer(TG_BAD_REQUEST, 0);
  } else if (!tg_rate_possible(baud)) {
    tg_answer(TG_BAD_RANGE, 0);
  } else {
    memmove(answer, body, size);
    tg_answer(TG_OK, size);
    tg_rate_change(baud);
  }
}

static void tg_handle(size_t size) {
  uint8_t *content = tg_content(&tg.frame);
  tg.frame.size = 0; /* the next frame may follow at once */
  if (size < TG_HEAD_BYTES || (content[1] & TG_ANSWER) != 0) {
    return; /* not a request: perhaps our own answer, echoed */
  }
  uint8_t version = content[0];
  uint8_t kind = content[1];
  uint16_t session = tg_get_u16(content + 2);
  uint32_t sequence = tg_get_u32(content + 4);
  const uint8_t *body = content + TG_HEAD_BYTES;
  uint8_t *answer = content + TG_HEAD_BYTES + 1;
  if (tg_step_waits(kind, session, sequence, size) ||
      (session == tg.session && tg_state_late(kind, sequence))) {
    return;
  }
  size -= TG_HEAD_BYTES;
  if (version != TG_VERSION) {
    tg_answer(TG_BAD_VERSION, 0);
  } else if (kind == TG_HELLO) {
    tg_hello(session, body, size, answer);
  } else if (kind != TG_WRITE && kind != TG_INVOKE && kind != TG_READ && kind != TG_RUN &&
             !tg_rate_asked(kind) && !tg_step_asked(kind) && !tg_state_asked(kind)) {
    tg_answer(TG_BAD_REQUEST, 0);
  } else if (session != tg.session || session == 0) {
    tg_answer(TG_NO_SESSION, 0);
  } else if (tg_rate_asked(kind)) {
    tg_change_rate(body, size, answer);
  } else if (tg.models[tg_which].ready != MODEL_OK) {
    *answer = (uint8_t)tg.models[tg_which].ready;
    tg_answer(TG_NOT_READY, 1);
  } else if (tg_step_asked(kind)) {
    tg_step_handle(kind, sequence, body, size, answer);
  } else if (tg_state_asked(kind)) {
    tg_begin(sequence, body, size);
  } else if (kind == TG_WRITE) {
    tg_answer(tg_take(body, size), 0);
  } else if (kind != TG_READ) {
    tg_invoke(kind == TG_RUN, sequence, body, size, answer);
  } else {
    tg_read(body, size, answer);
  }
}

static bool tg_ready(void) {
  for (size_t i = 0; i < TG_MODELS; i++) {
    if (tg.models[i].ready != MODEL_OK) {
      return false;
    }
  }
  return true;
}

static void tg_start(void) {
  uint64_t start = tg_hal_ticks();
  tg.models[tg_which].ready = model_init();
  tg.models[tg_which].init_ticks = (uint32_t)(tg_hal_ticks() - start);
}

void tg_serve_begin(void) {
  memset(&tg, 0, sizeof tg);
#if TG_MODELS > 1
  for (tg_which = TG_MODELS - 1; tg_which > 0; tg_which--) {
    tg_start();
  }
#endif
  tg_start();
#ifdef TG_MLPERF
  tg_mlperf_begin(tg_ready());
#endif
  tg_banner(&tg.frame, tg_ready());
}

/* Whether the host has begun an inference or a sequence and not yet all results, and is still
 * there. An AVR's timer cannot be asked all the time, because that restarts it: there the next
 * hello ends it. */
static bool tg_busy(void) {
#if !defined(__AVR__)
  if (tg_quiet_since(tg.heard)) {
    tg_state_release();
    return false;
  }
#endif
  return tg.busy || tg_state_held();
}

/* The user's program has a turn where nothing was read, and after each request: a host that asks
 * without a pause does not keep it waiting. */
void tg_serve_step(void (*otherwise)(void)) {
  tg_rate_check(tg.heard);
  uint8_t bytes[TG_READ_BYTES];
  const size_t size = tg_hal_read(bytes, sizeof bytes);
  bool turn = size == 0;
#ifdef TG_MLPERF
  for (size_t i = 0; i < size; i++) {
    if (tg_mlperf_take(bytes[i])) {
      tg.outputs_valid = false;
      tg.invoked = false;
    }
  }
#endif
  for (size_t taken = 0; taken < size && !tg_step_waiting();) {
    bool whole;
    taken += tg_frame_receive(&tg.frame, bytes + taken, size - taken, &whole);
    if (whole) {
      size_t frame = tg.frame.size;
      do {
        tg_handle(frame);
      } while ((frame = tg_step_waited()) != 0);
      tg.heard = tg_clock();
      turn = !tg_step_waiting();
    }
  }
  if (turn) {
    (tg_busy() ? tg_hal_idle : otherwise)();
  }
}
