/* C++ objects with constructors, before main. The linker script calls it in the place of main where
 * there are such objects; else nothing of it is in a firmware. */
typedef void (*constructor)(void);

/* Placed by the linker script; only their addresses mean something. */
extern const constructor tg_constructors_start[], tg_constructors_end[];

int main(void);
int tg_construct_main(void);

int tg_construct_main(void) {
  for (const constructor *next = tg_constructors_start; next < tg_constructors_end; next++) {
    (*next)();
  }
  return main();
}
