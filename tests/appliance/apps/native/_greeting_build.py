"""The app's own C, described to cffi."""

from cffi import FFI

ffibuilder = FFI()
ffibuilder.cdef("""
    #define ANSWER ...
    const char *greet(const char *name);
    int asked(int number);
    extern "Python" int told(int number);
""")
ffibuilder.set_source("_greeting", """
#include "greeting.h"
static int told(int);
static int asked(int number) { return told(number); }
""", sources=["greeting.c"], include_dirs=["."])

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
