/* As much of an Arduino core as the firmware uses, with the parts of Espressif's that an ESP32's
 * asks for: beside this for the Cortex-M4 that QEMU emulates, in ../../../fake for this host. */
#ifndef ARDUINO_H
#define ARDUINO_H

#include <stddef.h>
#include <stdint.h>

class Print {
 public:
  virtual size_t write(uint8_t byte) = 0;
  virtual size_t write(const uint8_t *bytes, size_t size) = 0;
  virtual void flush() {
  }
};

class Stream : public Print {
 public:
  virtual int available() = 0;
  virtual int read() = 0;
  virtual int peek() = 0;
};

class HardwareSerial : public Stream {
 public:
  void begin(unsigned long baud);
  void end();
  size_t setRxBufferSize(size_t size); /* Espressif's */
  size_t write(uint8_t byte) override;
  size_t write(const uint8_t *bytes, size_t size) override;
  int available() override;
  int read() override;
  int peek() override;
};

class EspClass {
 public:
  uint32_t getCycleCount();
  uint32_t getCpuFreqMHz();
};

extern HardwareSerial Serial;
extern EspClass ESP;

size_t getArduinoLoopTaskStackSize();

extern "C" {
uint32_t uxTaskGetStackHighWaterMark(void *task);
void setup(void);
void loop(void);
unsigned long millis(void);
unsigned long micros(void);
void delay(unsigned long ms);
void yield(void);
}

#endif /* ARDUINO_H */
