/*
 * TCP on the loopback interface, for coroutines: calls that would block suspend the caller.
 * Descriptors are non-blocking and close on exec; who opens one closes it.
 *
 * All but the first two run in a coroutine.  Errors: -1 with OSError or CancelledError pending.
 */
#ifndef RT_SOCK_H
#define RT_SOCK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A listening socket on @port (0: any free one) of 127.0.0.1. */
int rt_sock_listen(uint16_t port);

/* The port a socket is bound to. */
int rt_sock_port(int fd);

/* Wait until @fd can be read, or written.  One coroutine at a time for each. */
int rt_wait_readable(int fd);
int rt_wait_writable(int fd);

/* A connection to @port of 127.0.0.1. */
int rt_sock_connect(uint16_t port);

/* The next connection made to @listener.  EMFILE and the like are errors, the caller may go on. */
int rt_sock_accept(int listener);

/* Up to @size bytes, at least one; 0: the other side has closed. */
ssize_t rt_sock_recv(int fd, void *buffer, size_t size);

/* All @size bytes. */
int rt_sock_send(int fd, const void *bytes, size_t size);

#endif
