/* What the control groups' names of the usual container managers are shown as. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "user/target/container.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define POD "pod1c2d3e4f_5a6b_7c8d_9e0f_112233445566"

static const struct {
	const char *text, *name, *unit;
} known[] = {
	{ "0::/system.slice/docker-" ID ".scope\n", "docker:0123456789ab", "docker-" ID ".scope" },
	{ "12:memory:/docker/" ID "\n1:name=systemd:/docker/" ID "\n", "docker:0123456789ab", ID },
	{ "0::/machine.slice/libpod-" ID ".scope/container\n", "podman:0123456789ab",
	  "libpod-" ID ".scope" },
	{ "0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope\n",
	  "podman:0123456789ab", "libpod-" ID ".scope" },
	{ "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-" POD
	  ".slice/cri-containerd-" ID ".scope\n",
	  "containerd:0123456789ab", "cri-containerd-" ID ".scope" },
	{ "0::/kubepods.slice/kubepods-" POD ".slice/crio-" ID ".scope\n", "crio:0123456789ab",
	  "crio-" ID ".scope" },
	{ "11:cpu:/kubepods/besteffort/" POD "/" ID "\n", "kubepods:0123456789ab", ID },
	{ "0::/../../docker/" ID "\n", "docker:0123456789ab", ID },
	{ "0::/lxc.payload.web/system.slice/nginx.service\n", "lxc:web", "nginx.service" },
	{ "0::/machine.slice/systemd-nspawn@deb.service/payload\n", "nspawn:deb",
	  "systemd-nspawn@deb.service" },
	{ "0::/machine.slice/machine-vm1.scope\n", "machine:vm1", "machine-vm1.scope" },
	{ "0::/system.slice/gunicorn.service\n", "", "gunicorn.service" },
	{ "0::/user.slice/user-0.slice/session-3.scope\n", "", "session-3.scope" },
	{ "0::/mine/own\n", "", "own" },
	{ "0::/\n", "", "" },
	{ "2:cpu:/a\n1:name=systemd:/system.slice/x.service\n0::/\n", "", "x.service" },
	{ "0::/x/" ID "0\n", "", ID "0" }, /* 65 digits are no id */
};

static void managers_are_recognised(void **state)
{
	struct container c;

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		char unit[sizeof(c.unit)];

		snprintf(unit, sizeof(unit), "%s", known[i].unit);
		assert_true(container_parse(known[i].text, &c));
		assert_string_equal(c.name, known[i].name);
		assert_string_equal(c.unit, unit);
	}
}

static void hostile_text_is_cut_and_harmless(void **state)
{
	static const char *const none[] = { "", "\n", "0:", "0::", "::::", "0::x\n", "no colon" };
	struct container c;
	char *text = malloc(100000);

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		assert_false(container_parse(none[i], &c));
		assert_string_equal(c.cgroup, "");
	}
	assert_true(container_parse("0::/a\033[31m\n", &c));
	assert_null(strchr(c.cgroup, '\033'));
	assert_null(strchr(c.unit, '\033'));
	memset(text, 'f', 99999);
	memcpy(text, "0::/docker/", 11);
	text[99999] = '\0';
	assert_true(container_parse(text, &c));
	assert_int_equal(strlen(c.cgroup), sizeof(c.cgroup) - 1);
	memset(text + 11, '/', 99000);
	assert_true(container_parse(text, &c));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(managers_are_recognised),
		cmocka_unit_test(hostile_text_is_cut_and_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
