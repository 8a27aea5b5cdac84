/* Whose files they are: who called sudo; see writer.h. */
#include <stdlib.h>
#include <unistd.h>

#include "user/base/str.h"
#include "user/trace/writer.h"

/* UINT32_MAX is no id: to chown(2) it means "leave as it is". */
static bool id_of(const char *name, u32 *ret_id)
{
	const char *s = getenv(name);
	u64 v;

	if (!s || str_to_u64(s, 0, UINT32_MAX - 1, &v))
		return false;
	*ret_id = (u32)v;
	return true;
}

void trace_owner(u32 *ret_uid, u32 *ret_gid)
{
	u32 uid, gid;

	*ret_uid = geteuid();
	*ret_gid = getegid();
	if (!*ret_uid && id_of("SUDO_UID", &uid) && id_of("SUDO_GID", &gid)) {
		*ret_uid = uid;
		*ret_gid = gid;
	}
}
