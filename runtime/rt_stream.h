/*
 * File-like objects: files, sockets and text buffers.  They share no type, only a protocol:
 *
 *   read(n=)   up to n items, or all there are; empty at the end
 *   write(s)   str or bytes; how many items were written
 *   close()    release what is behind it; from then on ValueError
 *
 * Whatever has these can be used in place of them ("duck typing").  Files and sockets read
 * bytes, buffers read str.  Blocking calls let other threads run.
 */
#ifndef RT_STREAM_H
#define RT_STREAM_H

#include "runtime/rt_object.h"

extern const struct rt_type rt_file_type, rt_socket_type, rt_buffer_type;

/* Open @path; @mode "r", "w", "a" or "r+" as by fopen().  OSError. */
struct rt_object *rt_file_open(const char *path, const char *mode);

/* A file or socket around the descriptor @fd, which it then owns, also on error. */
struct rt_object *rt_file_from_fd(int fd);
struct rt_object *rt_socket_from_fd(int fd);

/* A tuple of two sockets connected with each other. */
struct rt_object *rt_socket_pair(void);

/* The descriptor of a file or socket; -1: TypeError, or ValueError if it is closed. */
int rt_stream_fd(struct rt_object *stream);

/* A buffer that holds @text (NULL: empty) and reads from its start. */
struct rt_object *rt_buffer_new(const char *text);

/*
 * Copy from @source to @destination until the end, @chunk items at a time, using nothing but
 * read() and write(): any two objects that have them will do.
 * Return: items copied, or -1.
 */
int64_t rt_stream_copy(struct rt_object *source, struct rt_object *destination, int64_t chunk);

#endif
