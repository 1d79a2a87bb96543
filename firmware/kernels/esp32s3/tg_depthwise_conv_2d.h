/* DEPTHWISE_CONV_2D with the ESP32-S3's vectors: sixteen channels of one output pixel at a time.
 *
 * EE.VMULAS.S8.QACC adds a product to each of sixteen lanes of 20 bits, which hold 31 products of
 * any codes; what more taps come to is held against the weights. A lane is read into the upper bits
 * of a register, which makes 4096 times the sum of it: the n of `once` is 12.
 *
 * Rows of the image lie in scratch, border and all, each pixel in whole vectors. They take turns:
 * the row that a window leaves is written over by the one that it reaches next.
 */
#ifndef TG_ESP32S3_DEPTHWISE_CONV_2D_H
#define TG_ESP32S3_DEPTHWISE_CONV_2D_H

#include "esp32s3/tg_layer.h"

enum { TG_ESP32S3_DEPTHWISE_ROWS = 16 }; /* of a filter, at the most */

struct tg_esp32s3_depthwise_conv_2d_params {
  int32_t batches;
  int32_t input_height;
  int32_t input_width;
  int32_t channels;
  int32_t output_height;
  int32_t output_width;
  int32_t filter_height;
  int32_t filter_width;
  int32_t stride_height;
  int32_t stride_width;
  int32_t pad_top;
  int32_t pad_left;
  int32_t input_zero_point;
  int32_t columns; /* of a row in scratch: what all windows of a row reach over */
  int32_t twice;   /* how sums are requantized: see tg_esp32s3_layer */
  int32_t right;
  int32_t output_zero_point;
  int32_t output_min;
  int32_t output_max;
  const TG_FLASH int8_t *weights;    /* for each sixteen channels: a vector for each tap */
  const TG_FLASH int32_t *constants; /* of each channel: tweak, m; or bias, m, half, shift */
};

/* clang-format off */

/* From a lane to its code, with the constants of the channel `number` of eight. */
#define TG_ESP32S3_DW_CODE(number)                                                    \
  ".if %c[twice]\n"                                                                   \
  "l32i       %[u], %[at], 16 * " number "\n"                                         \
  "l32i       %[v], %[at], 16 * " number " + 4\n"                                     \
  "srai       %[t], %[t], 12\n"                                                       \
  "add        %[t], %[t], %[u]\n"                                                     \
  TG_ESP32S3_TWICE("%[at], 16 * " number " + 8", "%[at], 16 * " number " + 12")       \
  ".else\n"                                                                           \
  "l32i       %[u], %[at], 8 * " number "\n"                                          \
  "l32i       %[v], %[at], 8 * " number " + 4\n"                                      \
  "add        %[t], %[t], %[u]\n"                                                     \
  TG_ESP32S3_ONCE                                                                     \
  ".endif\n"                                                                          \
  "s8i        %[t], %[output], " number "\n"

#define TG_ESP32S3_DW_IF(number, lane) \
  ".if %c[count] > " number "\n" lane TG_ESP32S3_DW_CODE(number) ".endif\n"

/* Five words hold eight lanes; three of them lie within a word, and four across two. */
#define TG_ESP32S3_DW_WORDS(half)                                                     \
  "rur." half "_0 %[w0]\n"                                                            \
  "rur." half "_1 %[w1]\n"                                                            \
  "rur." half "_2 %[w2]\n"                                                            \
  "rur." half "_3 %[w3]\n"                                                            \
  "rur." half "_4 %[w4]\n"
#define TG_ESP32S3_DW_EIGHT                                                           \
  TG_ESP32S3_DW_IF("0", "slli %[t], %[w0], 12\n")                                     \
  TG_ESP32S3_DW_IF("1", "ssai 20\n src %[t], %[w1], %[w0]\n slli %[t], %[t], 12\n")   \
  TG_ESP32S3_DW_IF("2", "slli %[t], %[w1], 4\n and %[t], %[t], %[mask]\n")            \
  TG_ESP32S3_DW_IF("3", "ssai 28\n src %[t], %[w2], %[w1]\n slli %[t], %[t], 12\n")   \
  TG_ESP32S3_DW_IF("4", "ssai 16\n src %[t], %[w3], %[w2]\n slli %[t], %[t], 12\n")   \
  TG_ESP32S3_DW_IF("5", "slli %[t], %[w3], 8\n and %[t], %[t], %[mask]\n")            \
  TG_ESP32S3_DW_IF("6", "ssai 24\n src %[t], %[w4], %[w3]\n slli %[t], %[t], 12\n")   \
  TG_ESP32S3_DW_IF("7", "and %[t], %[w4], %[mask]\n")

/* clang-format on */

/* The codes of `count` channels, a constant up to eight, whose sums are in the lower half of QACC,
 * or in the higher one. */
TG_INLINE void tg_esp32s3_depthwise_conv_2d_codes(int32_t high, const TG_FLASH int32_t *constants,
                                                  int8_t *output, int32_t count,
                                                  const struct tg_esp32s3_layer *layer) {
  int32_t t, u, v, w0, w1, w2, w3, w4;
  __asm__ volatile(".if %c[high]\n" TG_ESP32S3_DW_WORDS("qacc_h") ".else\n" TG_ESP32S3_DW_WORDS(
                       "qacc_l") ".endif\n" TG_ESP32S3_DW_EIGHT
                   : [t] "=&r"(t), [u] "=&r"(u), [v] "=&r"(v), [w0] "=&r"(w0), [w1] "=&r"(w1),
                     [w2] "=&r"(w2), [w3] "=&r"(w3), [w4] "=&r"(w4)
                   : [at] "r"(constants), [output] "r"(output), [mask] "r"(-4096), [high] "i"(high),
                     [count] "i"(count), TG_ESP32S3_LAYER(layer)
                   : "memory");
}

/* Sums of sixteen channels into QACC: `rows` are those of the window in scratch, `at` bytes are
 * from their starts to the window's first column and these channels. */
TG_INLINE void tg_esp32s3_depthwise_conv_2d_sums(
    const struct tg_esp32s3_depthwise_conv_2d_params *p, const int8_t *const *rows, int32_t at,
    int32_t pixel, const TG_FLASH int8_t *weights) {
  __asm__ volatile("ee.zero.qacc");
  for (int32_t i = 0; i < p->filter_height; ++i) {
    const int8_t *from = rows[i] + at;
    __asm__ volatile(
        ".rept %c[taps] / 2\n"
        "ee.vld.128.xp q0, %[from], %[pixel]\n"
        "ee.vld.128.ip q1, %[weights], 16\n"
        "ee.vld.128.xp q2, %[from], %[pixel]\n"
        "ee.vmulas.s8.qacc.ld.ip q3, %[weights], 16, q0, q1\n"
        "ee.vmulas.s8.qacc q2, q3\n"
        ".endr\n"
        ".if %c[taps] & 1\n"
        "ee.vld.128.xp q0, %[from], %[pixel]\n"
        "ee.vld.128.ip q1, %[weights], 16\n"
        "ee.vmulas.s8.qacc q0, q1\n"
        ".endif\n"
        : [from] "+r"(from), [weights] "+r"(weights)
        : [pixel] "r"(pixel), [taps] "i"(p->filter_width)
        : "memory");
  }
}

/* Row `number` of the image into its place in scratch, or zero points. */
TG_INLINE void tg_esp32s3_depthwise_conv_2d_take(
    const struct tg_esp32s3_depthwise_conv_2d_params *p, const int8_t *image, int32_t number,
    int8_t *to, int32_t pixel, const int8_t *last) {
  if (number < 0 || number >= p->input_height) {
    tg_esp32s3_layer_fill(to, p->columns * pixel, p->input_zero_point);
    return;
  }
  const int32_t room = p->columns - p->pad_left;
  const int32_t inside = room < p->input_width ? room : p->input_width;
  const int8_t *from = image + number * p->input_width * p->channels;
  tg_esp32s3_layer_fill(to, p->pad_left * pixel, p->input_zero_point);
  to += p->pad_left * pixel;
  if (pixel == p->channels) {
    tg_esp32s3_layer_copy(to, from, inside * (pixel / 16), last);
    to += inside * pixel;
  } else {
    for (int32_t i = inside; i > 0; --i) {
      tg_esp32s3_layer_copy(to, from, pixel / 16, last);
      from += p->channels;
      to += pixel;
    }
  }
  tg_esp32s3_layer_fill(to, (room - inside) * pixel, p->input_zero_point);
}

/* Scratch: as many rows as a filter has, to begin where a vector does. */
TG_INLINE void tg_esp32s3_depthwise_conv_2d(const struct tg_esp32s3_depthwise_conv_2d_params *p,
                                            const int8_t *input, int8_t *output, void *scratch) {
  const struct tg_esp32s3_layer layer = {
      .steps = 1,
      .twice = p->twice,
      .left = 12,
      .right = p->right,
      .zero_point = p->output_zero_point,
      .minimum = p->output_min,
      .maximum = p->output_max,
  };
  const int32_t pixel = (p->channels + 15) / 16 * 16, row_bytes = p->columns * pixel;
  const int32_t taps = p->filter_height * p->filter_width, words = p->twice ? 4 : 2;
  const int32_t whole = p->channels / 16 * 16, rest = p->channels - whole;
  int8_t *const kept = tg_esp32s3_layer_aligned(scratch);
  const int8_t *const last =
      tg_esp32s3_layer_last(input, p->batches * p->input_height * p->input_width * p->channels);
  for (int32_t batch = 0; batch < p->batches; ++batch) {
    int32_t taken = -p->pad_top; /* the first row that is not in scratch */
    for (int32_t y = 0; y < p->output_height; ++y) {
      const int8_t *rows[TG_ESP32S3_DEPTHWISE_ROWS];
      const int32_t top = y * p->stride_height - p->pad_top;
      taken = taken < top ? top : taken;
      for (int32_t i = 0; i < p->filter_height; ++i) {
        int8_t *row = kept + (top + i + p->pad_top) % p->filter_height * row_bytes;
        if (top + i == taken) {
          tg_esp32s3_depthwise_conv_2d_take(p, input, taken, row, pixel, last);
          ++taken;
        }
        rows[i] = row;
      }
      for (int32_t x = 0; x < p->output_width; ++x) {
        const int32_t at = x * p->stride_width * pixel;
        for (int32_t c = 0; c < whole; c += 16) {
          const TG_FLASH int32_t *constants = p->constants + c * words;
          tg_esp32s3_depthwise_conv_2d_sums(p, rows, at + c, pixel, p->weights + c * taps);
          tg_esp32s3_depthwise_conv_2d_codes(0, constants, output + c, 8, &layer);
          tg_esp32s3_depthwise_conv_2d_codes(1, constants + 8 * words, output + c + 8, 8, &layer);
        }
        if (rest > 0) {
          const TG_FLASH int32_t *constants = p->constants + whole * words;
          tg_esp32s3_depthwise_conv_2d_sums(p, rows, at + whole, pixel, p->weights + whole * taps);
          tg_esp32s3_depthwise_conv_2d_codes(0, constants, output + whole, rest > 8 ? 8 : rest,
                                             &layer);
          if (rest > 8) {
            tg_esp32s3_depthwise_conv_2d_codes(1, constants + 8 * words, output + whole + 8,
                                               rest - 8, &layer);
          }
        }
        output += p->channels;
      }
    }
    input += p->input_height * p->input_width * p->channels;
  }
}

#endif /* TG_ESP32S3_DEPTHWISE_CONV_2D_H */
