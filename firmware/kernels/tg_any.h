/* What a layer of a model is given: tensors of whatever types its kernel takes. */
#ifndef TG_ANY_H
#define TG_ANY_H

#if defined(__cplusplus)

/* C makes any pointer of one to void; C++ has to be told that these do. */
class tg_any_input {
 public:
  tg_any_input(const void *bytes) : bytes_(bytes) {
  }

  template <typename T>
  operator const T *() const {
    return static_cast<const T *>(bytes_);
  }

 private:
  const void *bytes_;
};

class tg_any_output {
 public:
  tg_any_output(void *bytes) : bytes_(bytes) {
  }

  template <typename T>
  operator T *() const {
    return static_cast<T *>(bytes_);
  }

 private:
  void *bytes_;
};

#else

typedef const void *tg_any_input;
typedef void *tg_any_output; /* or scratch */

#endif

#endif /* TG_ANY_H */
