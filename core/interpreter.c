/* The plain interpreter, linked from the same library and the same libc routines as the device's program: the builder
 * runs PyInstaller's analysis and compiles bytecode with it, the benchmark measures it. */
#include <Python.h>

int main(int argc, char **argv)
{
    return Py_BytesMain(argc, argv);
}
