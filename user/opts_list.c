/* The tables of commands and options; opts.c reads command lines by them, opts_help.c writes
 * --help. */
#include <stddef.h>

#include "user/opts_table.h"

#define NS_PER_SEC 1000000000ULL
#define DURATION_MAX (366 * 24 * 3600 * NS_PER_SEC)
#define INTERVAL_MIN 10000000ULL
#define TABLE_SIZE(t) (sizeof(t) / sizeof((t)[0]))

/* name, key, value, repeatable, commands, field, smallest, largest, setter, help */
#define OPT(name, key, arg, again, commands, field, min, max, set, help) \
	{ \
		name, key, arg, again, commands, offsetof(struct opts, field), min, max, set, help \
	}

/* clang-format off */
const struct opts_option opts_options[] = {
	OPT("pid", 'p', "PID[,PID...]", true, CMDS_TARGET | CMD_BIT(CMD_DUMP), pids, 0, 0, opts_set_pids,
	    "these processes; may be repeated"),
	OPT("all", 0, NULL, false, CMDS_TARGET | CMD_BIT(CMD_TOUR), all, 0, 0, opts_set_true,
	    "every CPython process on this host, and those that start; tour: every\n"
	    "                              stop"),
	OPT("children", 0, NULL, false, CMDS_TARGET, children, 0, 0, opts_set_true,
	    "also the processes they start, by fork, spawn or a shell"),
	OPT("duration", 'd', "TIME", false, CMDS_MEASURE | CMD_BIT(CMD_PROBES), duration_ns, 1,
	    DURATION_MAX, opts_set_duration,
	    "measure this long: 10, 0.5, 250ms, 5m (until the end or ^C; probes:\n"
	    "                              attach nothing)"),
	OPT("interval", 'i', "TIME", false, CMDS_SHOW | CMD_BIT(CMD_REPORT), interval_ns,
	    INTERVAL_MIN, DURATION_MAX, opts_set_duration,
	    "show figures this often (top: 1 s; stat, report: once, of all)"),
	OPT("format", 0, "FORMAT", false, CMDS_PRINT, format, 0, 0, opts_set_format,
	    "how to print (table)"),
	OPT("mode", 0, "MODE", false, CMDS_MEASURE | CMD_BIT(CMD_PROBES), mode, 0, 0, opts_set_mode,
	    "watch: see the GIL through the scheduler and samples of its holder, at no\n"
	    "                              cost; exact: probe every take and release\n"
	    "                              (top, stat: watch; record, probes: exact)"),
	OPT("sample-rate", 0, "HZ", false, CMDS_MEASURE, sample_rate, 10, 5000, opts_set_number,
	    "watch mode: look who holds the GIL this often a second (100)"),
	OPT("stack-rate", 0, "HZ", false, CMDS_MEASURE, stack_rate, 1, 1000, opts_set_number,
	    "with stacks: look at what holds the GIL this often a second (99)"),
	OPT("native", 0, NULL, false, CMDS_MEASURE | CMD_BIT(CMD_DUMP), native, 0, 0, opts_set_native,
	    "stacks (which it adds): also the functions of C and other compiled code, between\n"
	    "                              the Python functions that call them and that they call"),
	OPT("with", 0, "FAMILY[,...]", true, CMDS_TARGET, families, 0, 0, opts_set_with,
	    "measure these families too"),
	OPT("without", 0, "FAMILY[,...]", true, CMDS_TARGET, families, 0, 0, opts_set_without,
	    "do not measure these"),
	OPT("budget", 0, "SHARE", false, CMDS_SHOW | CMD_BIT(CMD_FLAME), budget, 0, 0, opts_set_share,
	    "refs may cost so much of one core of the target, else they are counted in\n"
	    "                              bursts and scaled; none: count all of them (1%).\n"
	    "                              With --mode exact, if given, the GIL's probes, too:\n"
	    "                              else watch mode for as long as they would cost more"),
	OPT("max-threads", 0, "N", false, CMDS_MEASURE, max_threads, 16, 65536, opts_set_number,
	    "room for this many threads, ended ones included (4096)"),
	OPT("max-processes", 0, "N", false, CMDS_MEASURE, max_processes, 1, 4096, opts_set_number,
	    "room for this many processes (256)"),
	OPT("max-types", 0, "N", false, CMDS_MEASURE, max_types, 16, 1048576, opts_set_number,
	    "room for this many object types (4096)"),
	OPT("contended-sites", 0, NULL, false, CMDS_TARGET, contended_sites, 0, 0, opts_set_true,
	    "also probe where the interpreter begins to wait"),
	OPT("slow", 0, "TIME", false, CMDS_MEASURE, slow_ns, 1000, DURATION_MAX, opts_set_duration,
	    "with asyncio: a loop's iteration that takes longer has blocked it (100ms)"),
	OPT("count", 0, "FUNCTION", false, CMDS_TARGET, count, 0, 0, opts_set_count,
	    "also count the calls of this function of the program"),
	OPT("since", 0, "TIME", false, CMD_BIT(CMD_DUMP), since_ns, 1000000, 60000000000ULL, opts_set_duration,
	    "look that long first, to tell since when each waits, holds, collects"),
	OPT("file", 0, "PATH", false, CMD_BIT(CMD_PROBES), file, 0, 0, opts_set_text,
	    "look into this interpreter or libpython, not into a process; also one for\n"
	    "                              another machine: x86-64 and aarch64 are known"),
	OPT("python", 0, "[=PATH]", false, CMD_BIT(CMD_TOUR), python, 0, 0, opts_set_python,
	    "run the stop on a real CPython (/usr/bin/python3)"),
	OPT("output", 'o', "DIR", false, CMD_BIT(CMD_RECORD), output, 0, 0, opts_set_text,
	    "write the recording to this new directory"),
	OPT("force", 0, NULL, false, CMD_BIT(CMD_RECORD), force, 0, 0, opts_set_true,
	    "replace a recording that is there"),
	OPT("figures", 0, "FORMAT", false, CMD_BIT(CMD_RECORD), figures, 0, 0, opts_set_format,
	    "also print the figures at the end, as stat does: table or json"),
	OPT("buffer", 0, "SIZE", false, CMD_BIT(CMD_RECORD), buffer_bytes, 64 << 10, 1 << 30,
	    opts_set_size, "between the kernel and the recorder; a power of two is used (8M)"),
	OPT("max-size", 0, "SIZE", false, CMD_BIT(CMD_RECORD), max_bytes, 1 << 20, 1ULL << 50,
	    opts_set_size, "end when the recording is that large"),
	OPT("ring", 0, "SIZE", false, CMD_BIT(CMD_RECORD), ring_bytes, 256 << 10, 1ULL << 40,
	    opts_set_size, "flight recorder: keep this much in memory; snapshots are DIR.0001 ..."),
	OPT("trigger", 0, "FIGURE>TIME", true, CMD_BIT(CMD_RECORD), triggers, 0, 0, opts_set_trigger,
	    "what makes a snapshot, besides SIGUSR2: gc.pause>200ms, gil.wait>500ms ..."),
	OPT("from", 0, "TIME", false, CMD_BIT(CMD_REPORT), from, 0, 0, opts_set_moment,
	    "leave out what was before: seconds since the start, or @SECONDS since 1970"),
	OPT("to", 0, "TIME", false, CMD_BIT(CMD_REPORT), to, 0, 0, opts_set_moment,
	    "leave out what came after"),
	OPT("findings", 0, NULL, false, CMDS_FIGURES, findings, 0, 0, opts_set_true,
	    "also say what the figures show: convoys, calls that keep the GIL,\n"
	    "                              starvation ..., the largest first, with remedies"),
	OPT("thread", 0, "TID", false, CMD_BIT(CMD_REPORT), thread, 1, 4194304, opts_set_number,
	    "this thread only"),
	OPT("top", 0, "N", false, CMD_BIT(CMD_REPORT), top, 0, 1000, opts_set_number,
	    "so many of the longest holds, waits, collections and wake-ups (10)"),
	OPT("threshold", 0, "Z", false, CMD_BIT(CMD_DIFF), threshold, 0, 1000, opts_set_real,
	    "a difference counts from so many standard errors on (3)"),
	OPT("to", 0, "FORMAT", false, CMD_BIT(CMD_EXPORT), export_to, 0, 0, opts_set_export_to,
	    "what to write; the formats are below"),
	OPT("by", 0, "WHAT", false, CMD_BIT(CMD_EXPORT), export_by, 0, 0, opts_set_text,
	    "what the format weighs, where it has a choice"),
	OPT("column", 0, "NAME=VALUE", true, CMD_BIT(CMD_EXPORT), columns, 0, 0, opts_set_column,
	    "csv, jsonl: one more column, with this in every row: host=web-1 ..."),
	OPT("output", 'o', "FILE", false, CMD_BIT(CMD_EXPORT), output, 0, 0, opts_set_text,
	    "where to write it; - is stdout (-)"),
	OPT("by", 0, "WHAT", false, CMD_BIT(CMD_FLAME), export_by, 0, 0, opts_set_weight,
	    "how wide a function is; the choices are below (held)"),
	OPT("output", 'o', "FILE", false, CMD_BIT(CMD_FLAME), output, 0, 0, opts_set_picture,
	    "where to write it: .svg, .html or .folded; - is folded text on stdout"),
	OPT("force", 0, NULL, false, CMD_BIT(CMD_EXPORT) | CMD_BIT(CMD_FLAME), force, 0, 0, opts_set_true,
	    "overwrite what is there"),
	OPT("config", 0, "FILE", false, CMD_BIT(CMD_AGENT), config, 0, 0, opts_set_text,
	    "what to measure and how to answer; SIGHUP reads it again (none)"),
	OPT("listen", 0, "ADDRESS:PORT", false, CMD_BIT(CMD_AGENT), listen, 0, 0, opts_set_text,
	    "answer HTTP there, whatever the file says (127.0.0.1:9774)"),
	OPT("print-config", 0, NULL, false, CMD_BIT(CMD_AGENT), print_config, 0, 0, opts_set_true,
	    "print a file with every key, its unit and default, and end"),
	OPT("no-color", 0, NULL, false, CMDS_ALL, no_color, 0, 0, opts_set_true,
	    "no colours; NO_COLOR in the environment does the same"),
};

const struct opts_command_desc opts_commands[] = {
	{ "top", CMD_TOP, 0, 0, "[OPTION...] TARGET", "live dashboard",
	  "  gilscope top -p 1234\n"
	  "  gilscope top --with refs -p 1234,1240 -i 0.5\n"
	  "  gilscope top --children -p $(pidof -s gunicorn)    all workers; Enter shows one\n"
	  "  gilscope top -- python3 app.py --port 8080\n" },
	{ "stat", CMD_STAT, 0, 0, "[OPTION...] TARGET", "measure, then print",
	  "  gilscope stat -p 1234 -d 10\n"
	  "  gilscope stat --all -d 30 --format json > figures.json\n"
	  "  gilscope stat -p 1234 -i 1 --format jsonl | jq .processes[0].gils[0].held_ratio\n"
	  "  gilscope stat --children -- python3 app.py\n" },
	{ "record", CMD_RECORD, 0, 0, "[OPTION...] TARGET -o DIR", "write every event to a recording",
	  "  gilscope record -p 1234 -d 10 -o slow.rec\n"
	  "  gilscope record --all --max-size 1G -o night.rec\n"
	  "  gilscope record -p 1234 --with stacks -d 10 -o why.rec\n"
	  "  gilscope record -p 1234 --ring 64M --trigger 'gc.pause>200ms' -o flight\n" },
	{ "report", CMD_REPORT, 1, 1, "[OPTION...] DIR", "figures from a recording",
	  "  gilscope report DIR\n"
	  "  gilscope report --from 12.5 --to 14 --top 20 DIR\n"
	  "  gilscope report -i 1 --format jsonl DIR\n" },
	{ "diff", CMD_DIFF, 2, 2, "[OPTION...] A B", "what grew and what shrank between recordings",
	  "  gilscope diff before after\n"
	  "  gilscope diff --format json before after\n" },
	{ "export", CMD_EXPORT, 1, 1, "[OPTION...] --to FORMAT DIR", "a recording for other tools",
	  "  gilscope export --to perfetto -o trace.pb DIR\n"
	  "  gilscope export --to csv DIR | head\n" },
	{ "flame", CMD_FLAME, 0, 1, "[OPTION...] TARGET|DIR -o FILE", "which Python functions, as a flame graph",
	  "  gilscope flame -p 1234 -d 10 -o held.svg\n"
	  "  gilscope flame -p 1234 -d 10 --by caused -o waits.html\n"
	  "  gilscope flame -d 5 -o - -- python3 app.py | flamegraph.pl > app.svg\n"
	  "  gilscope flame slow.rec --by paused -o gc.svg       of a recording with stacks\n" },
	{ "agent", CMD_AGENT, 0, 0, "[OPTION...]", "metrics of every CPython on this host, always on",
	  "  gilscope agent\n"
	  "  gilscope agent --config /etc/gilscope/agent.conf\n"
	  "  curl http://127.0.0.1:9774/metrics\n" },
	{ "probes", CMD_PROBES, 0, 0, "[OPTION...] TARGET | --file PATH", "what would be attached, where and why",
	  "  gilscope probes -p 1234\n"
	  "  gilscope probes --with refs -p 1234 --format json\n"
	  "  gilscope probes --file /usr/bin/python3.11\n" },
	{ "dump", CMD_DUMP, 0, 0, "[OPTION...] -p PID", "all threads' Python stacks, now",
	  "  gilscope dump -p 1234\n"
	  "  gilscope dump -p 1234 --since 200ms\n"
	  "  gilscope dump -p 1234,1240 --format json\n" },
	{ "ps", CMD_PS, 0, 0, "[OPTION...]", "CPython processes on this host",
	  "  gilscope ps\n"
	  "  gilscope ps --format json\n" },
	{ "tour", CMD_TOUR, 0, 1, "[OPTION...] [STOP]", "how Python works inside, traced live",
	  "  gilscope tour\n"
	  "  gilscope tour gil\n"
	  "  gilscope tour cycles --python\n"
	  "  gilscope tour --all\n" },
	{ "doctor", CMD_DOCTOR, 0, 0, "[OPTION...]", "whether kernel, privileges and libraries will do",
	  "  gilscope doctor\n" },
};
/* clang-format on */

const size_t opts_options_count = TABLE_SIZE(opts_options);
const size_t opts_commands_count = TABLE_SIZE(opts_commands);
