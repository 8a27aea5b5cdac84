/* The agent's configuration: every kind of mistake is told with its line, and every default holds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "bpf/families.h"
#include "user/agent/auth.h"
#include "user/agent/config.h"

static char path[] = "/tmp/gilscope-config-XXXXXX";

static void write_bytes(const char *text, size_t size)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, size, f), size);
	fclose(f);
}

static void write_file(const char *text)
{
	write_bytes(text, strlen(text));
}

/* The text of the error without the path in front of it; NULL: there was none. */
static const char *mistake(const char *text)
{
	static struct agent_config c;
	static struct err e;

	e = (struct err) {};
	write_file(text);
	if (!config_load(path, &c, &e))
		return NULL;
	assert_int_equal(e.code, GS_EXIT_USAGE);
	assert_memory_equal(e.text, path, strlen(path));
	return e.text + strlen(path);
}

static const struct {
	const char *text, *error; /* what it begins with */
} mistakes[] = {
	{ "x", ":1: not [SECTION], KEY = VALUE or a comment" },
	{ "[http]\n\n# fine\ninsecure\n", ":4: not [SECTION]" },
	{ "insecure = yes\n", ":1: insecure: a key before the first [section]" },
	{ "[http]\ninsecure = yes\n[htp]\n", ":3: no such section" },
	{ "[http\ninsecure = yes\n", ":1: a section is [NAME]" },
	{ "[http] insecure = yes\n", ":1: there is more behind the section's name" },
	{ "[http]\nlisten: 127.0.0.1:1\n\nport = 1\n", ":4: port: no such key" },
	{ "[labels]\nlisten = 127.0.0.1:1\n", ":2: listen: no such key in this section" },
	{ "[http]\ninsecure = yes\n[measure]\n[http]\ninsecure = no\n",
	  ":5: insecure: set twice; first in line 2" },
	{ "[http]\ninsecure = true\n", ":2: insecure: neither yes nor no" },
	{ "[http]\ninsecure =\n", ":2: insecure: neither yes nor no" },
	{ "[http]\nlisten = localhost:80\n", ":2: listen: not ADDRESS:PORT" },
	{ "[http]\nlisten = 127.0.0.1\n", ":2: listen: not ADDRESS:PORT" },
	{ "[http]\nlisten = ::1:80\n", ":2: listen: not ADDRESS:PORT" },
	{ "[http]\nlisten = :80\n", ":2: listen: not ADDRESS:PORT" },
	{ "[http]\nlisten = 127.0.0.1:70000\n", ":2: listen: its port is not" },
	{ "[http]\nlisten = 127.0.0.1:\n", ":2: listen: its port is not" },
	{ "[http]\ntls_cert = cert.pem\n", ":2: tls_cert: not an absolute path" },
	{ "[http]\ntls_cert = /cert.pem\n", ":2: tls_cert: needs tls_key as well" },
	{ "[http]\n\ntls_key = /key.pem\n", ":3: tls_key: needs tls_cert as well" },
	{ "[http]\nmax_connections = 3\n", ":2: max_connections: not a number from 4 to 1024" },
	{ "[http]\nmax_connections = -4\n", ":2: max_connections: not a number" },
	{ "[http]\ntimeout = never\n", ":2: timeout: not a time" },
	{ "[http]\ntimeout = 1h30\n", ":2: timeout: not a time" },
	{ "[http]\ntimeout = 10ms\n", ":2: timeout: out of range" },
	{ "[measure]\nmode = fast\n", ":2: mode: no such mode" },
	{ "[measure]\nfamilies =\n", ":2: families: not a list of" },
	{ "[measure]\nfamilies = gil,gilx\n", ":2: families: not a list of" },
	{ "[measure]\nfamilies = gil gc\n", ":2: families: families are separated by commas" },
	{ "[measure]\nfamilies = gil,\n", ":2: families: not a list of" },
	{ "[measure]\nbudget = 1\n", ":2: budget: not a share" },
	{ "[measure]\nbudget = 0%\n", ":2: budget: not a share" },
	{ "[measure]\nbudget = 1e1%\n", ":2: budget: not a share" },
	{ "[measure]\ninterval = 0\n", ":2: interval: out of range" },
	{ "[labels]\nmax_series = 10\n", ":2: max_series: not a number from 2000" },
	{ "[trigger]\nwait = 1\n", ":2: wait: needs directory as well" },
	{ "[trigger]\nloop = 1\ndirectory = /r\n", ":2: loop: what measures it is not among" },
	{ "[measure]\nfamilies = io\n[trigger]\ndirectory = /r\ngc = 1\n", ":5: gc: what meas" },
	{ "[trigger]\ndirectory = r\n", ":2: directory: not an absolute path" },
	{ "[trigger]\nmemory = 1T\n", ":2: memory: not a number of bytes" },
	{ "[trigger]\nmemory = 99999999999999999999G\n", ":2: memory: not a number of bytes" },
	{ "[trigger]\nmemory = 1KB\n", ":2: memory: not a number of bytes" },
	{ "[trigger]\nmemory = 2G\n", ":2: memory: out of range; 256K to 1G" },
	{ "[trigger]\n\nmax_bytes = 63M\n", ":3: max_bytes: less than twice memory" },
	{ "[trigger]\nmemory = 600M\n", ":2: max_bytes: less than twice memory" },
	{ "[trigger]\nlast = never\n", ":2: last: not a time" },
	{ "[services]\nweb =\n", ":2: web: not a pattern" },
	{ "[services]\n0123456789012345678901234567890123456789012345678901234567890123 = x\n",
	  ":2: 01234" },
	{ "  [http]\n  insecure = maybe\n", ":2: insecure: neither" },
	{ "[http]\r\ninsecure = yes\r\ninsecure = no\r\n", ":3: insecure: set twice" },
};

static void mistakes_are_told_with_their_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		const char *e = mistake(mistakes[i].text);

		print_message("%s\n", mistakes[i].error);
		assert_non_null(e);
		assert_memory_equal(e, mistakes[i].error, strlen(mistakes[i].error));
	}
}

static void what_is_no_text_or_too_much_of_it_is_refused(void **state)
{
	char *big = malloc(70000), why[2048] = "[services]\nx = ";
	struct agent_config c;
	struct err e = {};

	(void)state;
	memset(why + strlen(why), 'y', 1500);
	assert_non_null(strstr(mistake(why), ":2: the line is longer"));
	memset(big, '\n', 70000);
	write_bytes(big, 70000);
	assert_int_not_equal(config_load(path, &c, &e), 0);
	assert_non_null(strstr(e.text, "longer than 64 KiB"));
	e = (struct err) {};
	write_bytes("[http]\n\0", 8);
	assert_int_not_equal(config_load(path, &c, &e), 0);
	assert_non_null(strstr(e.text, "NUL"));
	e = (struct err) {};
	assert_int_not_equal(config_load("/tmp", &c, &e), 0);
	assert_non_null(strstr(e.text, "not a file"));
	e = (struct err) {};
	assert_int_not_equal(config_load("/nowhere/agent.conf", &c, &e), 0);
	assert_non_null(strstr(e.text, "No such file"));
	free(big);
}

static void too_many_services_are_refused(void **state)
{
	char text[8192] = "[services]\n";

	(void)state;
	for (int i = 0; i < SERVICE_RULES_MAX; i++)
		strcat(text, "a = /b\n");
	assert_null(mistake(text));
	strcat(text, "a = /b\n");
	assert_non_null(strstr(mistake(text), ":258: a: one service rule too many"));
}

static void every_key_is_read(void **state)
{
	struct agent_config c;
	struct err e = {};

	(void)state;
	write_file("# all of them\n[http]\nlisten = [::1]:0\ntls_cert = /c\ntls_key = /k\n"
		   "auth_file = /a\ninsecure = yes\nmax_connections = 5\ntimeout = 3\n"
		   "[otlp]\nendpoint = https://c:4318/v1/metrics\ninterval = 3s\ntimeout = 4\n"
		   "queue = 9\ngzip = no\nheaders_file = /h\nca_file = /ca\n"
		   "[measure]\nmode = exact\nfamilies = gil , asyncio,gc\nbudget = none\n"
		   "interval = 500ms\nmax_processes = 7\nmax_threads = 70\nsample_rate = 99\n"
		   "slow = 5ms\n; a comment\n[labels]\nper_process = yes\nper_thread = yes\n"
		   "max_series = 2000\nforget = never\n"
		   "[trigger]\nwait = 500ms\ngc = 200ms\nloop = 1\nservice = web*\n"
		   "directory = /r\nlast = 5s\nmemory = 512K\npause = 2s\n"
		   "max_recordings = 3\nmax_bytes = 2M\nmax_age = 3s\n"
		   "[services]\nweb = /w*\nweb = process:x");
	assert_int_equal(config_load(path, &c, &e), 0);
	assert_string_equal(c.listen, "[::1]:0");
	assert_string_equal(c.tls_cert, "/c");
	assert_string_equal(c.tls_key, "/k");
	assert_string_equal(c.auth_file, "/a");
	assert_true(c.insecure && c.per_process && c.per_thread);
	assert_int_equal(c.max_connections, 5);
	assert_int_equal(c.timeout_ns, 3000000000);
	assert_string_equal(c.otlp_endpoint, "https://c:4318/v1/metrics");
	assert_string_equal(c.otlp_headers_file, "/h");
	assert_string_equal(c.otlp_ca_file, "/ca");
	assert_int_equal(c.otlp_interval_ns, 3000000000);
	assert_int_equal(c.otlp_timeout_ns, 4000000000);
	assert_int_equal(c.otlp_queue, 9);
	assert_false(c.otlp_gzip);
	assert_string_equal(c.mode, "exact");
	assert_int_equal(c.families, GS_FAMILY_BIT(GS_FAMILY_PROC) | GS_FAMILY_BIT(GS_FAMILY_GIL) |
					     GS_FAMILY_BIT(GS_FAMILY_GC) |
					     GS_FAMILY_BIT(GS_FAMILY_ASYNCIO));
	assert_true(c.budget == 0);
	assert_int_equal(c.interval_ns, 500000000);
	assert_int_equal(c.max_processes, 7);
	assert_int_equal(c.max_threads, 70);
	assert_int_equal(c.sample_rate, 99);
	assert_int_equal(c.slow_ns, 5000000);
	assert_int_equal(c.max_series, 2000);
	assert_int_equal(c.forget_ns, 0);
	assert_int_equal(c.trigger_wait_ns, 500000000);
	assert_int_equal(c.trigger_gc_ns, 200000000);
	assert_int_equal(c.trigger_loop_ns, 1000000000);
	assert_string_equal(c.trigger_service, "web*");
	assert_string_equal(c.trigger_directory, "/r");
	assert_int_equal(c.trigger_last_ns, 5000000000);
	assert_int_equal(c.trigger_memory, 512 << 10);
	assert_int_equal(c.trigger_pause_ns, 2000000000);
	assert_int_equal(c.max_recordings, 3);
	assert_int_equal(c.max_bytes, 2 << 20);
	assert_int_equal(c.max_age_ns, 3000000000);
	assert_int_equal(c.nrules, 2);
	assert_string_equal(c.rules[1].name, "web");
	assert_string_equal(c.rules[1].pattern, "process:x");
	for (size_t i = 0; i < config_key_count; i++)
		assert_int_not_equal(c.line[i], 0); /* none was left out above */
}

/* --print-config says the defaults: read back they change nothing. */
static void the_printed_file_is_the_defaults(void **state)
{
	struct agent_config given, printed;
	struct err e = {};
	int saved;

	(void)state;
	assert_int_equal(config_load(NULL, &given, &e), 0);
	fflush(stdout);
	saved = dup(1);
	assert_non_null(freopen(path, "w", stdout));
	config_print();
	fflush(stdout);
	dup2(saved, 1);
	close(saved);
	assert_int_equal(config_load(path, &printed, &e), 0);
	memset(printed.line, 0, sizeof(printed.line));
	assert_memory_equal(&given, &printed, sizeof(given));
}

static void what_needs_a_restart_is_found(void **state)
{
	struct agent_config a, b;
	struct err e = {};

	(void)state;
	assert_int_equal(config_load(NULL, &a, &e), 0);
	assert_int_equal(config_load(NULL, &b, &e), 0);
	assert_null(config_needs_restart(&a, &b));
	b.per_thread = true;
	b.interval_ns++;
	strcpy(b.rules[b.nrules++].name, "x");
	assert_null(config_needs_restart(&a, &b));
	b.trigger_gc_ns = 1;
	assert_string_equal(config_needs_restart(&a, &b)->name, "gc");
	b.mode = "exact";
	assert_string_equal(config_needs_restart(&a, &b)->name, "mode");
	strcpy(b.listen, "127.0.0.1:1");
	assert_string_equal(config_needs_restart(&a, &b)->name, "listen");
}

/* The hash of "secret", by SHA-512. */
#define HASH \
	"$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDe" \
	"hy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1"

static int load_users(const char *text, struct auth **ret_a, struct err *e)
{
	*e = (struct err) {};
	write_file(text);
	chmod(path, 0600);
	return auth_load(path, ret_a, e);
}

static void users_are_known_by_their_hash(void **state)
{
	const char *hash = (const char *)*state;
	char text[512];
	struct auth *a;
	struct err e;

	snprintf(text, sizeof(text), "# who may\n\nbob:%s\n", hash);
	assert_int_equal(load_users(text, &a, &e), 0);
	assert_int_equal(auth_check(a, "bob", "wrong", 1000000000), AUTH_NO);
	assert_int_equal(auth_check(a, "bob", "secret", 1000000001), AUTH_LATER);
	assert_int_equal(auth_check(a, "bob", "secret", 1100000001), AUTH_YES);
	assert_int_equal(auth_check(a, "bob", "secret", 1100000002), AUTH_YES); /* known now */
	assert_int_equal(auth_check(a, "bob", "wrong", 1100000003), AUTH_LATER);
	assert_int_equal(auth_check(a, "eve", "secret", 1200000003), AUTH_NO);
	assert_int_equal(auth_check(a, "", "", 1300000003), AUTH_NO);
	auth_free(a);
}

static void files_of_users_are_checked(void **state)
{
	static const char *const bad[] = { "bob\n",
					   "bob:\n",
					   "bob:plaintext\n",
					   ":$6$x$y\n",
					   "bob:$9$salt$aaaaaaaaaaaaaaaaaaaa\n",
					   "# nobody\n",
					   "" };
	const char *hash = (const char *)*state;
	char text[512];
	struct auth *a;
	struct err e;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_not_equal(load_users(bad[i], &a, &e), 0);
		assert_null(a);
		assert_int_equal(e.code, GS_EXIT_USAGE);
	}
	snprintf(text, sizeof(text), "a:%s\nb:x\n", hash);
	assert_int_not_equal(load_users(text, &a, &e), 0);
	assert_non_null(strstr(e.text, ":2: not USER:HASH"));
	write_file(text);
	chmod(path, 0640);
	e = (struct err) {};
	assert_int_not_equal(auth_load(path, &a, &e), 0);
	assert_non_null(strstr(e.text, "others than its owner"));
}

int main(void)
{
	static char hash[256];
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistakes_are_told_with_their_line),
		cmocka_unit_test(what_is_no_text_or_too_much_of_it_is_refused),
		cmocka_unit_test(too_many_services_are_refused),
		cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(the_printed_file_is_the_defaults),
		cmocka_unit_test(what_needs_a_restart_is_found),
		cmocka_unit_test_prestate(users_are_known_by_their_hash, hash),
		cmocka_unit_test_prestate(files_of_users_are_checked, hash),
	};
	int fd = mkstemp(path), failed;

	close(fd);
	strcpy(hash, HASH);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
