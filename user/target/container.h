/*
 * Which container or service a process belongs to, by its control group.
 *
 * The names are those that the managers give their groups: docker and podman (moby's and libpod's
 * cgroup drivers), containerd and CRI-O below kubelet's kubepods, LXC (lxc.payload.NAME),
 * systemd-nspawn (machine.slice), systemd units.  All are text that whoever made the group chose.
 */
#ifndef GS_USER_TARGET_CONTAINER_H
#define GS_USER_TARGET_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define CONTAINER_PATH 512

struct container {
	char cgroup[CONTAINER_PATH]; /* path of the group, printable, cut; "": not known */
	char name[80]; /* "docker:0123456789ab", "lxc:web" …; "": it is in none, as far as is known
			*/
	char unit[80]; /* what a person calls the group: systemd's unit, else its last part; "": /
			*/
};

/* From the text of a /proc/PID/cgroup.  False, with *@ret_c empty, if no path is in it. */
bool container_parse(const char *text, struct container *ret_c);

/* The same of process @pid.  0 or a negative errno, with *@ret_c empty. */
int container_read(pid_t pid, struct container *ret_c);

#endif
