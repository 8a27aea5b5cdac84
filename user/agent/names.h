/*
 * What a process is called in labels: its service, by its control group, and its program, by its
 * command line.  Both are chosen by whoever made the group or the program: they are cut, and
 * nothing in them can move a cursor or end a line.  Quoting is the exposition's.
 */
#ifndef GS_USER_AGENT_NAMES_H
#define GS_USER_AGENT_NAMES_H

#include <stddef.h>

#define SERVICE_RULES_MAX 256
#define NAME_ROOM 96 /* of a name, its NUL included */

/* A line of [services]. */
struct service_rule {
	char name[64];
	char pattern[256]; /* fnmatch(3): of the control group's path; "process:…": of the program
			    */
};

/* The program: the script or module of an interpreter's command line, else the first word of it,
 * without its folder; "?" if there is none. */
void name_of_program(const char *command, char ret_name[NAME_ROOM]);

/*
 * name_of_service - which service a process belongs to
 * @cgroup:  path of its control group; NULL: not known
 * @program: by name_of_program()
 *
 * The first of the @nrules @rules that matches; else the Kubernetes pod ("pod:UID"), the container
 * ("docker:0123456789ab"), the systemd unit or the group's last part; "host" for the root group.
 */
void name_of_service(const struct service_rule *rules, size_t nrules, const char *cgroup,
		     const char *program, char ret_name[NAME_ROOM]);

#endif
