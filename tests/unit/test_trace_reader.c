/* Reading recordings: the tables of threads and processes, passes, what is refused and how. */
#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "tests/unit/recording_helpers.h"

static void babeltrace2_counts_the_same_events(void **state)
{
	const char *path = in_test_dir("counted");
	char command[600], line[4096], want[64];
	u64 counts[EVENT_KIND_COUNT] = { 0 };
	struct reading rd;
	FILE *f;

	(void)state;
	if (system("command -v babeltrace2 >/dev/null"))
		skip();
	sample_recording(path, 5, 1000);
	rd = read_recording(path);
	assert_int_equal(rd.err, 0);
	assert_int_equal(rd.events[EVENT_HOLD], 5000);
	snprintf(command, sizeof(command), "babeltrace2 --no-delta '%s' 2>&1", path);
	f = popen(command, "re");
	assert_non_null(f);
	for (u64 n = 0; fgets(line, sizeof(line), f); n++) {
		u32 kind = 0;

		for (; kind < EVENT_KIND_COUNT; kind++) {
			snprintf(want, sizeof(want), "] here %s: {", event_descs[kind].name);
			if (strstr(line, want))
				break;
		}
		if (kind == EVENT_KIND_COUNT)
			fail_msg("%s", line); /* a warning, or an event nobody recorded */
		counts[kind]++;
	}
	assert_int_equal(pclose(f), 0);
	assert_memory_equal(counts, rd.events, sizeof(counts));
}

static void the_info_is_what_was_recorded(void **state)
{
	struct trace_reader *r;
	const struct trace_info *info;
	struct err e = { 0 };
	u64 begin_ns, end_ns;

	(void)state;
	sample_recording(in_test_dir("info"), 2, 10);
	assert_int_equal(trace_open(in_test_dir("info"), &r, &e), 0);
	info = trace_info(r);
	assert_string_equal(info->directory, in_test_dir("info"));
	assert_string_equal(info->gilscope, sample_info.gilscope);
	assert_string_equal(info->kernel, sample_info.kernel);
	assert_string_equal(info->host, sample_info.host);
	assert_string_equal(info->command, sample_info.command);
	assert_string_equal(info->mode, sample_info.mode);
	assert_int_equal(info->format, TRACE_FORMAT);
	assert_int_equal(info->families, sample_info.families);
	assert_int_equal(info->started_ns, sample_info.started_ns);
	assert_int_equal(info->started_unix_ns, sample_info.started_unix_ns);
	assert_int_equal(info->hit_ns, sample_info.hit_ns);
	trace_range(r, &begin_ns, &end_ns);
	assert_int_equal(begin_ns, T0);
	assert_int_equal(end_ns, T0 + 20 * 1000);
	assert_true(trace_complete(r));
	trace_close(r);
}

static const struct event life[] = {
	{ .kind = EVENT_THREAD, .pid = 10, .tid = 11, .text = { "early" } },
	{ .kind = EVENT_PROCESS, .pid = 10, .ns_id = 1, .text = { "3.11.2", "/py", "", "cmd" } },
	{ .kind = EVENT_PROCESS, .pid = 20, .ns_id = 2, .parent = 10, .text = { "3.12.0" } },
	{ .kind = EVENT_THREAD, .pid = 20, .tid = 21, .ns_id = 5, .start_ns = 7, .text = { "a" } },
	{ .kind = EVENT_HOLD, .tid = 21, .ns = 1 },
	{ .kind = EVENT_THREAD, .pid = 20, .tid = 21, .ns_id = 5, .start_ns = 7, .text = { "b" } },
	{ .kind = EVENT_HOLD, .tid = 21, .ns = 1 },
	{ .kind = EVENT_HOLD, .tid = 99, .ns = 1 },
	{ .kind = EVENT_THREAD, .pid = 10, .tid = 21, .start_ns = 8, .text = { "c" } },
	{ .kind = EVENT_HOLD, .tid = 21, .ns = 1 },
	{ .kind = EVENT_THREAD_EXIT, .tid = 21 },
	{ .kind = EVENT_HOLD, .tid = 21, .ns = 1 },
	{ .kind = EVENT_THREAD, .pid = 10, .tid = 30, .text = { "d" } },
	{ .kind = EVENT_CONTENDED, .pid = 20, .ns = 1 },
	{ .kind = EVENT_PROCESS_EXIT, .pid = 10 },
	{ .kind = EVENT_HOLD, .tid = 11, .ns = 1 },
	{ .kind = EVENT_CONTENDED, .pid = 10, .ns = 1 },
	{ .kind = EVENT_LOST, .count = 3, .text = { "ring_full" } },
};

/* What each of them is about; index -1: no thread, or no process. */
static const struct {
	int thread, process;
	const char *name;
	u32 pid;
} about[] = {
	{ 0, 0, "early", 10 }, { -1, 0, NULL, 10 },
	{ -1, 1, NULL, 20 },   { 1, 1, "a", 20 },
	{ 1, 1, "a", 20 },     { 1, 1, "b", 20 },
	{ 1, 1, "b", 20 },     { -1, -1, NULL, 0 },
	{ 2, 0, "c", 10 }, /* another thread has the number now: not the index */
	{ 2, 0, "c", 10 },     { 2, 0, "c", 10 },
	{ -1, -1, NULL, 0 },   { 2, 0, "d", 10 }, /* the last one given back */
	{ -1, 1, NULL, 20 },   { -1, 0, NULL, 10 },
	{ -1, 1, NULL, 0 }, /* one process is left: whose else */
	{ -1, -1, NULL, 10 },  { -1, -1, NULL, 0 },
};

static int check_life(void *ctx, const struct event *ev)
{
	size_t i = (*(size_t *)ctx)++;

	_Static_assert(COUNT(life) == COUNT(about), "one expectation for each event");
	assert_int_equal(ev->kind, life[i].kind);
	if (ev->pid != about[i].pid ||
	    (ev->thread ? (int)ev->thread->index : -1) != about[i].thread ||
	    (ev->process ? (int)ev->process->index : -1) != about[i].process)
		fail_msg("event %zu: pid %u", i, ev->pid);
	if (ev->thread) {
		assert_string_equal(ev->thread->name, about[i].name);
		assert_ptr_equal(ev->thread->process, ev->process);
		assert_int_equal(ev->thread->tid, ev->tid);
	}
	if (ev->process) {
		assert_int_equal(ev->process->exited, ev->kind == EVENT_PROCESS_EXIT);
		/* it was not told of yet when its first thread was */
		assert_string_equal(ev->process->version, i == 0		   ? ""
							  : ev->process->pid == 10 ? "3.11.2"
										   : "3.12.0");
		assert_int_equal(ev->process->since_ns, ev->process->pid == 10 ? T0 : T0 + 2000);
	}
	return 0;
}

static void threads_and_processes_come_and_go(void **state)
{
	const char *path = in_test_dir("life");
	size_t seen = 0;
	const struct trace_sink sink = { .event = check_life, .ctx = &seen };
	struct recording rec;
	struct trace_reader *r;
	struct err e = { 0 };

	(void)state;
	recording_begin(&rec, path);
	for (size_t i = 0; i < COUNT(life); i++) {
		struct event ev = life[i];

		ev.ts_ns = T0 + i * 1000;
		recording_add(&rec, &ev);
	}
	recording_end(&rec);
	assert_int_equal(trace_open(path, &r, &e), 0);
	for (int pass = 0; pass < 3; pass++) {
		seen = 0;
		assert_int_equal(trace_read(r, &sink, &e), 0);
		assert_int_equal(seen, COUNT(life));
	}
	trace_close(r);
}

struct crowd {
	u64 known, threads;
};

static int count_known(void *ctx, const struct event *ev)
{
	struct crowd *c = ctx;

	c->threads += ev->kind == EVENT_THREAD;
	c->known += ev->kind == EVENT_THREAD && ev->thread != NULL;
	return 0;
}

static void memory_has_a_limit_whatever_is_told(void **state)
{
	const char *path = in_test_dir("crowd");
	struct event ev = { .kind = EVENT_THREAD, .ts_ns = T0, .text = { "one of many" } };
	struct crowd crowd = { 0 };
	const struct trace_sink sink = { .event = count_known, .ctx = &crowd };
	struct recording rec;
	struct trace_reader *r;
	struct err e = { 0 };

	(void)state;
	recording_begin(&rec, path);
	for (u32 i = 0; i < 200000; i++) {
		ev.tid = i + 1;
		ev.pid = i % 10000 + 1;
		recording_add(&rec, &ev);
	}
	recording_end(&rec);
	assert_int_equal(trace_open(path, &r, &e), 0);
	assert_int_equal(trace_read(r, &sink, &e), 0);
	assert_int_equal(crowd.threads, 200000);
	assert_in_range(crowd.known, 60000, 70000);
	trace_close(r);
}

static int stop_at(void *ctx, const struct event *ev)
{
	u64 *left = ctx;

	(void)ev;
	return --*left ? 0 : -ECANCELED;
}

static int no_begin(void *ctx, const struct trace_info *info)
{
	(void)ctx;
	(void)info;
	return -ENOTSUP;
}

static void a_sink_can_stop_the_reading(void **state)
{
	static const u64 at[] = { 1, 2, 500, 4999 };
	u64 left;
	const struct trace_sink sink = { .event = stop_at, .ctx = &left };
	const struct trace_sink never = { .begin = no_begin, .event = stop_at, .ctx = &left };
	struct trace_reader *r;
	struct err e = { 0 };

	(void)state;
	sample_recording(in_test_dir("stopped"), 5, 1000);
	assert_int_equal(trace_open(in_test_dir("stopped"), &r, &e), 0);
	for (size_t i = 0; i < COUNT(at); i++) {
		left = at[i];
		assert_int_equal(trace_read(r, &sink, &e), -ECANCELED);
		assert_int_equal(left, 0);
	}
	left = 1000000;
	assert_int_equal(trace_read(r, &sink, &e), 0);
	assert_int_equal(left, 1000000 - 5003);
	assert_int_equal(trace_read(r, &never, &e), -ENOTSUP);
	assert_int_equal(e.code, 0);
	trace_close(r);
}

static void other_files_do_not_matter(void **state)
{
	static const char *const names[] = { "notes.txt", ".hidden", "events_1", "events_0000001",
					     "events_000000.gz" };
	const char *path = in_test_dir("crowded");
	struct reading rd;
	char file[600];

	(void)state;
	sample_recording(path, 3, 100);
	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(file, sizeof(file), "%s/%s", path, names[i]);
		put_file(file, "not a packet", 12);
	}
	/* what LTTng keeps there would be believed */
	snprintf(file, sizeof(file), "%s/index", path);
	assert_int_equal(mkdir(file, 0700), 0);
	strcat(file, "/events_000000.idx");
	put_file(file, "not an index", 12);
	rd = read_recording(path);
	assert_int_equal(rd.err, 0);
	assert_int_equal(rd.damage, 0);
	assert_true(rd.complete);
	assert_int_equal(rd.events[EVENT_HOLD], 300);
	assert_int_equal(entries(in_test_dir("tmp")), 0);
}

static void a_recording_without_events_says_so(void **state)
{
	const char *path = in_test_dir("none");
	struct trace_writer *w;
	struct reading rd;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(trace_writer_open(path, false, &sample_info, &w, &e), 0);
	assert_int_equal(trace_writer_close(w, &e), 0);
	rd = read_recording(path);
	assert_int_equal(rd.err, -ENODATA);
	assert_non_null(strstr(rd.e.text, "/none; nothing in it can be read"));
}

static void strange_files_are_not_waited_for(void **state)
{
	const char *path = in_test_dir("pipes");
	struct reading rd;
	char file[600];

	(void)state;
	sample_recording(path, 2, 100);
	snprintf(file, sizeof(file), "%s/events_000001", path);
	assert_int_equal(mkfifo(file, 0600), 0);
	snprintf(file, sizeof(file), "%s/events_000002", path);
	assert_int_equal(symlink("/dev/zero", file), 0);
	snprintf(file, sizeof(file), "%s/events_000003", path);
	assert_int_equal(mkdir(file, 0700), 0);
	rd = read_recording(path);
	assert_int_equal(rd.err, 0);
	assert_int_equal(rd.damage, 3);
	assert_int_equal(rd.events[EVENT_HOLD], 200);
	assert_int_equal(entries(in_test_dir("tmp")), 0);
}

/* The directory of libbabeltrace2's plugin for CTF, which has been used before; "" if not found. */
static void plugin_directory(char buf[4096])
{
	FILE *f = fopen("/proc/self/maps", "re");
	char line[4096], *path, *end;

	buf[0] = 0;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		path = strchr(line, '/');
		end = strstr(line, "/babeltrace-plugin-ctf.so");
		if (path && end)
			snprintf(buf, 4096, "%.*s", (int)(end - path), path);
	}
	fclose(f);
}

static int look_at_first(void *ctx, const struct event *ev)
{
	(void)ev;
	plugin_directory(ctx);
	return -ECANCELED;
}

static int without_plugin(const char *path, const char *plugins)
{
	struct trace_reader *r;
	struct err e = { 0 };

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", plugins, "tmpfs", 0, "size=1m"))
		return 77;
	if (trace_open(path, &r, &e) != -ENOENT || e.code != GS_EXIT_FAILED)
		return 1;
	return strstr(e.text, "apt install libbabeltrace2-0") ? 0 : 2;
}

static void a_missing_plugin_names_its_package(void **state)
{
	static char plugins[4096];
	const struct trace_sink sink = { .event = look_at_first, .ctx = plugins };
	struct trace_reader *r;
	struct err e = { 0 };
	int status;
	pid_t pid;

	(void)state;
	sample_recording(in_test_dir("plugin"), 1, 1);
	assert_int_equal(trace_open(in_test_dir("plugin"), &r, &e), 0);
	assert_int_equal(trace_read(r, &sink, &e), -ECANCELED);
	trace_close(r);
	assert_string_not_equal(plugins, "");
	fflush(NULL);
	pid = fork();
	if (!pid)
		_exit(without_plugin(in_test_dir("plugin"), plugins));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(babeltrace2_counts_the_same_events),
		cmocka_unit_test(the_info_is_what_was_recorded),
		cmocka_unit_test(threads_and_processes_come_and_go),
		cmocka_unit_test(memory_has_a_limit_whatever_is_told),
		cmocka_unit_test(a_sink_can_stop_the_reading),
		cmocka_unit_test(other_files_do_not_matter),
		cmocka_unit_test(a_recording_without_events_says_so),
		cmocka_unit_test(strange_files_are_not_waited_for),
		cmocka_unit_test(a_missing_plugin_names_its_package),
	};

	return cmocka_run_group_tests(tests, make_test_dir, remove_test_dir);
}
