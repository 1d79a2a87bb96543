/* As much of an Arduino core as the firmware uses, over this process's standard streams. */
#ifndef ARDUINO_H
#define ARDUINO_H

#include <stddef.h>
#include <stdint.h>

class Print {
 public:
  virtual ~Print() {
  }
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

class FakeSerial : public Stream {
 public:
  void begin(unsigned long baud);
  size_t write(uint8_t byte) override;
  size_t write(const uint8_t *bytes, size_t size) override;
  void flush() override;
  int available() override;
  int read() override;
  int peek() override;
};

class FakeEsp {
 public:
  uint32_t getCycleCount();
  uint8_t getCpuFreqMHz();
};

extern FakeSerial Serial;
extern FakeEsp ESP;

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
