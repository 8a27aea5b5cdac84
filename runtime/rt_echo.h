/*
 * Echo: a server that sends back what it gets, one task per connection, and clients to
 * measure it with.  Both run on loops, the same one or different ones.
 */
#ifndef RT_ECHO_H
#define RT_ECHO_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/rt_loop.h"
#include "runtime/rt_object.h"

/* A server.  Figures are those of its loop's thread. */
struct rt_echo {
	int listener;
	uint16_t port;
	uint64_t connections; /* accepted */
	uint64_t open; /* of these, not yet ended */
	uint64_t messages; /* reads that returned something */
	uint64_t bytes; /* sent back */
	uint64_t failed_accepts; /* no descriptor left, for example */
};

/* Listen on a free port.  0, or -1 with OSError pending. */
int rt_echo_open(struct rt_echo *e);

/* Close the listener; connections end with their tasks. */
void rt_echo_close(struct rt_echo *e);

/*
 * A coroutine that serves until cancelled; @e must outlive the loop's tasks.  An accept that
 * fails is counted, reported to the loop and tried again a little later.
 */
struct rt_object *rt_echo_server(struct rt_echo *e);

/*
 * A coroutine that connects to @port, sends @messages of @size bytes (1 to 65536), each after
 * the last came back, and compares.  Its result: the bytes that came back, an int; a
 * difference is a ValueError.
 */
struct rt_object *rt_echo_client(uint16_t port, uint64_t messages, size_t size);

#endif
