/* All channels of one run of inputs, two at a time: the block in which the set's convolutions and
 * FULLY_CONNECTED are computed.
 *
 * EE.VMULAS.S8.ACCX adds sixteen products to the one accumulator of 40 bits, and loads the next
 * vector of weights while it does. Weights are one stream, of which q6 and q7 hold the next two
 * vectors in turn; it ends with two vectors of zeros, which are loaded and not used.
 *
 *   q0 to q5   the run, where it has up to six vectors; else q0 to q3, or q0 to q2 of an odd number
 *   q4, q5     two more of a longer run, loaded for each channel
 *   q6, q7     weights
 *   ACCX       the sum of a channel's products
 *
 * A hardware loop may be 256 bytes long: short runs have one around their channels, long ones one
 * around pairs of vectors.
 */
#ifndef TG_ESP32S3_BLOCK_H
#define TG_ESP32S3_BLOCK_H

#include "esp32s3/tg_layer.h"

/* clang-format off */

#define TG_ESP32S3_MAC(input, weights) \
  "ee.vmulas.s8.accx.ld.ip " weights ", %[weights], 16, " input ", " weights "\n"

/* The vector `number` of the run, if it stays in a register; weights are in `even` or `odd`. */
#define TG_ESP32S3_HELD(number, input, weights)                       \
  ".if %c[held] > " number "\n" TG_ESP32S3_MAC(input, weights) ".endif\n"

#define TG_ESP32S3_PAIR(even, odd)                                    \
  "ee.vld.128.ip q4, %[rest], 16\n"                                   \
  "ee.vld.128.ip q5, %[rest], 16\n"                                   \
  TG_ESP32S3_MAC("q4", even)                                          \
  TG_ESP32S3_MAC("q5", odd)

#define TG_ESP32S3_REST(even, odd)                                    \
  ".if %c[steps] > 6\n"                                               \
  "addi       %[rest], %[run], 16 * %c[held]\n"                       \
  ".if %c[steps] > 14\n"                                              \
  "movi       %[u], (%c[steps] - %c[held]) / 2\n"                     \
  "loop       %[u], 3f\n"                                             \
  TG_ESP32S3_PAIR(even, odd)                                          \
  "3:\n"                                                              \
  ".else\n"                                                           \
  ".rept (%c[steps] - %c[held]) / 2\n"                                \
  TG_ESP32S3_PAIR(even, odd)                                          \
  ".endr\n"                                                           \
  ".endif\n"                                                          \
  ".endif\n"

/* The sum of a channel, which is in %[t]. */
#define TG_ESP32S3_SUM(even, odd)                                     \
  "ee.zero.accx\n"                                                    \
  TG_ESP32S3_HELD("0", "q0", even)                                    \
  TG_ESP32S3_HELD("1", "q1", odd)                                     \
  TG_ESP32S3_HELD("2", "q2", even)                                    \
  ".if %c[held] == 3\n" TG_ESP32S3_REST(odd, even) ".endif\n"         \
  TG_ESP32S3_HELD("3", "q3", odd)                                     \
  ".if %c[held] == 4\n" TG_ESP32S3_REST(even, odd) ".endif\n"         \
  TG_ESP32S3_HELD("4", "q4", even)                                    \
  TG_ESP32S3_HELD("5", "q5", odd)                                     \
  "rur.accx_0 %[t]\n"

/* From the sum to the code, with the constants of the first or the second of two channels. */
#define TG_ESP32S3_CODE(once, twice)                                  \
  ".if %c[twice]\n"                                                   \
  "l32i       %[u], %[at], " twice "\n"                               \
  "l32i       %[v], %[at], " twice " + 4\n"                           \
  "add        %[t], %[t], %[u]\n"                                     \
  TG_ESP32S3_TWICE("%[at], " twice " + 8", "%[at], " twice " + 12")   \
  ".else\n"                                                           \
  "l32i       %[u], %[at], " once "\n"                                \
  "l32i       %[v], %[at], " once " + 4\n"                            \
  ".if %c[left] == 0\n"                                               \
  "add        %[t], %[t], %[u]\n"                                     \
  ".elseif %c[left] < 4\n"                                            \
  "addx%c[left_times] %[t], %[t], %[u]\n"                             \
  ".else\n"                                                           \
  "slli       %[t], %[t], %c[left]\n"                                 \
  "add        %[t], %[t], %[u]\n"                                     \
  ".endif\n"                                                          \
  TG_ESP32S3_ONCE                                                     \
  ".endif\n"

#define TG_ESP32S3_TWO_CHANNELS                                       \
  TG_ESP32S3_SUM("q6", "q7")                                          \
  TG_ESP32S3_CODE("0", "0")                                           \
  "s8i        %[t], %[output], 0\n"                                   \
  ".if %c[steps] & 1\n"                                               \
  TG_ESP32S3_SUM("q7", "q6")                                          \
  ".else\n"                                                           \
  TG_ESP32S3_SUM("q6", "q7")                                          \
  ".endif\n"                                                          \
  TG_ESP32S3_CODE("8", "16")                                          \
  "s8i        %[t], %[output], 1\n"                                   \
  "addi       %[at], %[at], 16 + 16 * %c[twice]\n"                    \
  "addi       %[output], %[output], 2\n"

/* A run that may start anywhere, up to six vectors, is shifted together of one more; behind the last
 * vector in memory that has bytes of it nothing is read. */
#define TG_ESP32S3_SHIFTED(number, next, before)                      \
  ".if %c[held] > " number "\n"                                       \
  "ee.src.q.ld.ip " next ", %[rest], 16, " before "\n"                \
  ".elseif %c[held] == " number "\n"                                  \
  "minu       %[rest], %[rest], %[last]\n"                            \
  "ee.src.q.ld.ip " next ", %[rest], 16, " before "\n"                \
  ".endif\n"
#define TG_ESP32S3_LAST(number, of, next)                             \
  ".if %c[held] == " number "\n" "ee.src.q " of ", " of ", " next "\n" ".endif\n"

#define TG_ESP32S3_LOAD_ANYWHERE                                      \
  "ee.ld.128.usar.ip q0, %[rest], 16\n"                               \
  ".if %c[held] == 1\n"                                               \
  "minu       %[rest], %[rest], %[last]\n"                            \
  ".endif\n"                                                          \
  "ee.vld.128.ip q1, %[rest], 16\n"                                   \
  TG_ESP32S3_SHIFTED("2", "q2", "q0, q1")                             \
  TG_ESP32S3_SHIFTED("3", "q3", "q1, q2")                             \
  TG_ESP32S3_SHIFTED("4", "q4", "q2, q3")                             \
  TG_ESP32S3_SHIFTED("5", "q5", "q3, q4")                             \
  TG_ESP32S3_SHIFTED("6", "q6", "q4, q5")                             \
  TG_ESP32S3_LAST("1", "q0", "q1")                                    \
  TG_ESP32S3_LAST("2", "q1", "q2")                                    \
  TG_ESP32S3_LAST("3", "q2", "q3")                                    \
  TG_ESP32S3_LAST("4", "q3", "q4")                                    \
  TG_ESP32S3_LAST("5", "q4", "q5")                                    \
  TG_ESP32S3_LAST("6", "q5", "q6")

#define TG_ESP32S3_LOAD(number) \
  ".if %c[held] > " number "\n" "ee.vld.128.ip q" number ", %[rest], 16\n" ".endif\n"

#define TG_ESP32S3_LOAD_RUN                                           \
  ".if %c[steps] > 6\n"                                               \
  TG_ESP32S3_LOAD("0") TG_ESP32S3_LOAD("1") TG_ESP32S3_LOAD("2") TG_ESP32S3_LOAD("3") \
  ".else\n"                                                           \
  TG_ESP32S3_LOAD_ANYWHERE                                            \
  ".endif\n"

/* clang-format on */

/* The codes of `channels`, a constant, from a run, which starts where a vector does if it has more
 * than six; `last` is the last vector in memory that may be read. */
TG_INLINE void tg_esp32s3_block(const int8_t *run, const int8_t *last, int8_t *output,
                                int32_t channels, const TG_FLASH int8_t *weights,
                                const TG_FLASH int32_t *constants,
                                const struct tg_esp32s3_layer *layer) {
  const int8_t *rest = run;
  int32_t pairs = channels / 2;
  int32_t t, u, v;
  __asm__ volatile(
      TG_ESP32S3_LOAD_RUN
      "ee.vld.128.ip q6, %[weights], 16\n"
      "ee.vld.128.ip q7, %[weights], 16\n"
      ".if %c[channels] < 2\n"
      ".elseif %c[steps] > 6 || %c[twice]\n"
      "2:\n" TG_ESP32S3_TWO_CHANNELS
      "addi       %[pairs], %[pairs], -1\n"
      "bnez       %[pairs], 2b\n"
      ".else\n"
      "loop       %[pairs], 4f\n" TG_ESP32S3_TWO_CHANNELS
      "4:\n"
      ".endif\n"
      ".if %c[channels] & 1\n"
      TG_ESP32S3_SUM("q6", "q7")
      TG_ESP32S3_CODE("0", "0")
      "s8i        %[t], %[output], 0\n"
      ".endif\n"
      : [rest] "+&r"(rest), [output] "+&r"(output), [weights] "+&r"(weights), [at] "+&r"(constants),
        [pairs] "+&r"(pairs), [t] "=&r"(t), [u] "=&r"(u), [v] "=&r"(v)
      : [run] "r"(run), [last] "r"(last), [channels] "i"(channels), [held] "i"(layer->steps <= 6 ? layer->steps : 4 - layer->steps % 2),
        [left_times] "i"(1 << (layer->left & 3)), TG_ESP32S3_LAYER(layer)
      : "memory");
}

#endif /* TG_ESP32S3_BLOCK_H */
