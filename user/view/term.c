/*
 * Curses; see term.h.
 *
 * Curses' own clean-up is not async-signal-safe, so the strings and modes that undo what it
 * did are kept aside, and a fatal signal needs only write() and tcsetattr().
 */
#define _XOPEN_SOURCE_EXTENDED 1
#include "user/view/term.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "user/view/view.h"

/* last: term.h defines everyday words as macros */
#include <curses.h>
#include <term.h>

#define ESC_WAIT_MS 25 /* for the rest of an escape sequence */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static SCREEN *screen;
static volatile sig_atomic_t is_open;
static struct termios modes; /* from before */
static char undo[256]; /* what to write, to undo what curses wrote */
static size_t undo_len;
static attr_t attrs[STYLE_COUNT];
static short pairs[STYLE_COUNT];

static const int fatal[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT,
			     SIGTERM, SIGHUP, SIGINT, SIGQUIT };

/* Append a terminfo string without its padding ("$<5>"). */
static void undo_add(const char *name)
{
	const char *s = tigetstr(name);

	if (!s || s == (const char *)-1)
		return;
	while (*s && undo_len < sizeof(undo)) {
		if (s[0] == '$' && s[1] == '<' && strchr(s, '>'))
			s = strchr(s, '>') + 1;
		else
			undo[undo_len++] = *s++;
	}
}

static void on_fatal(int sig)
{
	ssize_t unused;

	if (is_open) {
		is_open = 0;
		unused = write(STDOUT_FILENO, undo, undo_len);
		(void)unused;
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &modes);
	}
	/* reset to the default by SA_RESETHAND; pending until this handler returns */
	raise(sig);
}

static void catch_fatal(void)
{
	struct sigaction act = { .sa_handler = on_fatal, .sa_flags = SA_RESETHAND }, old;

	sigemptyset(&act.sa_mask);
	for (size_t i = 0; i < COUNT(fatal); i++)
		if (!sigaction(fatal[i], NULL, &old) && old.sa_handler == SIG_DFL)
			(void)sigaction(fatal[i], &act, NULL);
}

static void release_fatal(void)
{
	struct sigaction old;

	for (size_t i = 0; i < COUNT(fatal); i++)
		if (!sigaction(fatal[i], NULL, &old) && old.sa_handler == on_fatal)
			(void)signal(fatal[i], SIG_DFL);
}

static void set_styles(bool color)
{
	static const struct {
		short fg;
		attr_t attr, mono; /* with colours, and without */
	} looks[STYLE_COUNT] = {
		[STYLE_NORMAL] = { -1, A_NORMAL, A_NORMAL },
		[STYLE_BOLD] = { -1, A_BOLD, A_BOLD },
		[STYLE_DIM] = { -1, A_DIM, A_DIM },
		[STYLE_TITLE] = { COLOR_CYAN, A_BOLD, A_BOLD },
		[STYLE_HEAD] = { COLOR_CYAN, A_BOLD | A_UNDERLINE, A_BOLD | A_UNDERLINE },
		[STYLE_SORT] = { COLOR_CYAN, A_BOLD | A_REVERSE, A_BOLD | A_REVERSE },
		[STYLE_GOOD] = { COLOR_GREEN, A_NORMAL, A_NORMAL },
		[STYLE_WARN] = { COLOR_YELLOW, A_NORMAL, A_BOLD },
		[STYLE_BAD] = { COLOR_RED, A_BOLD, A_BOLD | A_REVERSE },
	};

	for (short i = 0; i < STYLE_COUNT; i++) {
		attrs[i] = color ? looks[i].attr : looks[i].mono;
		pairs[i] = 0;
		if (!color || looks[i].fg < 0)
			continue;
		pairs[i] = (short)(i + 1);
		init_pair(pairs[i], looks[i].fg, -1);
	}
}

/* newterm() takes over these signals; they belong to the caller, or to catch_fatal(). */
static SCREEN *new_screen(void)
{
	static const int signals[] = { SIGINT, SIGTERM };
	struct sigaction old[COUNT(signals)];
	SCREEN *s;

	for (size_t i = 0; i < COUNT(signals); i++)
		(void)sigaction(signals[i], NULL, &old[i]);
	s = newterm(NULL, stdout, stdin);
	for (size_t i = 0; i < COUNT(signals); i++)
		(void)sigaction(signals[i], &old[i], NULL);
	return s;
}

static int check_terminal(struct err *e)
{
	const char *name = getenv("TERM"), *cup;
	int status;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return errf(e, GS_EXIT_USAGE, -ENOTTY,
			    "top: needs a terminal; use gilscope stat to print");
	if (setupterm(NULL, STDOUT_FILENO, &status) == ERR)
		return errf(e, GS_EXIT_USAGE, -ENOTTY,
			    "TERM=%s: unknown terminal; set TERM, or use gilscope stat",
			    name ? name : "");
	cup = tigetstr("cup");
	if (!cup || cup == (const char *)-1)
		return errf(e, GS_EXIT_USAGE, -ENOTTY,
			    "TERM=%s: cannot move the cursor; set TERM, or use gilscope stat",
			    name ? name : "");
	return 0;
}

int term_open(bool no_color, bool *ret_utf8, struct err *e)
{
	static bool registered;
	bool color;
	int err = check_terminal(e);

	if (err)
		return err;
	(void)setlocale(LC_CTYPE, "");
	*ret_utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	(void)tcgetattr(STDIN_FILENO, &modes);
	set_escdelay(ESC_WAIT_MS);
	screen = new_screen();
	if (!screen)
		return errf(e, GS_EXIT_USAGE, -ENOTTY,
			    "terminal: cannot be set up; use gilscope stat to print");
	undo_len = 0;
	undo_add("sgr0");
	undo_add("rmkx");
	undo_add("cnorm");
	undo_add("rmcup");
	is_open = 1;
	catch_fatal();
	if (!registered)
		registered = !atexit(term_close);
	color = !no_color && has_colors() && start_color() == OK && use_default_colors() == OK;
	set_styles(color);
	cbreak();
	noecho();
	nonl();
	curs_set(0);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	return 0;
}

void term_close(void)
{
	if (!is_open)
		return;
	is_open = 0;
	endwin();
	delscreen(screen);
	screen = NULL;
	release_fatal();
}

void term_size(int *ret_rows, int *ret_cols)
{
	struct winsize ws;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) && ws.ws_row && ws.ws_col) {
		*ret_rows = ws.ws_row;
		*ret_cols = ws.ws_col;
		return;
	}
	getmaxyx(stdscr, *ret_rows, *ret_cols);
}

/* Cells of one style from @col on, in one go.  Return: the column after them. */
static int flush_run(const struct canvas *c, int row, int col)
{
	const struct cell *cell = &c->cell[row * c->cols];
	enum style style = cell[col].style;
	wchar_t text[128];
	int n = 0, first = col;

	for (; col < c->cols && cell[col].style == style && n < (int)COUNT(text) - 1; col++)
		if (cell[col].ch)
			text[n++] = cell[col].ch;
	attr_set(attrs[style], pairs[style], NULL);
	mvaddnwstr(row, first, text, n);
	return col;
}

void term_flush(const struct canvas *c)
{
	int rows, cols;

	getmaxyx(stdscr, rows, cols);
	if (rows != c->rows || cols != c->cols) {
		resizeterm(c->rows, c->cols);
		clearok(curscr, TRUE);
	}
	erase();
	for (int row = 0; row < c->rows; row++)
		for (int col = 0; col < c->cols;)
			col = flush_run(c, row, col);
	wnoutrefresh(stdscr);
	doupdate();
}

u32 term_key(void)
{
	static const struct {
		wint_t code;
		u32 key;
	} codes[] = {
		{ KEY_UP, VIEW_KEY_UP },
		{ KEY_DOWN, VIEW_KEY_DOWN },
		{ KEY_LEFT, VIEW_KEY_LEFT },
		{ KEY_RIGHT, VIEW_KEY_RIGHT },
		{ KEY_PPAGE, VIEW_KEY_PAGE_UP },
		{ KEY_NPAGE, VIEW_KEY_PAGE_DOWN },
		{ KEY_HOME, VIEW_KEY_HOME },
		{ KEY_END, VIEW_KEY_END },
		{ KEY_BTAB, VIEW_KEY_BACK_TAB },
		{ KEY_ENTER, VIEW_KEY_ENTER },
		{ KEY_BACKSPACE, VIEW_KEY_BACKSPACE },
	};
	wint_t c;
	int kind;

	while ((kind = get_wch(&c)) != ERR) {
		if (kind == KEY_CODE_YES) {
			for (size_t i = 0; i < COUNT(codes); i++)
				if (codes[i].code == c)
					return codes[i].key;
			continue; /* KEY_RESIZE and keys without a meaning here */
		}
		switch (c) {
		case 0:
			continue;
		case '\t':
			return VIEW_KEY_TAB;
		case '\r':
		case '\n':
			return VIEW_KEY_ENTER;
		case 0x1b:
			return VIEW_KEY_ESC;
		case 0x7f:
		case '\b':
			return VIEW_KEY_BACKSPACE;
		default:
			return (u32)c;
		}
	}
	return 0;
}
