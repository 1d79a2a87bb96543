/* Where TensorFlow Lite Micro's messages go: the serial port, as text between frames, in a build
 * that keeps them; nowhere otherwise. */
#include <stdarg.h>
#include <stddef.h>

#include "tensorflow/lite/micro/debug_log.h"

#ifdef TF_LITE_STRIP_ERROR_STRINGS

extern "C" void DebugLog(const char *, va_list) {
}

#else

#include <stdint.h>

#include "tg_hal.h"

namespace {

/* Text of limited length; what does not fit is cut off. */
class Text {
 public:
  Text(char *buffer, size_t size) : buffer_(buffer), size_(size) {
    if (size_ > 0) {
      buffer_[0] = '\0';
    }
  }

  void put(char character) {
    if (length_ + 1 < size_) {
      buffer_[length_] = character;
      buffer_[length_ + 1] = '\0';
    }
    length_++;
  }

  void put(const char *text) {
    for (const char *at = text == nullptr ? "(null)" : text; *at != '\0'; at++) {
      put(*at);
    }
  }

  void put(unsigned long value, unsigned base) {
    char digits[20];
    unsigned count = 0;
    do {
      digits[count++] = "0123456789abcdef"[value % base];
      value /= base;
    } while (value != 0);
    while (count > 0) {
      put(digits[--count]);
    }
  }

  void put(long value) {
    if (value < 0) {
      put('-');
    }
    put(value < 0 ? 0UL - static_cast<unsigned long>(value) : static_cast<unsigned long>(value),
        10);
  }

  /* Six places; enough to read a scale. */
  void put(double value) {
    if (!(value > -1e9 && value < 1e9)) {
      put("(out of range)");
      return;
    }
    if (value < 0) {
      put('-');
      value = -value;
    }
    const unsigned long whole = static_cast<unsigned long>(value);
    put(whole, 10);
    put('.');
    double rest = value - static_cast<double>(whole);
    for (int place = 0; place < 6; place++) {
      rest *= 10;
      const int digit = static_cast<int>(rest);
      put(static_cast<char>('0' + digit));
      rest -= digit;
    }
  }

  size_t length() const {
    return length_;
  }

 private:
  char *buffer_;
  size_t size_;
  size_t length_ = 0;
};

/* An argument of so many `l` in its conversion; a `z` is one, as size_t is a long. */
template <typename Int, typename Long, typename LongLong>
Long integer(va_list *arguments, int longs) {
  if (longs > 1) {
    return static_cast<Long>(va_arg(*arguments, LongLong));
  }
  return longs == 1 ? va_arg(*arguments, Long) : static_cast<Long>(va_arg(*arguments, Int));
}

/* The conversions that TensorFlow Lite Micro uses. Widths and precisions are read over. */
size_t format_text(char *buffer, size_t size, const char *format, va_list given) {
  va_list arguments;
  va_copy(arguments, given); /* of which a function can be given the address */
  Text text(buffer, size);
  for (const char *at = format; *at != '\0'; at++) {
    if (*at != '%') {
      text.put(*at);
      continue;
    }
    at++;
    int longs = 0;
    while ((*at >= '0' && *at <= '9') || *at == '.' || *at == '-' || *at == 'l' || *at == 'z') {
      longs += *at == 'l' || *at == 'z';
      at++;
    }
    if (*at == '\0') {
      break;
    }
    switch (*at) {
      case 'd':
      case 'i':
        text.put(integer<int, long, long long>(&arguments, longs));
        break;
      case 'u':
        text.put(integer<unsigned, unsigned long, unsigned long long>(&arguments, longs), 10);
        break;
      case 'x':
      case 'X':
        text.put(integer<unsigned, unsigned long, unsigned long long>(&arguments, longs), 16);
        break;
      case 'p':
        text.put("0x");
        text.put(static_cast<unsigned long>(reinterpret_cast<uintptr_t>(va_arg(arguments, void *))),
                 16);
        break;
      case 'f':
      case 'g':
      case 'e':
        text.put(va_arg(arguments, double));
        break;
      case 'c':
        text.put(static_cast<char>(va_arg(arguments, int)));
        break;
      case 's':
        text.put(va_arg(arguments, const char *));
        break;
      default:
        text.put(*at);
        break;
    }
  }
  va_end(arguments);
  return text.length();
}

}  // namespace

extern "C" void DebugLog(const char *format, va_list arguments) {
  char line[160];
  const size_t length = format_text(line, sizeof line, format, arguments);
  tg_hal_write(reinterpret_cast<const uint8_t *>(line),
               length < sizeof line ? length : sizeof line - 1);
}

extern "C" int DebugVsnprintf(char *buffer, size_t size, const char *format, va_list arguments) {
  return static_cast<int>(format_text(buffer, size, format, arguments));
}

#endif
