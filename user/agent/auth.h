/*
 * Basic authentication: USER:HASH lines, hashes as crypt(3) knows them.
 *
 * A hash is slow on purpose, and everybody may ask: so at most one is worked out in 100 ms, and
 * the last credentials that were right are known without.
 */
#ifndef GS_USER_AGENT_AUTH_H
#define GS_USER_AGENT_AUTH_H

#include <stdbool.h>

#include "bpf/types.h"
#include "user/base/err.h"

struct auth;

/*
 * auth_load - the users of the file at @path
 *
 * Empty lines and those behind # are left out.
 * Return: 0, or -EINVAL with @e set, exit code 2: others than the owner may read it, it names
 * nobody, or a line is not USER:HASH with a hash that crypt(3) can work out.
 */
int auth_load(const char *path, struct auth **ret_a, struct err *e);

enum auth_answer { AUTH_NO, AUTH_YES, AUTH_LATER };

/* May @user with @password in?  @now_ns: CLOCK_MONOTONIC.  AUTH_LATER: ask again in 100 ms. */
enum auth_answer auth_check(struct auth *a, const char *user, const char *password, u64 now_ns);

struct auth *auth_free(struct auth *a); /* NULL is fine; returns NULL */

#endif
