/* The command line: good and bad ones, each with what comes of it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bpf/families.h"
#include "user/opts.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define WORDS 80

static char line[2048];
static char *words[WORDS];

/* Parse "gilscope " and @args, split at blanks; '_' stands for an empty word. */
static int parse(struct opts *o, const char *args, struct err *e)
{
	int n = 0;

	strcpy(line, "gilscope ");
	strncat(line, args, sizeof(line) - strlen(line) - 1);
	for (char *w = strtok(line, " "); w && n < WORDS - 1; w = strtok(NULL, " "))
		words[n++] = strcmp(w, "_") ? w : w + 1;
	words[n] = NULL;
	*e = (struct err) { 0 };
	return opts_parse(o, n, words, e);
}

static struct opts good(const char *args)
{
	struct opts o;
	struct err e;

	if (parse(&o, args, &e))
		print_error("%s: %s\n", args, e.text);
	assert_int_equal(e.code, 0);
	return o;
}

static const struct {
	const char *args, *says; /* part of the message */
} bad_cases[] = {
	{ "", "command: none given" },
	{ "frobnicate", "frobnicate: no such command" },
	{ "dump", "dump: no process given; use -p PID" },
	{ "dump -p 1 --all", "--all: not an option of this command" },
	{ "dump -p 1 --format jsonl", "no such format; there are: table json" },
	{ "--all stat", "expected a command first" },
	{ "stat", "target: none given" },
	{ "top", "target: none given" },
	{ "ps -d 1", "--duration: not an option of this command" },
	{ "stat --frob -p 1", "--frob: no such option" },
	{ "stat -x", "-x: no such option" },
	{ "stat --pi 1", "--pi: no such option" },
	{ "stat -p", "--pid: needs a value" },
	{ "stat --pid", "--pid: needs a value" },
	{ "stat -p _", "not a process id" },
	{ "stat -p 0", "out of range" },
	{ "stat -p -5", "not a process id" },
	{ "stat -p 4194305", "out of range" },
	{ "stat -p 99999999999999999999", "out of range" },
	{ "stat -p 12x", "not a process id" },
	{ "stat -p 0x10", "not a process id" },
	{ "stat -p 1,", "not a process id" },
	{ "stat -p 1,,2", "not a process id" },
	{ "stat -p 77,77", "given twice" },
	{ "stat -p 77 -p 77", "given twice" },
	{ "stat -p 1 -d 1 -d 2", "--duration: given twice" },
	{ "stat -p 1 -d soon", "not a time" },
	{ "stat -p 1 -d 0", "out of range" },
	{ "stat -p 1 -d -1", "not a time" },
	{ "stat -p 1 -d 1e300", "not a time" },
	{ "stat -p 1 -d 99999999999", "out of range" },
	{ "stat -p 1 -i 1ms", "out of range" },
	{ "stat -p 1 -d 1 -i 2", "longer than --duration" },
	{ "stat -p 1 --format xml", "--format xml: no such format" },
	{ "probes -p 1 --format jsonl", "no such format" },
	{ "ps --format jsonl", "no such format" },
	{ "stat -p 1 --mode fuzzy", "no such mode" },
	{ "stat -p 1 --with nonsense", "no such family" },
	{ "stat -p 1 --with gil,", "no such family" },
	{ "stat -p 1 --with refs --without refs", "both in --with and --without" },
	{ "stat -p 1 --without proc,gil,gc,io,sched,ft", "nothing is left" },
	{ "stat -p 1 --max-threads 15", "from 16 to 65536" },
	{ "stat -p 1 --max-threads 65537", "from 16 to 65536" },
	{ "stat -p 1 --max-processes 0", "from 1 to 4096" },
	{ "stat -p 1 --all", "more than one kind" },
	{ "stat --all -- python3", "more than one kind" },
	{ "stat --all --children", "--children" },
	{ "stat --all=yes", "--all: takes no value" },
	{ "stat 123", "123: unexpected" },
	{ "stat -p 1 --", "no program after it" },
	{ "stat -p 1 -- _", "no program after it" },
	{ "ps -p 1", "not an option of this command" },
	{ "ps --all", "not an option of this command" },
	{ "ps -- python3", "takes no target" },
	{ "doctor 1", "1: unexpected" },
	{ "top -p 1 --format json", "not an option of this command" },
	{ "report", "report: something is missing; the usage is gilscope report" },
	{ "report a b", "b: one word too many" },
	{ "report _", "an empty word" },
	{ "report a -p 1", "--pid: not an option of this command" },
	{ "report a -- python3", "takes no target" },
	{ "report a --from x", "--from x: not a time" },
	{ "report a --from -1", "--from -1: not a time" },
	{ "report a --from @", "--from @: not a time" },
	{ "report a --from 2 --to 2", "--to: not after --from" },
	{ "report a --to 1 --to 2", "--to: given twice" },
	{ "report a --top 1001", "from 0 to 1000" },
	{ "report a --thread 0", "from 1 to" },
	{ "report a --format xml", "there are: table json jsonl" },
	{ "report a -i 1ms", "out of range" },
	{ "diff a", "diff: something is missing" },
	{ "diff a b c", "c: one word too many" },
	{ "diff a b --threshold -1", "--threshold -1: not a number" },
	{ "diff a b --threshold 1e3", "--threshold 1e3: not a number" },
	{ "diff a b --threshold nan", "not a number" },
	{ "diff a b --threshold .", "not a number" },
	{ "diff a b --format jsonl", "no such format" },
	{ "export a", "--to: not given" },
	{ "export --to jsonl", "export: something is missing" },
	{ "export a --to gif", "--to gif: no such format; there are:" },
	{ "export a --to jsonl -o _", "--output: empty" },
	{ "flame -p 1", "flame: nowhere to write to; give -o FILE.svg" },
	{ "flame -o x.svg", "target: none given" },
	{ "flame -p 1 -o x.png", "--output x.png: no format is called like its end; use .svg" },
	{ "flame -p 1 -o svg", "no format is called like its end" },
	{ "flame -p 1 -o x.svg --by time", "--by time: no such weight; there are: held waited" },
	{ "flame -p 1 -o x.svg --without stacks", "--without stacks: without them" },
	{ "flame -p 1 -o x.svg -i 1", "--interval: not an option of this command" },
	{ "flame x.rec y.rec -o x.svg", "y.rec: one word too many" },
	{ "flame x.rec -p 1 -o x.svg", "x.rec: a recording; leave out the target" },
	{ "flame x.rec -d 1 -o x.svg", "x.rec: a recording; leave out --duration" },
	{ "stat -p 1 --to 3", "--to: not an option of this command" },
};

static void bad_command_lines_say_what_is_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad_cases); i++) {
		struct opts o;
		struct err e;
		int ret = parse(&o, bad_cases[i].args, &e);

		if (ret != -EINVAL || !strstr(e.text, bad_cases[i].says))
			print_error("%s -> %d %s\n", bad_cases[i].args, ret, e.text);
		assert_int_equal(ret, -EINVAL);
		assert_int_equal(e.code, GS_EXIT_USAGE);
		assert_non_null(strstr(e.text, bad_cases[i].says));
		assert_non_null(strstr(e.text, ": "));
	}
}

static void there_are_two_modes(void **state)
{
	struct opts o = good("stat -p 1 --mode watch --sample-rate 250");
	struct err e;

	(void)state;
	assert_true(opts_watch(&o));
	assert_int_equal(o.sample_rate, 250);
	assert_true(o.mode_given);
	o = good("stat -p 1");
	assert_true(opts_watch(&o));
	assert_false(o.mode_given);
	assert_int_equal(o.sample_rate, 100);
	o = good("top -p 1");
	assert_true(opts_watch(&o));
	o = good("top -p 1 --mode exact");
	assert_false(opts_watch(&o));
	o = good("record -p 1 -o x");
	assert_false(opts_watch(&o));
	assert_int_equal(parse(&o, "stat -p 1 --mode guess", &e), -EINVAL);
	assert_string_equal(e.text, "--mode guess: no such mode; there are: exact watch");
}

static void defaults(void **state)
{
	struct opts o = good("stat -p 12");

	(void)state;
	assert_int_equal(o.command, CMD_STAT);
	assert_int_equal(o.npids, 1);
	assert_int_equal(o.pids[0], 12);
	assert_string_equal(o.format, "table");
	assert_string_equal(o.mode, "watch");
	assert_int_equal(o.interval_ns, 0);
	assert_int_equal(o.duration_ns, 0);
	assert_int_equal(o.max_threads, 4096);
	assert_int_equal(o.max_processes, 256);
	assert_int_equal(o.max_types, 4096);
	assert_true(o.families & GS_FAMILY_BIT(GS_FAMILY_GIL));
	assert_false(o.families & GS_FAMILY_BIT(GS_FAMILY_REFS));
	assert_false(o.families & GS_FAMILY_BIT(GS_FAMILY_ASYNCIO));
	assert_int_equal(o.slow_ns, 100000000); /* asyncio's slow_callback_duration */
	assert_int_equal(good("record -p 1 -o x --slow 50ms").slow_ns, 50000000);
	assert_false(o.no_color);
	assert_null(o.program);
	assert_int_equal(good("top -p 1").interval_ns, 1000000000);
	assert_int_equal(good("top -p 1 -d 0.5").interval_ns, 500000000);
}

static void values_arrive_however_they_are_written(void **state)
{
	static const char *const same[] = {
		"stat -p 1,2 -p3 --pid 4 -d 10 -i 250ms --format json --max-threads=16",
		"stat --pid=1 --pid=2,3,4 --duration=10s --interval 0.25 --format=json "
		"--max-threads 16",
		"stat -d10000ms -i0.25s -p1 -p2 -p3 -p4 --format json --max-threads 16",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(same); i++) {
		struct opts o = good(same[i]);

		assert_int_equal(o.npids, 4);
		for (int p = 0; p < 4; p++)
			assert_int_equal(o.pids[p], p + 1);
		assert_int_equal(o.duration_ns, 10000000000);
		assert_int_equal(o.interval_ns, 250000000);
		assert_string_equal(o.format, "json");
		assert_int_equal(o.max_threads, 16);
	}
}

static void families_add_and_leave_out(void **state)
{
	struct opts o = good("stat -p 1 --with refs --without gc,io --without sched,ft");

	(void)state;
	assert_int_equal(o.families, GS_FAMILY_BIT(GS_FAMILY_PROC) | GS_FAMILY_BIT(GS_FAMILY_GIL) |
					     GS_FAMILY_BIT(GS_FAMILY_REFS));
}

static void a_program_keeps_its_own_options(void **state)
{
	struct opts o = good("stat --children --contended-sites -- python3 -p 1 --help -- x");

	(void)state;
	assert_true(o.children);
	assert_true(o.contended_sites);
	assert_string_equal(o.program[0], "python3");
	assert_string_equal(o.program[3], "--help");
	assert_string_equal(o.program[5], "x");
	assert_null(o.program[6]);
}

static void help_and_version_win(void **state)
{
	(void)state;
	assert_int_equal(good("--help").command, CMD_HELP);
	assert_int_equal(good("--help").help_for, CMD_NONE);
	assert_int_equal(good("stat --help").help_for, CMD_STAT);
	assert_int_equal(good("ps -h").help_for, CMD_PS);
	assert_int_equal(good("--version").command, CMD_VERSION);
	assert_int_equal(good("top -V").command, CMD_VERSION);
	assert_int_equal(good("doctor").command, CMD_DOCTOR);
	assert_string_equal(good("doctor --format json").format, "json");
}

static void no_color_comes_from_the_environment_too(void **state)
{
	(void)state;
	assert_true(good("top -p 1 --no-color").no_color);
	setenv("NO_COLOR", "1", 1);
	assert_true(good("top -p 1").no_color);
	setenv("NO_COLOR", "", 1);
	assert_false(good("top -p 1").no_color);
	unsetenv("NO_COLOR");
}

static void recordings_are_named_by_words(void **state)
{
	struct opts o = good("report --from 0 dir --to 2.5 -i 250ms --top 0 --thread 77");

	(void)state;
	assert_int_equal(o.command, CMD_REPORT);
	assert_int_equal(o.nargs, 1);
	assert_string_equal(o.args[0], "dir");
	assert_true(o.from.given && !o.from.is_unix);
	assert_int_equal(o.from.ns, 0);
	assert_int_equal(o.to.ns, 2500000000);
	assert_int_equal(o.interval_ns, 250000000);
	assert_int_equal(o.top, 0);
	assert_int_equal(o.thread, 77);
	o = good("report dir --from 5 --to=@1700000000.25 --format jsonl");
	assert_true(o.to.is_unix);
	assert_int_equal(o.to.ns, 1700000000250000000);
	assert_int_equal(o.top, 10);
	assert_false(good("report dir").from.given);
	o = good("diff A --threshold 2.5 B");
	assert_string_equal(o.args[0], "A");
	assert_string_equal(o.args[1], "B");
	assert_true(o.threshold > 2.49 && o.threshold < 2.51);
	assert_true(good("diff A B").threshold > 2.99);
	o = good("export dir --to jsonl --by held -o out --force");
	assert_string_equal(o.export_to, "jsonl");
	assert_string_equal(o.export_by, "held");
	assert_string_equal(o.output, "out");
	assert_true(o.force);
	assert_string_equal(good("export dir --to jsonl -o -").output, "-");
	o = good("flame -p 1 -d 10 --by caused -o a.b/out.svg --force");
	assert_int_equal(o.command, CMD_FLAME);
	assert_string_equal(o.export_by, "caused");
	assert_string_equal(o.output, "a.b/out.svg");
	assert_true(o.force && opts_watch(&o) && o.budget > 0);
	assert_string_equal(good("flame -o - -- true").output, "-");
	assert_string_equal(good("tour gil").stop, "gil");
}

static void there_is_an_end_to_the_list_of_processes(void **state)
{
	char args[1024] = "stat -p 1";
	struct opts o;
	struct err e;

	(void)state;
	for (int i = 2; i <= OPTS_MAX_PIDS; i++)
		snprintf(args + strlen(args), sizeof(args) - strlen(args), ",%d", i);
	assert_int_equal(good(args).npids, OPTS_MAX_PIDS);
	strcat(args, ",1000");
	assert_int_equal(parse(&o, args, &e), -EINVAL);
	assert_non_null(strstr(e.text, "more than 64"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_command_lines_say_what_is_wrong),
		cmocka_unit_test(there_are_two_modes),
		cmocka_unit_test(defaults),
		cmocka_unit_test(values_arrive_however_they_are_written),
		cmocka_unit_test(families_add_and_leave_out),
		cmocka_unit_test(a_program_keeps_its_own_options),
		cmocka_unit_test(help_and_version_win),
		cmocka_unit_test(no_color_comes_from_the_environment_too),
		cmocka_unit_test(recordings_are_named_by_words),
		cmocka_unit_test(there_is_an_end_to_the_list_of_processes),
	};

	unsetenv("NO_COLOR");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
