/* rt_loop: the same tests on select, poll and epoll. */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/rt_error.h"
#include "runtime/rt_gil.h"
#include "runtime/rt_loop.h"
#include "runtime/rt_thread.h"
#include "runtime/rt_truth.h"
#include "tests/unit/rt_loop_fixture.h"

struct log {
	char text[64];
	struct rt_loop *loop;
};

static struct log log_; /* the only one: callbacks have an argument already */

static void add(void *letter)
{
	size_t n = strlen(log_.text);

	if (n + 1 < sizeof(log_.text))
		log_.text[n] = *(const char *)letter;
}

static void add_and_stop(void *letter)
{
	add(letter);
	rt_loop_stop(log_.loop);
}

static void start_log(void **state)
{
	memset(&log_, 0, sizeof(log_));
	log_.loop = loop_of(state);
}

static void calls_are_made_in_order_and_their_calls_a_round_later(void **state)
{
	start_log(state);
	rt_loop_call_soon(log_.loop, add, (void *)"a", NULL);
	rt_loop_call_soon(log_.loop, add, (void *)"b", NULL);
	rt_loop_call_soon(log_.loop, add_and_stop, (void *)"c", NULL);
	assert_int_equal(rt_loop_run(log_.loop), 0);
	assert_string_equal(log_.text, "abc");
}

static void timers_fire_by_time_then_by_order_of_arrival(void **state)
{
	struct rt_timer t[5] = { 0 };

	start_log(state);
	rt_loop_start_timer(log_.loop, &t[0], 30 * MS, add_and_stop, (void *)"e");
	rt_loop_start_timer(log_.loop, &t[1], 10 * MS, add, (void *)"b");
	rt_loop_start_timer(log_.loop, &t[2], 0, add, (void *)"a");
	rt_loop_start_timer(log_.loop, &t[3], 15 * MS, add, (void *)"X");
	rt_loop_start_timer(log_.loop, &t[4], 20 * MS, add, (void *)"d");
	assert_int_equal(rt_loop_call_later(log_.loop, 12 * MS, add, (void *)"c", NULL), 0);
	rt_loop_stop_timer(log_.loop, &t[3]);
	rt_loop_stop_timer(log_.loop, &t[3]); /* again: nothing */
	assert_int_equal(rt_loop_run(log_.loop), 0);
	assert_string_equal(log_.text, "abcde");
}

static void a_loop_with_a_timer_sleeps_until_it(void **state)
{
	uint64_t before = rt_truth_now_ns();

	start_log(state);
	rt_loop_call_later(log_.loop, 20 * MS, add_and_stop, (void *)"t", NULL);
	rt_loop_run(log_.loop);
	assert_true(rt_truth_now_ns() - before >= 20 * MS);
}

static void read_one(int fd, void *letter)
{
	char c;

	assert_int_equal(read(fd, &c, 1), 1);
	add(letter);
	rt_loop_stop(log_.loop);
}

static void a_reader_is_called_when_there_is_something(void **state)
{
	int p[2];

	start_log(state);
	assert_int_equal(pipe(p), 0);
	assert_int_equal(rt_loop_add_reader(log_.loop, p[0], read_one, (void *)"r"), 0);
	rt_loop_run_once(log_.loop, false);
	assert_string_equal(log_.text, "");
	assert_int_equal(write(p[1], "xy", 2), 2);
	rt_loop_run(log_.loop);
	rt_loop_run(log_.loop); /* level triggered: reported again for the second byte */
	assert_string_equal(log_.text, "rr");
	rt_loop_remove_reader(log_.loop, p[0]);
	rt_loop_remove_reader(log_.loop, p[0]);
	assert_int_equal(write(p[1], "z", 1), 1);
	rt_loop_run_once(log_.loop, false);
	assert_string_equal(log_.text, "rr");
	close(p[0]);
	close(p[1]);
}

static void writable(int fd, void *letter)
{
	rt_loop_remove_writer(log_.loop, fd);
	add(letter);
	rt_loop_stop(log_.loop);
}

static void one_descriptor_may_have_a_reader_and_a_writer(void **state)
{
	int s[2];

	start_log(state);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	assert_int_equal(rt_loop_add_reader(log_.loop, s[0], read_one, (void *)"r"), 0);
	assert_int_equal(rt_loop_add_writer(log_.loop, s[0], writable, (void *)"w"), 0);
	rt_loop_run(log_.loop);
	assert_string_equal(log_.text, "w");
	assert_int_equal(write(s[1], "x", 1), 1);
	rt_loop_run(log_.loop);
	assert_string_equal(log_.text, "wr");
	rt_loop_remove_reader(log_.loop, s[0]);
	close(s[0]);
	close(s[1]);
}

static void end_of_file(int fd, void *letter)
{
	char c;

	assert_int_equal(read(fd, &c, 1), 0);
	add(letter);
	rt_loop_stop(log_.loop);
}

static void the_other_end_closing_makes_it_readable(void **state)
{
	int s[2];

	start_log(state);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	rt_loop_add_reader(log_.loop, s[0], end_of_file, (void *)"e");
	close(s[1]);
	rt_loop_run(log_.loop);
	assert_string_equal(log_.text, "e");
	rt_loop_remove_reader(log_.loop, s[0]);
	close(s[0]);
}

static void call_from_here(void *loop)
{
	for (int i = 0; i < 5; i++)
		assert_int_equal(rt_loop_call_threadsafe(loop, add, (void *)"t", NULL), 0);
	RT_BEGIN_ALLOW_THREADS
	usleep(10000); /* the loop sleeps by now: the next call must wake it */
	RT_END_ALLOW_THREADS
	assert_int_equal(rt_loop_call_threadsafe(loop, add_and_stop, (void *)"s", NULL), 0);
}

static void other_threads_wake_it_up(void **state)
{
	struct rt_thread *t;

	start_log(state);
	assert_int_equal(rt_thread_start(&t, "caller", call_from_here, log_.loop), 0);
	assert_int_equal(rt_loop_run(log_.loop), 0);
	rt_thread_join(t);
	assert_string_equal(log_.text, "ttttts");
}

static void count_drop(void *arg)
{
	(*(int *)arg)++;
}

static void nothing(void *arg)
{
	(void)arg;
}

static void arguments_are_dropped_once_called_or_not(void **state)
{
	struct fixture *f = *state;
	char name[8];
	int drops = 0;

	rt_loop_call_soon(f->loop, nothing, &drops, count_drop);
	rt_loop_call_later(f->loop, 0, nothing, &drops, count_drop);
	rt_loop_run_once(f->loop, false);
	assert_int_equal(drops, 2);
	rt_loop_call_soon(f->loop, nothing, &drops, count_drop);
	rt_loop_call_threadsafe(f->loop, nothing, &drops, count_drop);
	rt_loop_call_later(f->loop, 100 * TOO_LONG, nothing, &drops, count_drop);
	strcpy(name, rt_loop_name(f->loop));
	rt_loop_free(f->loop);
	assert_int_equal(drops, 5);
	f->loop = rt_loop_new(name);
}

static void raise_something(void *arg)
{
	(void)arg;
	rt_raise(RT_VALUE_ERROR, "from a callback");
}

static void count_error(const char *where, void *arg)
{
	(void)where;
	*(int *)arg += rt_error_is(RT_EXCEPTION);
	rt_error_clear();
}

static void an_error_in_a_callback_is_handed_on_and_the_loop_lives(void **state)
{
	int errors = 0;

	start_log(state);
	rt_loop_set_error_handler(log_.loop, count_error, &errors);
	rt_loop_call_soon(log_.loop, raise_something, NULL, NULL);
	rt_loop_call_later(log_.loop, 0, raise_something, NULL, NULL);
	rt_loop_call_later(log_.loop, 2 * MS, add_and_stop, (void *)"l", NULL);
	assert_int_equal(rt_loop_run(log_.loop), 0);
	assert_int_equal(errors, 2);
	assert_string_equal(log_.text, "l");
}

static void run_again(void *loop)
{
	assert_int_equal(rt_loop_run_once(loop, false), -1);
	assert_true(rt_error_catch(RT_RUNTIME_ERROR));
	assert_ptr_equal(rt_loop_current(), loop);
}

static void it_does_not_run_within_itself(void **state)
{
	rt_loop_call_soon(loop_of(state), run_again, loop_of(state), NULL);
	rt_loop_run_once(loop_of(state), false);
	assert_null(rt_loop_current());
}

static void bad_descriptors_are_errors(void **state)
{
	struct rt_loop *l = loop_of(state);

	assert_int_equal(rt_loop_add_reader(l, -1, read_one, NULL), -1);
	assert_true(rt_error_catch(RT_VALUE_ERROR));
	rt_loop_remove_writer(l, -1);
	rt_loop_remove_reader(l, 1 << 20);
}

/* Closed while it is watched: epoll forgets it, the others report it; none hangs or spins. */
static void a_descriptor_closed_while_watched_does_not_kill_it(void **state)
{
	int p[2], errors = 0;

	start_log(state);
	rt_loop_set_error_handler(log_.loop, count_error, &errors);
	assert_int_equal(pipe(p), 0);
	rt_loop_add_reader(log_.loop, p[0], read_one, NULL);
	close(p[0]);
	close(p[1]);
	rt_loop_call_later(log_.loop, 5 * MS, add_and_stop, (void *)"l", NULL);
	assert_int_equal(rt_loop_run(log_.loop), 0);
	assert_string_equal(log_.text, "l");
	assert_int_equal(errors, strcmp(rt_loop_name(log_.loop), "epoll") != 0);
	rt_loop_remove_reader(log_.loop, p[0]);
}

static void readers_many(int fd, void *arg)
{
	char c;

	assert_int_equal(read(fd, &c, 1), 1);
	(*(int *)arg)++;
}

static void calls_and_events_are_counted(void **state)
{
	struct rt_truth_io before = { 0 }, io;
	const char *call = rt_loop_call_name(loop_of(state));
	int p[2], got = 0;

	start_log(state);
	(void)rt_truth_get_io(call, &before);
	rt_truth_enable(true);
	assert_int_equal(pipe(p), 0);
	rt_loop_add_reader(log_.loop, p[0], readers_many, &got);
	assert_int_equal(write(p[1], "x", 1), 1);
	rt_loop_run_once(log_.loop, true); /* an event, without sleeping */
	rt_loop_call_later(log_.loop, 3 * MS, add, (void *)"t", NULL);
	rt_loop_run_once(log_.loop, true); /* a time-out */
	rt_loop_run_once(log_.loop, false); /* nothing, and it was not to wait */
	rt_truth_enable(false);
	assert_true(rt_truth_get_io(call, &io));
	assert_int_equal(io.calls - before.calls, 3);
	assert_int_equal(io.events - before.events, 1);
	assert_int_equal(io.timeouts - before.timeouts, 1);
	assert_int_equal(io.errors - before.errors, 0);
	assert_int_equal(io.blocked.count - before.blocked.count, 1);
	rt_loop_remove_reader(log_.loop, p[0]);
	close(p[0]);
	close(p[1]);
}

static void hundreds_of_descriptors_at_once(void **state)
{
	enum { N = 300 };
	static int p[N][2];
	int got = 0;

	for (int i = 0; i < N; i++) {
		assert_int_equal(pipe(p[i]), 0);
		assert_int_equal(rt_loop_add_reader(loop_of(state), p[i][0], readers_many, &got),
				 0);
		assert_int_equal(write(p[i][1], "x", 1), 1);
	}
	for (int i = 0; i < 10 && got < N; i++)
		rt_loop_run_once(loop_of(state), false);
	assert_int_equal(got, N);
	for (int i = 0; i < N; i++) {
		rt_loop_remove_reader(loop_of(state), p[i][0]);
		close(p[i][0]);
		close(p[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_EACH(calls_are_made_in_order_and_their_calls_a_round_later),
		ON_EACH(timers_fire_by_time_then_by_order_of_arrival),
		ON_EACH(a_loop_with_a_timer_sleeps_until_it),
		ON_EACH(a_reader_is_called_when_there_is_something),
		ON_EACH(one_descriptor_may_have_a_reader_and_a_writer),
		ON_EACH(the_other_end_closing_makes_it_readable),
		ON_EACH(other_threads_wake_it_up),
		ON_EACH(arguments_are_dropped_once_called_or_not),
		ON_EACH(an_error_in_a_callback_is_handed_on_and_the_loop_lives),
		ON_EACH(it_does_not_run_within_itself),
		ON_EACH(bad_descriptors_are_errors),
		ON_EACH(a_descriptor_closed_while_watched_does_not_kill_it),
		ON_EACH(calls_and_events_are_counted),
		ON_EACH(hundreds_of_descriptors_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
