/* Every limit of the server in one place, with its unit and its reason. The parser refuses what
 * exceeds them; nothing else counts bytes. */
#ifndef FAPWS4_LIMITS_H
#define FAPWS4_LIMITS_H

/* Bytes of a request line. RFC 9112 section 3 asks for 8,000 at least; longer is answered 414. */
#define LIMIT_REQUEST_LINE 16384

/* Bytes of request line and header block together: four full cookies and a browser's headers fit
 * many times; more is answered 431. */
#define LIMIT_HEAD 32768

/* Header fields of a request; more is answered 431. Browsers send about 15. */
#define LIMIT_HEADERS 128

/* Bytes read at once: the whole receive window of a small request, shared by all connections. */
#define LIMIT_READ 65536

/* Bytes added to a waiting connection's own buffer at once: small for a head that comes slowly
 * (many idle clients must not cost memory), larger once a body is announced. */
#define LIMIT_HEAD_STEP 2048
#define LIMIT_BODY_STEP 65536

/* Bytes a client may send ahead while its last request is being answered; then reading pauses. */
#define LIMIT_AHEAD 65536

/* Bytes gathered before they are written although more pipelined requests are waiting. */
#define LIMIT_GATHER 131072

/* A body longer than this is written from where it lies instead of being copied behind its head,
 * bytes. */
#define LIMIT_COPY 16384

/* Bytes taken at once from a file object returned by a handler. */
#define LIMIT_FILE_BLOCK 65536

/* Bytes of a file that one connection sends before the others have their turn. */
#define LIMIT_FILE_TURN 1048576

/* Static files that are kept open, or in memory when they are not longer than LIMIT_COPY. */
#define LIMIT_FILES 64

/* Bytes of a Stream, or of a body made on a thread, that wait for a slow client before who makes
 * them is told to wait; and at most, bytes of a Stream. Also bytes of a request body that wait for
 * the handler that reads them as they arrive, before reading from the client pauses. */
#define LIMIT_STREAM 65536
#define LIMIT_STREAM_MOST 1048576

/* Threads for handlers marked with fapws4.threaded, and bytes of address space for each stack: less
 * does not hold what Python takes before it raises RecursionError. */
#define LIMIT_THREADS 32
#define LIMIT_THREAD_STACK 8388608

/* Processes that serve together (WORKERS): more than cores is of little use. */
#define LIMIT_PROCESSES 128

/* A certificate with its chain, and its key, in PEM form: longer files are something else. Read in
 * pieces of so many bytes. */
#define LIMIT_TLS_TEXT (1 << 20)
#define LIMIT_TLS_READ 16384

/* Clients of TLS 1.2 that keep their memory for records (33 KB each) from one request to the next. */
#define LIMIT_TLS_KEEPERS 64

/* Records of TLS 1.3 that are encrypted by one key, then the next is made of it: RFC 8446 (5.5) has
 * 2^24.5 of full size for AES-GCM. */
#ifndef LIMIT_TLS_KEY_RECORDS
#define LIMIT_TLS_KEY_RECORDS 16777216
#endif

/* Form and query fields that are parsed into fapws.params; the rest is left to the app. */
#define LIMIT_PARAMS 1000

/* Default of MAX_BODY_SIZE, bytes: a firmware file does not fit, a form with pictures does. */
#define LIMIT_BODY_DEFAULT 10485760

/* Bytes around the chunks of a body (their sizes and extensions), besides four for each byte that the
 * body may have; more is answered 413. The trailer section may have LIMIT_HEAD bytes. */
#define LIMIT_CHUNK_OVERHEAD 102400

/* Bytes of the access log that wait for a slow reader; further lines are lost, and counted. */
#define LIMIT_ACCESS_LOG 1048576

/* Bytes of a body that is kept in memory while it arrives; a longer one goes to a file in TMPDIR. Forms
 * and JSON stay below, and 1,000 clients that send slowly cost 256 MB at most; a file costs half a
 * dozen system calls and a visit to another thread, which is little beside this many bytes. */
#define LIMIT_SPILL 262144

/* Bytes that are written to such a file at once; twice as many are in memory. */
#define LIMIT_SPILL_BLOCK 65536

/* Bytes of all such bodies together when they have to be kept in memory, because no file can be made
 * in TMPDIR; what exceeds it is answered 507. */
#ifndef LIMIT_SPILL_MEMORY
#define LIMIT_SPILL_MEMORY 67108864
#endif

/* Bytes of a body nobody reads that are received and dropped to keep the connection; for more, a new
 * connection is cheaper. */
#define LIMIT_DRAIN 65536

/* Connections the kernel may keep waiting for accept. */
#define LIMIT_BACKLOG 1024

/* Deadlines, in seconds; tests build the server with shorter ones. */

/* From the first byte of a head to its end: slow senders otherwise hold a connection for ever. With
 * TLS also from the connection to the first byte of the first head. */
#ifndef LIMIT_HEAD_SECONDS
#define LIMIT_HEAD_SECONDS 20
#endif

/* Until LIMIT_BODY_PROGRESS bytes more of a body have come, or its end. The slowest of modems is 10 times
 * quicker; who sends a byte now and then does not hold a connection (or a thread) for ever. */
#ifndef LIMIT_BODY_SECONDS
#define LIMIT_BODY_SECONDS 30
#endif
#define LIMIT_BODY_PROGRESS 4096

/* A kept connection without a request; longer than the usual 30 s poll of a browser's page. */
#ifndef LIMIT_IDLE_SECONDS
#define LIMIT_IDLE_SECONDS 75
#endif

/* A client that reads nothing of its response. */
#ifndef LIMIT_WRITE_SECONDS
#define LIMIT_WRITE_SECONDS 60
#endif

/* After a refusal: the client may still be sending; closing at once would destroy the response. */
#ifndef LIMIT_LINGER_SECONDS
#define LIMIT_LINGER_SECONDS 2
#endif

/* From SIGTERM to the end, whatever is still in flight. */
#ifndef LIMIT_STOP_SECONDS
#define LIMIT_STOP_SECONDS 10
#endif

/* A worker that is replaced closes connections without a request only when they have been silent
 * for this long: a request may be on its way. */
#ifndef LIMIT_FAREWELL_SECONDS
#define LIMIT_FAREWELL_SECONDS 2
#endif

/* A worker that has served for this long was well: when it ends, the next one starts at once.
 * Otherwise the wait doubles each time, up to the longest. */
#ifndef LIMIT_WELL_SECONDS
#define LIMIT_WELL_SECONDS 10
#endif
#define LIMIT_BACKOFF_SECONDS 32

#endif
