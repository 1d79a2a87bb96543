/* The fake core's main loop. A USB port that takes little at a time, and at times nothing, unless
 * TEST_DEAF is set: then it takes nothing at all. */
#include <Arduino.h>
#include <esp_system.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <chrono>

HardwareSerial Serial;
EspClass ESP;

static uint8_t buffer[64];
static size_t head, tail;
static size_t kept = 256; /* bytes of what arrives, as Espressif's core has it */
static bool begun;
static unsigned long rate;
static uint64_t offset_us;

static uint64_t now_us() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return offset_us +
         static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

void HardwareSerial::begin(unsigned long baud) {
  const char *last = getenv("TEST_BAUD"); /* the rate that a test wants to end at */
  begun = baud == 115200 || (last != nullptr && baud == strtoul(last, nullptr, 10));
  rate = baud;
}

void HardwareSerial::end() {
  begun = false;
}

size_t HardwareSerial::setRxBufferSize(size_t size) {
  return begun ? 0 : (kept = size);
}

int HardwareSerial::available() {
  if (head == tail) {
    pollfd in = {0, POLLIN, 0};
    if (poll(&in, 1, 5) > 0) {
      const ssize_t got = ::read(0, buffer, sizeof buffer);
      if (got <= 0) {
        const char *last = getenv("TEST_BAUD");
        exit(begun && kept == 2048 && rate == strtoul(last ? last : "115200", nullptr, 10) ? 0 : 1);
      }
      head = 0;
      tail = static_cast<size_t>(got);
    }
  }
  return static_cast<int>(tail - head);
}

int HardwareSerial::read() {
  return head < tail ? buffer[head++] : -1;
}

int HardwareSerial::peek() {
  return head < tail ? buffer[head] : -1;
}

size_t HardwareSerial::write(uint8_t byte) {
  return write(&byte, 1);
}

size_t HardwareSerial::write(const uint8_t *bytes, size_t size) {
  static unsigned calls;
  if (getenv("TEST_DEAF") != nullptr) {
    offset_us += 100000;
    return 0;
  }
  if (++calls % 3 == 0) {
    return 0;
  }
  const ssize_t done = ::write(1, bytes, size < 7 ? size : 7);
  return done > 0 ? static_cast<size_t>(done) : 0;
}

uint32_t EspClass::getCycleCount() {
  return static_cast<uint32_t>(now_us() * getCpuFreqMHz());
}

uint32_t EspClass::getCpuFreqMHz() {
  return 240;
}

size_t getArduinoLoopTaskStackSize() {
  return 8192;
}

uint32_t uxTaskGetStackHighWaterMark(void *) {
  return 7000;
}

extern "C" esp_reset_reason_t esp_reset_reason(void) {
  return ESP_RST_TASK_WDT;
}

unsigned long millis(void) {
  return static_cast<uint32_t>(now_us() / 1000);
}

unsigned long micros(void) {
  return static_cast<uint32_t>(now_us());
}

void delay(unsigned long ms) {
  usleep(static_cast<useconds_t>(ms * 1000));
}

void yield(void) {
}

#if !defined(TEST_NO_SKETCH)
int main() {
  setup();
  for (;;) {
    loop();
  }
}
#endif
