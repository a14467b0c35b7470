/* libFuzzer's door: https://llvm.org/docs/LibFuzzer.html */
#include "input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct buffer bytes;
    struct plan plan;

    input_read(data, size, &plan, &bytes);
    session_compare(&plan, (struct slice){bytes.data, bytes.length});
    return 0;
}
