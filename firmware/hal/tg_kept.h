/* What outlives a reset: the words of a fault, in RAM that no start-up code writes (.noinit).
 *
 * A fault's words are kept while they are said. The start that follows tells them for as long as it
 * runs, and the one after that forgets them.
 */
#ifndef TG_KEPT_H
#define TG_KEPT_H

#include <stdint.h>

/* Once, at start: what was kept, and so what kind of start this is. */
void tg_kept_start(void);

/* In a fault: a new text, its parts, and its end, which gives all of it. */
void tg_kept_begin(void);
void tg_kept_text(const char *text);
void tg_kept_hex(const char *name, uint32_t value); /* eight digits, behind the name */
const char *tg_kept_end(void);

#endif /* TG_KEPT_H */
