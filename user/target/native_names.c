/* Names of native functions: each once, in a hash table that is at most half full. */
#include <stdlib.h>
#include <string.h>

#include "user/target/native_private.h"

#define NAMES_MAX 65536 /* more functions than a stack of any program goes through */
#define FIRST_ROOM 1024 /* a power of two */

struct native_names {
	struct native_name **slots; /* owned */
	size_t n, room;
};

static u64 hash_of(const char *function, const char *file)
{
	u64 hash = 0xcbf29ce484222325ULL;

	for (; *function; function++)
		hash = (hash ^ (u8)*function) * 0x100000001b3ULL;
	for (; file && *file; file++)
		hash = (hash ^ (u8)*file) * 0x100000001b3ULL;
	return hash ^ hash >> 29;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static struct native_name **slot_of(struct native_name **slots, size_t room, const char *function,
				    const char *file)
{
	size_t i = hash_of(function, file) & (room - 1);

	while (slots[i] &&
	       (strcmp(slots[i]->function, function) || !same_text(slots[i]->file, file)))
		i = (i + 1) & (room - 1);
	return &slots[i];
}

struct native_names *native_names_new(void)
{
	struct native_names *names = calloc(1, sizeof(*names));

	if (!names)
		return NULL;
	names->room = FIRST_ROOM;
	names->slots = calloc(names->room, sizeof(struct native_name *));
	if (names->slots)
		return names;
	free(names);
	return NULL;
}

static void name_free(struct native_name *name)
{
	if (!name)
		return;
	free(name->function);
	free(name->file);
	free(name);
}

void native_names_free(struct native_names *names)
{
	if (!names)
		return;
	for (size_t i = 0; i < names->room; i++)
		name_free(names->slots[i]);
	free(names->slots);
	free(names);
}

static bool grow(struct native_names *names)
{
	size_t room = 2 * names->room;
	struct native_name **more;

	if (2 * names->n < names->room)
		return true;
	more = calloc(room, sizeof(struct native_name *));
	if (!more)
		return false;
	for (size_t i = 0; i < names->room; i++) {
		struct native_name *name = names->slots[i];

		if (name)
			*slot_of(more, room, name->function, name->file) = name;
	}
	free(names->slots);
	names->slots = more;
	names->room = room;
	return true;
}

static struct native_name *name_new(const char *function, const char *file, bool eval)
{
	struct native_name *name = calloc(1, sizeof(*name));

	if (!name)
		return NULL;
	name->function = strdup(function);
	name->file = file ? strdup(file) : NULL;
	name->eval = eval;
	if (name->function && (!file || name->file))
		return name;
	name_free(name);
	return NULL;
}

const struct native_name *native_names_get(struct native_names *names, const char *function,
					   const char *file, bool eval)
{
	struct native_name **slot;

	if (!grow(names))
		return NULL;
	slot = slot_of(names->slots, names->room, function, file);
	if (*slot)
		return *slot;
	if (names->n >= NAMES_MAX)
		return NULL;
	*slot = name_new(function, file, eval);
	names->n += *slot != NULL;
	return *slot;
}
