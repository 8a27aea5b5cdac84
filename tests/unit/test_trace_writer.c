/* The recording's directory: who may read it, what is never overwritten, and full disks. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/unit/recording_helpers.h"

static u32 owner_of(const char *path, u32 *ret_mode)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	*ret_mode = st.st_mode & 07777;
	return st.st_uid;
}

static int try_open(const char *path, bool force, struct err *e)
{
	struct trace_writer *w = NULL;
	int err;

	*e = (struct err) { 0 };
	err = trace_writer_open(path, force, &sample_info, &w, e);
	trace_writer_close(w, NULL);
	return err;
}

static void nobody_else_may_read_it(void **state)
{
	const char *path = in_test_dir("modes");
	mode_t before = umask(0);
	char file[600];
	u32 mode;

	(void)state;
	sample_recording(path, 2, 10);
	assert_int_equal(owner_of(path, &mode), geteuid());
	assert_int_equal(mode, 0700);
	snprintf(file, sizeof(file), "%s/metadata", path);
	owner_of(file, &mode);
	assert_int_equal(mode, 0600);
	snprintf(file, sizeof(file), "%s/events_000000", path);
	owner_of(file, &mode);
	assert_int_equal(mode, 0600);
	umask(before);
}

static void it_belongs_to_who_called_sudo(void **state)
{
	const char *path = in_test_dir("sudo");
	u32 uid = 1, gid = 1, mode;
	char file[600];

	(void)state;
	if (geteuid())
		skip();
	setenv("SUDO_UID", "12345", 1);
	setenv("SUDO_GID", "54321", 1);
	sample_recording(path, 1, 10);
	assert_int_equal(owner_of(path, &mode), 12345);
	snprintf(file, sizeof(file), "%s/events_000000", path);
	assert_int_equal(owner_of(file, &mode), 12345);
	sample_recording(path, 1, 10); /* --force: of the same owner */
	setenv("SUDO_GID", "4294967295", 1); /* to chown(2): leave it as it is */
	trace_owner(&uid, &gid);
	assert_int_equal(uid, 0);
	setenv("SUDO_UID", "0x10", 1);
	setenv("SUDO_GID", "1", 1);
	trace_owner(&uid, &gid);
	assert_int_equal(uid, 0);
	assert_int_equal(gid, getegid());
	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
}

static void what_exists_is_kept_without_force(void **state)
{
	const char *path = in_test_dir("exists");
	struct reading rd;
	struct err e;

	(void)state;
	sample_recording(path, 1, 10);
	assert_int_equal(try_open(path, false, &e), -EEXIST);
	assert_int_equal(e.code, GS_EXIT_USAGE);
	assert_non_null(strstr(e.text, "--force"));
	rd = read_recording(path);
	assert_int_equal(rd.events[EVENT_HOLD], 10);
}

static void force_replaces_a_recording_and_all_of_it(void **state)
{
	const char *path = in_test_dir("forced");
	struct reading rd;
	char file[600];

	(void)state;
	sample_recording(path, 1, 10);
	snprintf(file, sizeof(file), "%s/events_000123", path);
	put_file(file, "old", 3);
	sample_recording(path, 1, 20);
	assert_int_equal(entries(path), 2);
	rd = read_recording(path);
	assert_int_equal(rd.damage, 0);
	assert_int_equal(rd.events[EVENT_HOLD], 20);
}

static void force_takes_an_empty_directory(void **state)
{
	const char *path = in_test_dir("empty");
	struct err e;
	u32 mode;

	(void)state;
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(try_open(path, false, &e), -EEXIST);
	assert_int_equal(try_open(path, true, &e), 0);
	owner_of(path, &mode);
	assert_int_equal(mode, 0700);
}

/* Each directory is refused even with force, and keeps all its files. */
static void force_removes_nothing_but_recordings(void **state)
{
	static const struct {
		const char *dir, *file, *contents;
		const char *link; /* a symbolic link to elsewhere, too */
	} cases[] = {
		{ "f0", "letter", "dear", NULL },
		{ "f1", "metadata", "/* CTF 1.8 */\nanother tool's\n", NULL },
		{ "f2", "events_000000", "no metadata", NULL },
		{ "f3", "metadata", "\ttracer_name = \"gilscope\";\n", "events_000000" },
		{ "f4", "metadata", "\ttracer_name = \"gilscope\";\n", "letter" },
	};
	char file[600], link[600];
	struct err e;

	(void)state;
	put_file(in_test_dir("elsewhere"), "precious", 8);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *path = in_test_dir(cases[i].dir);

		assert_int_equal(mkdir(path, 0700), 0);
		snprintf(file, sizeof(file), "%s/%s", path, cases[i].file);
		put_file(file, cases[i].contents, strlen(cases[i].contents));
		if (cases[i].link) {
			snprintf(link, sizeof(link), "%s/%s", path, cases[i].link);
			assert_int_equal(symlink(in_test_dir("elsewhere"), link), 0);
		}
		assert_int_equal(try_open(path, true, &e), -EEXIST);
		assert_int_equal(e.code, GS_EXIT_USAGE);
		assert_non_null(strstr(e.text, "not a recording"));
		assert_int_equal(entries(path), cases[i].link ? 2 : 1);
	}
	assert_int_equal(access(in_test_dir("elsewhere"), F_OK), 0);
}

static void links_are_not_followed(void **state)
{
	static const char *const targets[] = { "real", "nowhere", "afile" };
	struct err e;
	char slash[600];

	(void)state;
	assert_int_equal(mkdir(in_test_dir("real"), 0700), 0);
	put_file(in_test_dir("afile"), "x", 1);
	for (size_t i = 0; i < COUNT(targets); i++) {
		const char *link = in_test_dir("link");

		unlink(link);
		assert_int_equal(symlink(in_test_dir(targets[i]), link), 0);
		snprintf(slash, sizeof(slash), "%s//", link);
		assert_int_equal(try_open(link, false, &e), -EEXIST);
		assert_int_equal(try_open(link, true, &e), -EEXIST);
		assert_int_equal(e.code, GS_EXIT_USAGE);
		assert_int_equal(try_open(slash, true, &e), -EEXIST);
	}
	assert_int_equal(entries(in_test_dir("real")), 0);
	assert_int_equal(access(in_test_dir("nowhere"), F_OK), -1);
}

static void others_directories_are_refused(void **state)
{
	const char *path = in_test_dir("others");
	struct err e;

	(void)state;
	if (geteuid())
		skip();
	assert_int_equal(mkdir(path, 0777), 0);
	assert_int_equal(chown(path, 4242, 4242), 0);
	assert_int_equal(try_open(path, true, &e), -EEXIST);
	assert_non_null(strstr(e.text, "somebody else"));
}

static void a_missing_parent_is_told(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(try_open(in_test_dir("no/where"), false, &e), -ENOENT);
	assert_int_equal(e.code, GS_EXIT_FAILED);
	assert_non_null(strstr(e.text, "No such file"));
}

/* Packets of 64 KiB until @limit bytes; the first error, and how many bytes were written. */
static int fill(const char *path, u64 limit, u64 *ret_bytes, struct err *e)
{
	struct event hold = { .kind = EVENT_HOLD, .tid = 11, .ts_ns = T0 };
	struct trace_writer *w;
	struct packet *p;
	int err;

	err = trace_writer_open(path, false, &sample_info, &w, e);
	if (err)
		return err;
	p = packet_new(trace_writer_uuid(w), 0);
	while (!err && trace_writer_bytes(w) < limit) {
		while (p->used < 64 * 1024 && !packet_add(p, &hold))
			hold.ts_ns++;
		packet_end(p, 0);
		err = trace_writer_packet(w, p->bytes, p->used, e);
		if (!err)
			packet_next(p);
	}
	*ret_bytes = trace_writer_bytes(w);
	free(p);
	trace_writer_close(w, e);
	return err;
}

static void a_new_file_begins_before_the_limit_is_passed(void **state)
{
	const char *path = in_test_dir("files");
	u64 written = 0, total = 0;
	struct reading rd;
	struct err e = { 0 };
	struct stat st;
	char file[600];

	(void)state;
	assert_int_equal(fill(path, 40 * 1024 * 1024, &written, &e), 0);
	for (int i = 0; i < 3; i++) {
		snprintf(file, sizeof(file), "%s/events_%06d", path, i);
		assert_int_equal(stat(file, &st), 0);
		assert_true(st.st_size <= TRACE_FILE_MAX);
		assert_true(i == 2 || st.st_size > TRACE_FILE_MAX - TRACE_PACKET_MAX);
		total += (u64)st.st_size;
	}
	snprintf(file, sizeof(file), "%s/metadata", path);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(total + (u64)st.st_size, written);
	assert_int_equal(entries(path), 4);
	rd = read_recording(path);
	assert_int_equal(rd.err, 0);
	assert_int_equal(rd.damage, 0);
	assert_int_equal(rd.events[EVENT_HOLD], rd.last_ns - T0 + 1);
	assert_int_equal(rmdir(in_test_dir("tmp")), 0); /* nothing is left there */
	assert_int_equal(mkdir(in_test_dir("tmp"), 0700), 0);
}

/* All that the writer says it wrote is there, and nothing else. */
static void check_rest(const char *path, u64 written)
{
	struct reading rd = read_recording(path);

	assert_int_equal(rd.err, 0);
	assert_int_equal(rd.damage, 0);
	assert_int_equal(rd.lost, 0);
	assert_false(rd.complete);
	assert_true(rd.events[EVENT_HOLD] > 10000);
	assert_int_equal(rd.events[EVENT_HOLD], rd.last_ns - T0 + 1);
	assert_true(written > rd.events[EVENT_HOLD] * 13);
}

static void a_file_size_limit_leaves_whole_packets(void **state)
{
	const struct rlimit little = { .rlim_cur = 500000, .rlim_max = RLIM_INFINITY };
	const char *path = in_test_dir("limited");
	struct rlimit before;
	struct err e = { 0 };
	u64 written = 0;
	int err;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	if (before.rlim_max != RLIM_INFINITY)
		skip();
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	err = fill(path, 10 << 20, &written, &e);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(err, -EFBIG);
	assert_int_equal(e.code, GS_EXIT_FAILED);
	assert_non_null(strstr(e.text, "/limited/events_000000: File too large; "));
	assert_true(written < 600000);
	check_rest(path, written);
}

/* In a mount namespace of its own: 0, 77 (not permitted here), or the line that failed. */
static int on_full_disk(const char *mount_point)
{
	struct err e = { 0 };
	char path[600];
	u64 written = 0;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", mount_point, "tmpfs", 0, "size=1m"))
		return 77;
	snprintf(path, sizeof(path), "%s/recording", mount_point);
	if (fill(path, 10 << 20, &written, &e) != -ENOSPC)
		return __LINE__;
	if (!strstr(e.text, "events_000000: No space left on device; free some space"))
		return __LINE__;
	check_rest(path, written);
	return 0;
}

static void a_full_disk_leaves_whole_packets(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(mkdir(in_test_dir("disk"), 0700), 0);
	fflush(NULL);
	pid = fork();
	if (!pid)
		_exit(on_full_disk(in_test_dir("disk")));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_else_may_read_it),
		cmocka_unit_test(it_belongs_to_who_called_sudo),
		cmocka_unit_test(what_exists_is_kept_without_force),
		cmocka_unit_test(force_replaces_a_recording_and_all_of_it),
		cmocka_unit_test(force_takes_an_empty_directory),
		cmocka_unit_test(force_removes_nothing_but_recordings),
		cmocka_unit_test(links_are_not_followed),
		cmocka_unit_test(others_directories_are_refused),
		cmocka_unit_test(a_missing_parent_is_told),
		cmocka_unit_test(a_new_file_begins_before_the_limit_is_passed),
		cmocka_unit_test(a_file_size_limit_leaves_whole_packets),
		cmocka_unit_test(a_full_disk_leaves_whole_packets),
	};

	return cmocka_run_group_tests(tests, make_test_dir, remove_test_dir);
}
