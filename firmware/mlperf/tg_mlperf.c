/* The commands of MLPerf Tiny's runner (mlcommons/tiny, benchmark/runner), which drives the
 * firmware as it is, beside tinygen's own protocol: what is benchmarked is what `tinygen verify`
 * proves.
 *
 * A command is words with a space between, ended by '%'. An answer is lines, of which the last is
 * m-ready.
 *
 *     name             m-name-dut-[tinygen]
 *     timestamp        m-lap-us-N
 *     profile          m-profile-[...] and m-model-[which of the benchmark's]
 *     db load N        a sample of N bytes follows
 *     db HH[HH]*       its next bytes
 *     db print         its bytes
 *     infer N [W=10]   W inferences, then N between two timestamps, then results
 *     results          m-results-[values]
 */
#include "tg_mlperf.h"

#include <stdbool.h>
#include <string.h>

#include "tg_benchmark.h"
#include "tg_hal.h"
#include "tg_models.h"

#define TG_COMMAND_BYTES 80u /* the benchmark's own limit */
#define TG_ROW 8u            /* bytes of a sample that are printed in a line */
#define TG_WARM_UPS 10u

static struct {
  char command[TG_COMMAND_BYTES + 1u];
  size_t length; /* of the command so far; what is beyond the limit is counted, not kept */
  union {
    uint8_t bytes[TG_SAMPLE_BYTES];
    float reals[(TG_SAMPLE_BYTES + sizeof(float) - 1u) / sizeof(float)];
  } sample;
  size_t expected; /* bytes of the sample that is loaded now */
  size_t loaded;
  bool ready;               /* the model started */
  bool computed;            /* the outputs are those of an inference */
  enum model_status status; /* of the last one */
} tg;

static void tg_text(const char *text) {
  tg_hal_write((const uint8_t *)text, strlen(text));
}

static void tg_line(const char *text) {
  tg_text(text);
  tg_text("\r\n");
}

static void tg_number(uint64_t value) {
  char digits[20];
  size_t at = sizeof digits;
  do {
    digits[--at] = (char)('0' + (int)(value % 10u));
    value /= 10u;
  } while (value != 0u);
  tg_hal_write((const uint8_t *)&digits[at], sizeof digits - at);
}

static void tg_number_line(const char *text, uint64_t value) {
  tg_text(text);
  tg_number(value);
  tg_text("\r\n");
}

/* With three decimals, rounded to nearest: what the benchmark's own firmware prints. */
static void tg_real(float value) {
  uint32_t thousandths;
  if (value < 0.0f) {
    tg_text("-");
    value = -value;
  }
  thousandths = value < 4.0e6f ? (uint32_t)(value * 1000.0f + 0.5f) : 4000000000u;
  tg_number(thousandths / 1000u);
  tg_text(".");
  tg_number(thousandths / 100u % 10u);
  tg_number(thousandths / 10u % 10u);
  tg_number(thousandths % 10u);
}

static void tg_byte(uint8_t value) {
  static const char digits[] = "0123456789abcdef";
  const uint8_t both[2] = {(uint8_t)digits[value >> 4], (uint8_t)digits[value & 15u]};
  tg_hal_write(both, sizeof both);
}

static void tg_timestamp(void) {
  const uint64_t ticks = tg_hal_ticks(), hz = tg_hal_tick_hz();
  tg_number_line("m-lap-us-", ticks / hz * 1000000u + ticks % hz * 1000000u / hz);
}

/* The next word of what is left of the command, NULL after the last. */
static const char *tg_word(char **rest) {
  char *word = *rest;
  while (*word == ' ') {
    word++;
  }
  *rest = word;
  while (**rest != '\0' && **rest != ' ') {
    (*rest)++;
  }
  if (**rest != '\0') {
    *(*rest)++ = '\0';
  }
  return *word == '\0' ? NULL : word;
}

/* A whole number below 10^9; false where the word is none. */
static bool tg_whole(const char *word, uint32_t *value) {
  size_t digits = 0;
  *value = 0;
  for (; word[digits] >= '0' && word[digits] <= '9' && digits < 9u; digits++) {
    *value = *value * 10u + (uint32_t)(word[digits] - '0');
  }
  return digits != 0u && word[digits] == '\0';
}

static int tg_hex(char digit) {
  if (digit >= '0' && digit <= '9') {
    return digit - '0';
  }
  if (digit >= 'a' && digit <= 'f') {
    return digit - 'a' + 10;
  }
  return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

/* The sample as the codes that the model takes: as the benchmark's own firmware makes them. An
 * inference reuses the memory of its input, which is why they are written each time, and counted.
 */
static void tg_infer_once(void) {
  int8_t *input = model_input(0);
#if TG_SAMPLE_TYPE == TG_SAMPLE_FLOAT32
  model_quantize(&model_inputs[0], tg.sample.reals, input);
#elif TG_SAMPLE_TYPE == TG_SAMPLE_UINT8
  for (size_t i = 0; i < MODEL_INPUT_0_ELEMENTS; i++) {
    input[i] = (int8_t)((int)tg.sample.bytes[i] - 128);
  }
#else
  memcpy(input, tg.sample.bytes, MODEL_INPUT_0_ELEMENTS);
#endif
  tg.status = model_invoke();
}

static void tg_results(void) {
  if (!tg.computed) {
    tg_line("e-[Nothing is computed]");
    return;
  }
  const struct tg_tensor *tensor = &model_outputs[0];
  const int8_t *codes = model_output(0);
  tg_text("m-results-[");
#if TG_RESULT == TG_RESULT_ERROR
  float sum = 0.0f;
#endif
  for (size_t i = 0; i < MODEL_OUTPUT_0_ELEMENTS; i++) {
    const float real = tensor->scale * (float)((int32_t)codes[i] - tensor->zero_point);
#if TG_RESULT == TG_RESULT_ERROR
    /* How far the model's image of a sample is from the sample: the mean of squares. */
    const float difference = real - tg.sample.reals[i];
    sum += difference * difference;
  }
  tg_real(sum / (float)MODEL_OUTPUT_0_ELEMENTS);
#else
    if (i != 0u) {
      tg_text(",");
    }
    tg_real(real);
  }
#endif
  tg_line("]");
}

static void tg_infer(char *rest) {
  uint32_t count = 1, warm_ups = TG_WARM_UPS;
  const char *word = tg_word(&rest);
  if (word != NULL && (!tg_whole(word, &count) || count == 0u)) {
    tg_line("e-[Inference iterations must be >0]");
    return;
  }
  word = tg_word(&rest);
  if (word != NULL && !tg_whole(word, &warm_ups)) {
    tg_line("e-[Inference warmup must be >=0]");
    return;
  }
  tg.computed = false;
  if (!tg.ready) {
    tg_line("e-[The model did not start]");
    return;
  }
  if (tg.loaded != TG_SAMPLE_BYTES) {
    tg_text("e-[The sample has ");
    tg_number(tg.loaded);
    tg_text(" bytes, the model takes ");
    tg_number(TG_SAMPLE_BYTES);
    tg_line(" bytes]");
    return;
  }
  tg_number_line("m-warmup-start-", warm_ups);
  while (warm_ups-- != 0u) {
    tg_infer_once();
  }
  tg_line("m-warmup-done");
  tg_number_line("m-infer-start-", count);
  tg_timestamp();
  while (count-- != 0u) {
    tg_infer_once();
  }
  tg_timestamp();
  tg_line("m-infer-done");
  if (tg.status != MODEL_OK) {
    tg_line("e-[The model did not run]");
    return;
  }
  tg.computed = true;
  tg_results();
}

static void tg_load(const char *word) {
  uint32_t bytes;
  if (word == NULL) {
    tg_line("e-[Command 'db load' requires the # of bytes]");
  } else if (!tg_whole(word, &bytes) || bytes == 0u) {
    tg_line("e-[Command 'db load' must be >0 bytes]");
  } else if (bytes > TG_SAMPLE_BYTES) {
    tg_text("e-[The model takes ");
    tg_number(TG_SAMPLE_BYTES);
    tg_line(" bytes]");
  } else {
    tg.expected = bytes;
    tg.loaded = 0;
    tg_text("m-[Expecting ");
    tg_number(bytes);
    tg_line(" bytes]");
  }
}

static void tg_take(const char *digits) {
  if (strlen(digits) % 2u != 0u) {
    tg_line("e-[Insufficent number of hex digits]"); /* the benchmark's words */
    return;
  }
  for (; *digits != '\0' && tg.loaded < tg.expected; digits += 2) {
    const int high = tg_hex(digits[0]), low = tg_hex(digits[1]);
    if (high < 0 || low < 0) {
      tg_line("e-[Invalid hex digit]");
      return;
    }
    tg.sample.bytes[tg.loaded++] = (uint8_t)(high * 16 + low);
    if (tg.loaded == tg.expected) {
      tg_line("m-load-done");
    }
  }
}

static void tg_print(void) {
  for (size_t i = 0; i < tg.loaded; i++) {
    tg_text(i % TG_ROW == 0u ? "m-buffer-" : "-");
    tg_byte(tg.sample.bytes[i]);
    if (i % TG_ROW == TG_ROW - 1u || i + 1u == tg.loaded) {
      tg_text("\r\n");
    }
  }
}

static void tg_buffer(char *rest) {
  const char *word = tg_word(&rest);
  if (word == NULL) {
    tg_line("e-[Command 'db' requires a subcommand]");
  } else if (strcmp(word, "load") == 0) {
    tg_load(tg_word(&rest));
  } else if (strcmp(word, "print") == 0) {
    tg_print();
  } else {
    tg_take(word);
  }
}

static void tg_help(void) {
  tg_line("name, timestamp, profile, db load N, db HH[HH]*, db print, infer N [W=10], results");
}

static void tg_answer(char *rest) {
  const char *word = tg_word(&rest);
  if (word == NULL) {
    word = "";
  }
  if (strcmp(word, "name") == 0) {
    tg_line("m-name-dut-[tinygen]");
  } else if (strcmp(word, "timestamp") == 0) {
    tg_timestamp();
  } else if (strcmp(word, "profile") == 0) {
    tg_line("m-profile-[ULPMark for tinyML Firmware V0.0.1]");
    tg_line("m-model-[" TG_BENCHMARK "]");
  } else if (strcmp(word, "help") == 0) {
    tg_help();
  } else if (strcmp(word, "db") == 0) {
    tg_buffer(rest);
  } else if (strcmp(word, "infer") == 0) {
    tg_infer(rest);
  } else if (strcmp(word, "results") == 0) {
    tg_results();
  } else {
    tg_text("e-[Unknown command: ");
    tg_text(word);
    tg_line("]");
  }
}

void tg_mlperf_begin(bool ready) {
  tg.ready = ready;
}

/* A character that is in no command begins anew: the frames of tinygen's protocol come this way
 * too. What they make of this is silence, but for one in many thousands, which is a line of noise
 * between two frames. */
bool tg_mlperf_take(uint8_t byte) {
  const bool ended = byte == '%' && tg.length != 0u;
  if (byte < ' ' || byte > '~' || byte == '%') {
    if (!ended) {
      tg.length = 0;
      return false;
    }
  } else {
    if (tg.length < TG_COMMAND_BYTES) {
      tg.command[tg.length] = (char)byte;
    }
    tg.length += tg.length <= TG_COMMAND_BYTES;
    return false;
  }
  if (tg.length > TG_COMMAND_BYTES) {
    tg_line("e-[Command is too long]");
  } else {
    tg.command[tg.length] = '\0';
    tg_answer(tg.command);
  }
  tg.length = 0;
  tg_line("m-ready");
  return true;
}
