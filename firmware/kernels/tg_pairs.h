/* Element by element over two inputs that are broadcast to one output. */
#ifndef TG_PAIRS_H
#define TG_PAIRS_H

#include <stdint.h>

/* Loops over the output in order: `a` and `b` are the positions of its element's inputs. The
 * parameters `p` have loop counts in `dims`, outermost first, and for each loop the inputs' steps
 * in elements in `strides0` and `strides1`; a step of 0 repeats. */
#define TG_EACH_PAIR(p, a, b)                                                                      \
  for (int32_t i0 = 0; i0 < (p)->dims[0]; ++i0)                                                    \
    for (int32_t i1 = 0; i1 < (p)->dims[1]; ++i1)                                                  \
      for (int32_t i2 = 0; i2 < (p)->dims[2]; ++i2)                                                \
        for (int32_t i3 = 0; i3 < (p)->dims[3]; ++i3)                                              \
          for (int32_t i4 = 0,                                                                     \
                       a = i0 * (p)->strides0[0] + i1 * (p)->strides0[1] + i2 * (p)->strides0[2] + \
                           i3 * (p)->strides0[3],                                                  \
                       b = i0 * (p)->strides1[0] + i1 * (p)->strides1[1] + i2 * (p)->strides1[2] + \
                           i3 * (p)->strides1[3];                                                  \
               i4 < (p)->dims[4]; ++i4, a += (p)->strides0[4], b += (p)->strides1[4])

#endif /* TG_PAIRS_H */
