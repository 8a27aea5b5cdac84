/*
 * The folder of the recordings that limits of [trigger] made: bounded in number, size and age.
 *
 *   trigger_place_open -> { trigger_place_begin -> written by the caller -> trigger_place_finish }*
 *
 * A recording is written under the name TRIGGER_PARTIAL and gets its own when it is complete, so
 * one that was broken off is told by its name, and removed before the next.  Others' files are left
 * alone: a folder is one of ours only if its name is TRIGGER_NAME's and nothing but a recording's
 * files are in it.  Everything goes by descriptors and follows no symbolic link.
 */
#ifndef GS_USER_AGENT_TRIGGER_PLACE_H
#define GS_USER_AGENT_TRIGGER_PLACE_H

#include "bpf/types.h"
#include "user/agent/config.h"
#include "user/base/err.h"

#define TRIGGER_PARTIAL ".partial"
#define TRIGGER_NAME 192 /* room for a recording's name, its NUL included */

struct trigger_place {
	const struct agent_config *config; /* not owned */
	int fd; /* of the folder, locked; -1: not open */
	u64 bytes; /* of the recordings in it, as of the last look */
	u64 count;
	u64 removed; /* recordings that had to go */
};

/*
 * trigger_place_open - make the folder of @c if it is missing, and tidy it
 *
 * Return: 0, or a negative errno with @e set: exit code 2 if others than its owner may write in it
 * or it belongs to somebody else, 1 if it cannot be made, or another agent uses it.
 */
int trigger_place_open(struct trigger_place *p, const struct agent_config *c, struct err *e);

/* Remove what is too old, too many or too much.  0 or a negative errno. */
int trigger_place_tidy(struct trigger_place *p);

/*
 * trigger_place_begin - room for one more recording, of about @bytes
 * @path: CONFIG_TEXT + 16 bytes: where it is to be written
 *
 * Return: 0 or a negative errno, @e set.
 */
int trigger_place_begin(struct trigger_place *p, u64 bytes, char *path, struct err *e);

/*
 * trigger_place_name - what the recording of now is called: its time (UTC), cause, service,
 * process and pid, of which nothing but letters, digits, '.', '_' and '-' is left
 * @unix_ns: since 1970
 */
void trigger_place_name(char ret_name[TRIGGER_NAME], u64 unix_ns, const char *cause,
			const char *service, const char *process, u32 pid);

/*
 * trigger_place_finish - the recording is complete: give it its name
 *
 * Return: 0, or a negative errno with @e set (-EFBIG: it is larger than all may be together); it is
 * removed then.
 */
int trigger_place_finish(struct trigger_place *p, const char *name, struct err *e);

/* Remove what there is of it. */
void trigger_place_abandon(struct trigger_place *p);

/* Fine if it is not open. */
void trigger_place_close(struct trigger_place *p);

#endif
