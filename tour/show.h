/* Lines of a stop's output as in an interpreter: an expression, and what came of it. */
#ifndef TOUR_SHOW_H
#define TOUR_SHOW_H

struct rt_object;

/*
 * tour_show - print @code and the repr() of @result, or the error that is pending
 * @result:   stolen; NULL: an error is pending, which is cleared
 * @expected: the text it must be, or the stop is not as expected; NULL: anything
 */
void tour_show(const char *code, struct rt_object *result, const char *expected);

/* At the end of a stop: collect cycles; an error pending or an object left is not as expected. */
void tour_show_nothing_left(void);

#endif
