/* Dropping capabilities, by libcap-ng; see privileges.h. */
#include "user/agent/privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define TRACEFS "/sys/kernel/tracing/events"

static const unsigned int kept[] = { CAP_BPF, CAP_PERFMON, CAP_CHECKPOINT_RESTORE, CAP_SYS_PTRACE,
				     CAP_DAC_READ_SEARCH };
#define ADMIN_DOES 3 /* of them, the first: what SYS_ADMIN permits as well */

static bool given(unsigned int capability)
{
	return capng_have_capability(CAPNG_PERMITTED, capability);
}

int privileges_drop(bool tracefs, struct err *e)
{
	const size_t n = sizeof(kept) / sizeof(kept[0]);
	bool has[sizeof(kept) / sizeof(kept[0])], admin = tracefs && access(TRACEFS, R_OK);
	capng_select_t which;

	errno = 0;
	if (capng_get_caps_process() || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return errf(e, GS_EXIT_FAILED, -EPERM, "capabilities: cannot be read (%s)",
			    strerror(errno));
	for (size_t i = 0; i < n; i++) {
		has[i] = given(kept[i]);
		admin |= i < ADMIN_DOES && !has[i];
	}
	admin = admin && given(CAP_SYS_ADMIN);
	/* Without SETPCAP the bounding set stays; with no_new_privs it gives nothing to anybody. */
	which = given(CAP_SETPCAP) ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS;
	capng_clear(CAPNG_SELECT_BOTH);
	for (size_t i = 0; i < n; i++)
		if (has[i])
			capng_update(CAPNG_ADD,
				     CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET,
				     kept[i]);
	if (admin)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET,
			     CAP_SYS_ADMIN);
	if (capng_apply(which))
		return errf(e, GS_EXIT_FAILED, -EPERM, "capabilities: cannot be dropped (%s)",
			    strerror(errno));
	return 0;
}
