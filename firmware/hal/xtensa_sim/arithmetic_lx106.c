/* Arithmetic the compiler asks for and its library leaves out, because the ESP8266 has it in ROM.
 * No floating point: nothing in a firmware without float edges needs it. */
#include <stdint.h>

int64_t __muldi3(int64_t a, int64_t b);
uint32_t __udivsi3(uint32_t a, uint32_t b);
uint32_t __umodsi3(uint32_t a, uint32_t b);
int32_t __divsi3(int32_t a, int32_t b);
int32_t __modsi3(int32_t a, int32_t b);

/* 64 bits from 16-bit halves. */
static uint64_t wide_product(uint32_t a, uint32_t b) {
  const uint32_t low = (a & 0xFFFFU) * (b & 0xFFFFU);
  const uint32_t left = (a >> 16) * (b & 0xFFFFU);
  const uint32_t right = (a & 0xFFFFU) * (b >> 16);
  const uint32_t middle = (low >> 16) + (left & 0xFFFFU) + (right & 0xFFFFU);
  const uint32_t high = (a >> 16) * (b >> 16) + (left >> 16) + (right >> 16) + (middle >> 16);
  return (uint64_t)high << 32 | (middle << 16 | (low & 0xFFFFU));
}

int64_t __muldi3(int64_t a, int64_t b) {
  const uint32_t a_low = (uint32_t)a;
  const uint32_t b_low = (uint32_t)b;
  const uint32_t a_high = (uint32_t)((uint64_t)a >> 32);
  const uint32_t b_high = (uint32_t)((uint64_t)b >> 32);
  const uint32_t cross = a_low * b_high + a_high * b_low;
  return (int64_t)(wide_product(a_low, b_low) + ((uint64_t)cross << 32));
}

/* Bit by bit; the quotient, with the rest in `*rest`. */
static uint32_t divide(uint32_t a, uint32_t b, uint32_t *rest) {
  uint32_t quotient = 0;
  uint32_t r = 0;
  for (int bit = 31; bit >= 0; bit--) {
    const uint32_t carry = r >> 31;
    r = r << 1 | ((a >> bit) & 1U);
    if (carry != 0U || r >= b) {
      r -= b;
      quotient |= 1U << bit;
    }
  }
  *rest = r;
  return quotient;
}

static uint32_t magnitude(int32_t value) {
  return value < 0 ? 0U - (uint32_t)value : (uint32_t)value;
}

uint32_t __udivsi3(uint32_t a, uint32_t b) {
  uint32_t rest;
  return divide(a, b, &rest);
}

uint32_t __umodsi3(uint32_t a, uint32_t b) {
  uint32_t rest;
  (void)divide(a, b, &rest);
  return rest;
}

int32_t __divsi3(int32_t a, int32_t b) {
  uint32_t rest;
  const uint32_t quotient = divide(magnitude(a), magnitude(b), &rest);
  return (int32_t)((a < 0) != (b < 0) ? 0U - quotient : quotient);
}

int32_t __modsi3(int32_t a, int32_t b) {
  uint32_t rest;
  (void)divide(magnitude(a), magnitude(b), &rest);
  return (int32_t)(a < 0 ? 0U - rest : rest);
}
