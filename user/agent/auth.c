/* Basic authentication; see auth.h. */
#include "user/agent/auth.h"

#include <crypt.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/agent/config.h"

#define PAUSE_NS 100000000ULL
#define CREDENTIALS_MAX 512 /* longest user and password, together */

struct auth {
	char *text; /* owned; the file, its lines and their halves ended by NULs */
	char **users, **hashes; /* owned arrays, of n each; in text */
	size_t n;
	char known[CREDENTIALS_MAX]; /* USER:PASSWORD that was right last; "": none yet */
	u64 next_ns; /* not to work out a hash before */
	struct crypt_data data;
};

/* In a time that does not tell where they differ. */
static bool same(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	unsigned char differ = la != lb;

	for (size_t i = 0; i < la && lb; i++)
		differ |= (unsigned char)(a[i] ^ b[i % lb]);
	return !differ;
}

/* Can crypt(3) work it out?  Of a password, whatever it is, it tells a hash of the same kind. */
static bool is_hash(struct auth *a, const char *hash)
{
	const char *made = strlen(hash) >= 13 ? crypt_r("", hash, &a->data) : NULL;

	return made && *made != '*' && strlen(made) == strlen(hash);
}

static int add_line(struct auth *a, const char *path, u32 number, char *line, struct err *e)
{
	char *colon = strchr(line, ':');
	char **users, **hashes;

	if (!*line || *line == '#')
		return 0;
	if (!colon || colon == line || !is_hash(a, colon + 1))
		return errf(e, GS_EXIT_USAGE, -EINVAL,
			    "%s:%u: not USER:HASH with a hash that crypt(3) knows", path, number);
	*colon = '\0';
	users = realloc(a->users, (a->n + 1) * sizeof(*users));
	a->users = users ? users : a->users;
	hashes = realloc(a->hashes, (a->n + 1) * sizeof(*hashes));
	a->hashes = hashes ? hashes : a->hashes;
	if (!users || !hashes)
		return errf(e, GS_EXIT_FAILED, -ENOMEM, "memory: none left");
	a->users[a->n] = line;
	a->hashes[a->n++] = colon + 1;
	return 0;
}

int auth_load(const char *path, struct auth **ret_a, struct err *e)
{
	struct auth *a = calloc(1, sizeof(*a));
	char *line, *rest;
	int err = 0;

	if (!a)
		return errf(e, GS_EXIT_FAILED, -ENOMEM, "memory: none left");
	rest = a->text = config_text(path, true, e);
	if (!rest)
		err = -EINVAL;
	for (u32 number = 1; !err && (line = strsep(&rest, "\n")); number++) {
		line[strcspn(line, "\r")] = '\0';
		err = add_line(a, path, number, line, e);
	}
	if (!err && !a->n)
		err = errf(e, GS_EXIT_USAGE, -EINVAL, "%s: names no user", path);
	if (err)
		a = auth_free(a);
	*ret_a = a;
	return err;
}

enum auth_answer auth_check(struct auth *a, const char *user, const char *password, u64 now_ns)
{
	char given[CREDENTIALS_MAX];
	const char *hash = a->hashes[0], *made; /* for a name unknown: it takes as long */
	bool named = false;

	if (strlen(user) + strlen(password) + 2 > sizeof(given))
		return AUTH_NO;
	strcpy(stpcpy(stpcpy(given, user), ":"), password);
	if (*a->known && same(given, a->known))
		return AUTH_YES;
	if (now_ns < a->next_ns)
		return AUTH_LATER;
	a->next_ns = now_ns + PAUSE_NS;
	for (size_t i = 0; i < a->n; i++) {
		if (!strcmp(a->users[i], user)) {
			named = true;
			hash = a->hashes[i];
		}
	}
	made = crypt_r(password, hash, &a->data);
	if (!made || !same(made, hash) || !named)
		return AUTH_NO;
	strcpy(a->known, given);
	return AUTH_YES;
}

struct auth *auth_free(struct auth *a)
{
	if (!a)
		return NULL;
	explicit_bzero(a->known, sizeof(a->known));
	free(a->users);
	free(a->hashes);
	free(a->text);
	free(a);
	return NULL;
}
