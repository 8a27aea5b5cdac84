/*
 * Inside the option parser: the table of commands and options, shared by the parser
 * (opts.c), the setters of values (opts_set.c) and the help (opts_help.c).
 */
#ifndef GS_USER_OPTS_TABLE_H
#define GS_USER_OPTS_TABLE_H

#include "user/opts.h"

#define CMD_BIT(command) (1U << (command))
#define CMDS_TARGET (CMDS_MEASURE | CMD_BIT(CMD_PROBES))
#define CMDS_MEASURE (CMDS_SHOW | CMD_BIT(CMD_RECORD) | CMD_BIT(CMD_FLAME))
#define CMDS_SHOW (CMD_BIT(CMD_TOP) | CMD_BIT(CMD_STAT))
#define CMDS_FIGURES (CMD_BIT(CMD_STAT) | CMD_BIT(CMD_REPORT)) /* they have every exporter */
#define CMDS_PRINT \
	(CMDS_FIGURES | CMD_BIT(CMD_PROBES) | CMD_BIT(CMD_PS) | CMD_BIT(CMD_DOCTOR) | \
	 CMD_BIT(CMD_DIFF) | CMD_BIT(CMD_DUMP))
#define CMDS_ALL (CMDS_TARGET | CMDS_PRINT | CMD_BIT(CMD_TOUR))

/* The command line while it is read. */
struct opts_parser {
	struct opts *o;
	struct err *e;
	u32 with, without; /* GS_FAMILY_BIT()s asked for so far */
	u64 seen; /* bit n: row n of the table was given */
};

struct opts_option {
	const char *name; /* after -- */
	char key; /* after -; 0: none */
	const char *arg; /* how help calls its value; "[=X]": may be left out; NULL: takes none */
	bool repeatable;
	u32 commands; /* CMD_BIT()s that take it */
	size_t offset; /* of its field in struct opts */
	u64 min, max; /* of numbers */
	/* Store @arg (NULL if it takes none); 0 or a negative errno with p->e set. */
	int (*set)(struct opts_parser *p, const struct opts_option *opt, const char *arg);
	const char *help;
};

struct opts_command_desc {
	const char *name;
	enum opts_command command;
	size_t min_args, max_args; /* words without a dash that it takes */
	const char *usage; /* what follows the name */
	const char *help; /* one line */
	const char *examples; /* lines, each with its newline */
};

extern const struct opts_option opts_options[];
extern const size_t opts_options_count;
extern const struct opts_command_desc opts_commands[];
extern const size_t opts_commands_count;

int opts_set_pids(struct opts_parser *p, const struct opts_option *opt, const char *arg);
int opts_set_count(struct opts_parser *p, const struct opts_option *opt, const char *arg);
int opts_set_python(struct opts_parser *p, const struct opts_option *opt, const char *arg);
int opts_set_true(struct opts_parser *p, const struct opts_option *opt, const char *arg);
int opts_set_duration(struct opts_parser *p, const struct opts_option *opt, const char *arg);
int opts_set_native(struct opts_parser *p, const struct opts_option *opt, const char *arg);
int opts_set_number(struct opts_parser *p, const struct opts_option *opt, const char *arg);
int opts_set_format(struct opts_parser *p, const struct opts_option *opt, const char *arg);
int opts_set_real(struct opts_parser *p, const struct opts_option *opt, const char *arg);
int opts_set_moment(struct opts_parser *p, const struct opts_option *opt, const char *arg);
int opts_set_export_to(struct opts_parser *p, const struct opts_option *opt, const char *arg);
int opts_set_column(struct opts_parser *p, const struct opts_option *opt, const char *arg);
int opts_set_weight(struct opts_parser *p, const struct opts_option *opt, const char *arg);
int opts_set_picture(struct opts_parser *p, const struct opts_option *opt, const char *arg);
int opts_set_share(struct opts_parser *p, const struct opts_option *opt, const char *arg);
int opts_set_mode(struct opts_parser *p, const struct opts_option *opt, const char *arg);
int opts_set_text(struct opts_parser *p, const struct opts_option *opt, const char *arg);
int opts_set_size(struct opts_parser *p, const struct opts_option *opt, const char *arg);
int opts_set_trigger(struct opts_parser *p, const struct opts_option *opt, const char *arg);
int opts_set_with(struct opts_parser *p, const struct opts_option *opt, const char *arg);
int opts_set_without(struct opts_parser *p, const struct opts_option *opt, const char *arg);

#endif
