/* What processes and services are called in metrics, and which format a client is answered in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "user/agent/expose.h"
#include "user/agent/names.h"

static void programs_are_named_by_their_script(void **state)
{
	static const struct {
		const char *command, *name;
	} known[] = {
		{ "python3 app.py", "app.py" },
		{ "/usr/bin/python3.11 -u -W error -X dev /srv/app.py -x", "app.py" },
		{ "python3 -m http.server 80", "http.server" },
		{ "python3 -c import os; x", "python3" },
		{ "python3", "python3" },
		{ "python3 -m", "python3" },
		{ "/usr/local/bin/uwsgi --ini x", "uwsgi" },
		{ "gunicorn: master [app]", "gunicorn:" },
		{ "/ x", "/" },
		{ "  ", "?" },
		{ "", "?" },
	};
	char name[NAME_ROOM];

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		name_of_program(known[i].command, name);
		assert_string_equal(name, known[i].name);
	}
	name_of_program(NULL, name);
	assert_string_equal(name, "?");
}

#define POD_UID "1c2d3e4f_5a6b_7c8d_9e0f_112233445566"

static void services_are_named_by_their_group(void **state)
{
	static const struct service_rule rules[] = { { "nightly", "process:report*.py" },
						     { "shop", "*/gunicorn@*.service" } };
	static const struct {
		const char *cgroup, *program, *name;
	} known[] = {
		{ "/system.slice/web.service", "x", "web.service" },
		{ "/system.slice/gunicorn@3.service", "x", "shop" },
		{ "/system.slice/gunicorn@3.service", "report-1.py", "nightly" },
		{ "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" POD_UID
		  ".slice/"
		  "cri-containerd-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
		  ".scope",
		  "x", "pod:1c2d3e4f-5a6b-7c8d-9e0f-112233445566" },
		{ "/kubepods/burstable/pod1c2d3e4f-5a6b-7c8d-9e0f-112233445566/x", "x",
		  "pod:1c2d3e4f-5a6b-7c8d-9e0f-112233445566" },
		{ "/docker/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "x",
		  "docker:0123456789ab" },
		{ "/kubepods/pod12/y", "x", "y" },
		{ "/", "x", "host" },
		{ "", "x", "host" },
		{ NULL, "x", "host" },
	};
	char name[NAME_ROOM];

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		name_of_service(rules, 2, known[i].cgroup, known[i].program, name);
		assert_string_equal(name, known[i].name);
	}
}

static void the_format_asked_for_is_chosen(void **state)
{
	static const struct {
		const char *accept;
		enum trace_metric_form form;
	} known[] = {
		{ NULL, METRICS_PROMETHEUS },
		{ "*/*", METRICS_PROMETHEUS },
		{ "", METRICS_PROMETHEUS },
		{ "application/openmetrics-text", METRICS_OPENMETRICS },
		{ "application/openmetrics-textual", METRICS_PROMETHEUS },
		{ "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4",
		  METRICS_OPENMETRICS },
		{ "text/plain;q=0.9, application/openmetrics-text;q=0.1", METRICS_PROMETHEUS },
		{ "Application/OpenMetrics-Text;version=0.0.1;q=0", METRICS_PROMETHEUS },
		{ ",,;q=,application/openmetrics-text;q=", METRICS_PROMETHEUS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		assert_int_equal(expose_form(known[i].accept), known[i].form);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_are_named_by_their_script),
		cmocka_unit_test(services_are_named_by_their_group),
		cmocka_unit_test(the_format_asked_for_is_chosen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
