/* The stack's mark of one Arduino core, behind tg_hal_stack_used(). */
#ifndef TG_STACK_H
#define TG_STACK_H

/* Called once, first. */
void tg_stack_init(void);

#endif /* TG_STACK_H */
