/* The C part of the app `native`. */
#define ANSWER 42

/* A text that stays until the next call. */
const char *greet(const char *name);
