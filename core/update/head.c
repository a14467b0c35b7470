#include "head.h"

#include <unistd.h>

#include "install.h"

enum refusal head_read(int file, const struct identity *identity, struct bundle *bundle,
                       uint64_t *length)
{
    char block[4096];
    struct span bytes;
    ssize_t count;

    *length = 0;
    bundle_begin(bundle, &identity->keys);
    while ((count = pread(file, block, sizeof block, (off_t)*length)) > 0) {
        struct span input = {block, (size_t)count};
        enum bundle_event event = bundle_next(bundle, &input, &bytes);

        *length += (uint64_t)count - input.length;
        if (event == BUNDLE_REFUSED)
            return bundle->refusal;
        if (event == BUNDLE_OPENED)
            return install_check(identity, &bundle->manifest, UINT64_MAX);
    }
    return count < 0 ? REFUSED_READ : bundle_end(bundle);
}
