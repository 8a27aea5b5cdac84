/*
 * Stacks with their names, each once: what struct fig_stack points to.
 *
 * A stack's id is made from what its frames say alone, so it is the same in every process, and in
 * every measurement.  What is put in stays as long as the store does; several sessions, one after
 * another, share one.
 */
#ifndef GS_USER_INGEST_STACK_STORE_H
#define GS_USER_INGEST_STACK_STORE_H

#include <stddef.h>

#include "user/model/fig_stacks.h"

#define STACK_STORE_MAX (64 << 20) /* bytes; no more stacks are taken then */

struct stack_store;

struct stack_store *stack_store_new(void); /* NULL without memory */

/* One more user of @s, which is returned. */
struct stack_store *stack_store_share(struct stack_store *s);

/* One user less; the last one frees it.  NULL is fine. */
void stack_store_drop(struct stack_store *s);

/*
 * stack_store_put - the stack that says what @f does
 * @f: its texts are copied; of a frame without a function, `unknown` tells it from others
 * @unknown: a number for each frame; may be NULL
 * Return: it, and its id in *@ret_id; NULL if there is no more room.
 */
const struct fig_frames *stack_store_put(struct stack_store *s, const struct fig_frames *f,
					 const u64 *unknown, u64 *ret_id);

/* Bytes in it. */
size_t stack_store_bytes(const struct stack_store *s);

#endif
