/* Where constants lie: on AVR, whose flash has addresses of its own, in the lower 64 KB of it; they
 * are read there by GNU C's named address space. Elsewhere flash is memory like any other.
 */
#ifndef TG_FLASH_H
#define TG_FLASH_H

#if defined(__AVR__) && !defined(__cplusplus)
#define TG_FLASH __flash
#else
#define TG_FLASH
#endif

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "constants are written for little-endian cores"
#endif

/* Of an array of bytes that is written as a string, without the zero at its end, for which only C++
 * wants room. */
#if defined(__GNUC__) && __GNUC__ >= 8
#define TG_NONSTRING __attribute__((nonstring))
#else
#define TG_NONSTRING
#endif
#if defined(__cplusplus)
#define TG_STRING(bytes) ((bytes) + 1)
#else
#define TG_STRING(bytes) (bytes)
#endif

#endif /* TG_FLASH_H */
