/*
 * What becomes of each kind of event in a replay; a part of replay_private.h.  All return 0 or a
 * negative errno, which ends the reading.
 */
#ifndef GS_USER_TRACE_REPLAY_EVENTS_H
#define GS_USER_TRACE_REPLAY_EVENTS_H

struct replay;
struct event;

/* replay_gil.c */
int rp_hold(struct replay *r, const struct event *ev);
int rp_wait(struct replay *r, const struct event *ev);
int rp_contended(struct replay *r, const struct event *ev);
int rp_off_cpu(struct replay *r, const struct event *ev);
int rp_open(struct replay *r, const struct event *ev);

/* replay_sched.c */
int rp_cpu(struct replay *r, const struct event *ev);

/* replay_rest.c */
int rp_gc_start(struct replay *r, const struct event *ev);
int rp_collection(struct replay *r, const struct event *ev);
int rp_io_call(struct replay *r, const struct event *ev);
int rp_io_wait(struct replay *r, const struct event *ev);
int rp_io_to_gil(struct replay *r, const struct event *ev);
int rp_type(struct replay *r, const struct event *ev);
int rp_type_count(struct replay *r, const struct event *ev);
int rp_probe(struct replay *r, const struct event *ev);

/* replay_stacks.c */
int rp_stack(struct replay *r, const struct event *ev); /* what stacks are made of */
int rp_stack_cost(struct replay *r, const struct event *ev);

/* replay_lists.c */
int rp_lost(struct replay *r, const struct event *ev);

#endif
