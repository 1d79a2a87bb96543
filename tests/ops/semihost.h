/* Semihosting, Arm's or the Xtensa simulator's, as far as tests on an emulated core need it: files
 * of the host, and an end. A program of Linux has them anyway. */
#ifndef SEMIHOST_H
#define SEMIHOST_H

#include <stdint.h>

#if defined(__linux__)
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum semihost_mode {
  SEMIHOST_READING = O_RDONLY,
  SEMIHOST_WRITING = O_WRONLY | O_CREAT | O_TRUNC,
};

static inline uint32_t semihost_open(const char *name, uint32_t length, enum semihost_mode mode) {
  (void)length;
  return (uint32_t)open(name, (int)mode, 0644);
}

static inline uint32_t semihost_read(uint32_t file, void *bytes, uint32_t size) {
  uint32_t left = size;
  ssize_t count;
  while (left > 0 && (count = read((int)file, (uint8_t *)bytes + (size - left), left)) > 0) {
    left -= (uint32_t)count;
  }
  return left;
}

static inline uint32_t semihost_write(uint32_t file, const void *bytes, uint32_t size) {
  uint32_t left = size;
  ssize_t count;
  while (left > 0 && (count = write((int)file, (const uint8_t *)bytes + (size - left), left)) > 0) {
    left -= (uint32_t)count;
  }
  return left;
}

static inline void semihost_exit(uint32_t code) {
  exit((int)code);
}
#elif defined(__xtensa__)
/* The simulator's calls, which QEMU answers likewise. */
enum semihost_operation {
  SEMIHOST_EXIT = 1,
  SEMIHOST_READ = 3,
  SEMIHOST_WRITE = 4,
  SEMIHOST_OPEN = 5,
};

enum semihost_mode {
  SEMIHOST_READING = 0,
  SEMIHOST_WRITING = 0x241
}; /* as the host has it: write, create, truncate */

static inline uint32_t semihost(enum semihost_operation operation, uint32_t a, uint32_t b,
                                uint32_t c) {
  register uint32_t a2 __asm__("a2") = (uint32_t)operation;
  register uint32_t a3 __asm__("a3") = a;
  register uint32_t a4 __asm__("a4") = b;
  register uint32_t a5 __asm__("a5") = c;
  __asm__ volatile("simcall" : "+r"(a2), "+r"(a3) : "r"(a4), "r"(a5) : "memory");
  return a2;
}

static inline uint32_t semihost_open(const char *name, uint32_t length, enum semihost_mode mode) {
  (void)length;
  return semihost(SEMIHOST_OPEN, (uint32_t)name, (uint32_t)mode, 0644u);
}

static inline uint32_t semihost_read(uint32_t file, void *bytes, uint32_t size) {
  return size - semihost(SEMIHOST_READ, file, (uint32_t)bytes, size);
}

static inline uint32_t semihost_write(uint32_t file, const void *bytes, uint32_t size) {
  return size - semihost(SEMIHOST_WRITE, file, (uint32_t)bytes, size);
}

static inline void semihost_exit(uint32_t code) {
  (void)semihost(SEMIHOST_EXIT, code, 0, 0);
}
#else
enum semihost_operation {
  SEMIHOST_OPEN = 0x01,
  SEMIHOST_WRITE = 0x05,
  SEMIHOST_READ = 0x06,
  SEMIHOST_EXIT = 0x20,
};

enum semihost_mode { SEMIHOST_READING = 1, SEMIHOST_WRITING = 5 };

static inline uint32_t semihost(enum semihost_operation operation, const uint32_t *arguments) {
  register uint32_t result __asm__("r0") = (uint32_t)operation;
  register const uint32_t *block __asm__("r1") = arguments;
  __asm__ volatile("bkpt 0xab" : "+r"(result) : "r"(block) : "memory");
  return result;
}

/* A file in the emulator's directory. */
static inline uint32_t semihost_open(const char *name, uint32_t length, enum semihost_mode mode) {
  const uint32_t arguments[] = {(uint32_t)name, (uint32_t)mode, length};
  return semihost(SEMIHOST_OPEN, arguments);
}

/* 0, or how many bytes are missing. */
static inline uint32_t semihost_read(uint32_t file, void *bytes, uint32_t size) {
  const uint32_t arguments[] = {file, (uint32_t)bytes, size};
  return semihost(SEMIHOST_READ, arguments);
}

static inline uint32_t semihost_write(uint32_t file, const void *bytes, uint32_t size) {
  const uint32_t arguments[] = {file, (uint32_t)bytes, size};
  return semihost(SEMIHOST_WRITE, arguments);
}

/* Ends the emulator with this exit code. */
static inline void semihost_exit(uint32_t code) {
  const uint32_t application_exit = 0x20026u;
  const uint32_t arguments[] = {application_exit, code};
  (void)semihost(SEMIHOST_EXIT, arguments);
}
#endif

#endif /* SEMIHOST_H */
