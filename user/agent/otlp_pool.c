/* Memory that is freed all at once; see otlp_pool.h. */
#include "user/agent/otlp_pool.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES 65536

struct otlp_chunk {
	struct otlp_chunk *before;
	size_t used, size;
	alignas(max_align_t) char bytes[];
};

void *otlp_pool_get(struct otlp_pool *pool, size_t size)
{
	struct otlp_chunk *c = pool->last;
	void *at;

	size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (!c || c->size - c->used < size) {
		size_t room = size > CHUNK_BYTES ? size : CHUNK_BYTES;

		c = calloc(1, sizeof(*c) + room);
		if (!c) {
			pool->failed = true;
			return NULL;
		}
		c->size = room;
		c->before = pool->last;
		pool->last = c;
	}
	at = c->bytes + c->used;
	c->used += size;
	return at;
}

char *otlp_pool_text(struct otlp_pool *pool, const char *s, size_t len)
{
	char *copy = otlp_pool_get(pool, len + 1);

	if (copy)
		memcpy(copy, s, len);
	return copy;
}

bool otlp_pool_push(struct otlp_pool *pool, void ***array, size_t n, void *item)
{
	if (!(n & (n - 1))) {
		void **grown = otlp_pool_get(pool, (n ? 2 * n : 1) * sizeof(*grown));

		if (!grown)
			return false;
		if (n)
			memcpy(grown, *array, n * sizeof(*grown));
		*array = grown;
	}
	(*array)[n] = item;
	return true;
}

void otlp_pool_free(struct otlp_pool *pool)
{
	while (pool->last) {
		struct otlp_chunk *before = pool->last->before;

		free(pool->last);
		pool->last = before;
	}
	pool->failed = false;
}
