#include "file_body.h"

#include "limits.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/sendfile.h>
#endif

/* Bytes that went out, -1 when the socket is broken. */
static ssize_t none_if_busy(ssize_t count)
{
    return count < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOBUFS) ? 0 : count;
}

#ifdef __linux__

/* The head waits in the kernel for the first bytes of the file (MSG_MORE): one packet. */
static ssize_t send_head(int socket, struct slice head)
{
    return none_if_busy(send(socket, head.data, head.length,
                             MSG_MORE | MSG_NOSIGNAL | MSG_DONTWAIT));
}

/* 0 when the socket is full, -1 when it is broken or the file has ended early. */
static ssize_t send_part(int socket, struct file_part *file, size_t most)
{
    off_t offset = (off_t)file->offset;
    ssize_t count = sendfile(socket, file->descriptor, &offset,
                             file->left < most ? (size_t)file->left : most);

    if (count == 0)
        return -1;
    return none_if_busy(count);
}

/* What the kernel takes now. False when the socket is broken or the file has ended early. */
static bool send_directly(int socket, struct slice *head, struct file_part *file)
{
    size_t turn = LIMIT_FILE_TURN;
    ssize_t count = 0;

    if (head->length > 0) {
        count = send_head(socket, *head);
        if (count < 0)
            return false;
        *head = (struct slice){head->data + count, head->length - (size_t)count};
    }
    while (head->length == 0 && file->left > 0 && turn > 0) {
        count = send_part(socket, file, turn);
        if (count <= 0)
            return count == 0;
        file->offset += (uint64_t)count;
        file->left -= (uint64_t)count;
        turn -= (size_t)count;
    }
    return true;
}

#else

static bool send_directly(int socket, struct slice *head, struct file_part *file)
{
    (void)socket;
    (void)head;
    (void)file;
    return true;
}

#endif

/* Appends the next bytes of the file. */
static bool read_block(struct file_part *file, struct buffer *block)
{
    size_t wanted = file->left < LIMIT_FILE_BLOCK ? (size_t)file->left : LIMIT_FILE_BLOCK;
    ssize_t count;

    if (!buffer_reserve(block, wanted))
        return false;
    do {
        count = pread(file->descriptor, block->data + block->length, wanted, (off_t)file->offset);
    } while (count < 0 && errno == EINTR);
    if (count <= 0)
        return false;
    block->length += (size_t)count;
    file->offset += (uint64_t)count;
    file->left -= (uint64_t)count;
    return true;
}

enum sent file_body_send(struct wire *wire, struct slice head, struct file_part *file,
                         struct buffer *block)
{
    int socket = wire_descriptor(wire);
    enum sent sent;

    if (socket >= 0 && !send_directly(socket, &head, file))
        return LOST;
    if (head.length == 0 && file->left == 0)
        return SENT;
    block->length = 0;
    buffer_append_slice(block, head);
    if (file->left > 0 && !read_block(file, block))
        return LOST;
    sent = block->failed ? LOST : wire_queue(wire, (struct slice){block->data, block->length});
    block->length = 0;
    return sent;
}
