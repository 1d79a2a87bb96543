/* What the C library asks of a bare-metal program. */

/* Where the mathematical functions report errors. With this one newlib's own is not linked, which
 * would bring a kilobyte of state for its files and locales into RAM. */
int *__errno(void);
int *__errno(void) {
  static int value;
  return &value;
}
