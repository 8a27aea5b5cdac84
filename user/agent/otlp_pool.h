/* Memory that is freed all at once: a message's objects, of which there are many. */
#ifndef GS_USER_AGENT_OTLP_POOL_H
#define GS_USER_AGENT_OTLP_POOL_H

#include <stdbool.h>
#include <stddef.h>

struct otlp_chunk;

struct otlp_pool {
	struct otlp_chunk *last; /* owned */
	bool failed; /* there was no memory; stays until it is freed */
};

/* @size bytes of zeros, to stay until the pool is freed; NULL without memory. */
void *otlp_pool_get(struct otlp_pool *pool, size_t size);

/* A copy of the @len bytes at @s, and a NUL; likewise. */
char *otlp_pool_text(struct otlp_pool *pool, const char *s, size_t len);

/*
 * otlp_pool_push - room for one more pointer behind the @n of *@array
 *
 * The array moves when @n is a power of two, as then it is full.  false without memory: nothing has
 * changed.
 */
bool otlp_pool_push(struct otlp_pool *pool, void ***array, size_t n, void *item);

void otlp_pool_free(struct otlp_pool *pool);

#endif
