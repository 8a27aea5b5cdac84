/*
 * The paths of a function, explored until nothing changes.  Invariant: a register's value at
 * an instruction only ever goes from "not seen" to a value to "differs by path", so this ends;
 * the number of instructions, bases and steps is bounded besides.
 */
#include "user/sym/flow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/sym/flow_private.h"

#define NODES_MAX 6000
#define NODE_HASH 16384 /* power of two, > 2 * NODES_MAX */
#define BASES_MAX 16384
#define BASE_HASH 32768
#define STEPS_MAX 60000
#define FRAMES_MAX 32

struct node {
	u64 vaddr;
	u64 from; /* the instruction it is reached from; only one, unless joins */
	u64 next[2];
	u8 nnext;
	bool queued, joins;
	struct flow_state in;
};

struct base {
	u64 a;
	s64 b;
	u32 why;
};

struct flow {
	struct code *code; /* borrowed */
	const struct code_targets *noreturn; /* borrowed while following */
	struct node *nodes;
	size_t nnodes;
	u16 node_hash[NODE_HASH]; /* index + 1 */
	struct base *bases;
	size_t nbases;
	u16 base_hash[BASE_HASH]; /* index + 1 */
	struct flow_store *stores;
	size_t nstores, stores_capacity;
	u32 queue[NODES_MAX];
	size_t nqueue;
	u32 frames[FRAMES_MAX]; /* bases: the frame pointer where following began */
	size_t nframes;
	int failed;
};

static u32 mix(u64 v)
{
	v *= 0x9e3779b97f4a7c15ULL;
	return (u32)(v >> 40);
}

u32 flow_base(struct flow *f, enum flow_why why, u64 a, s64 b)
{
	u32 h = (mix(a) ^ mix((u64)b + why * 7919)) % BASE_HASH;
	struct base *more;

	for (; f->base_hash[h]; h = (h + 1) % BASE_HASH) {
		const struct base *x = &f->bases[f->base_hash[h] - 1];

		if (x->a == a && x->b == b && x->why == why)
			return f->base_hash[h];
	}
	if (f->nbases == BASES_MAX) {
		f->failed = -E2BIG;
		return 0;
	}
	if (!(f->nbases & (f->nbases - 1))) {
		more = realloc(f->bases, (f->nbases ? f->nbases * 2 : 1) * sizeof(*more));
		if (!more) {
			f->failed = -ENOMEM;
			return 0;
		}
		f->bases = more;
	}
	f->bases[f->nbases++] = (struct base) { .a = a, .b = b, .why = why };
	f->base_hash[h] = (u16)f->nbases;
	return f->base_hash[h];
}

void flow_note_store(struct flow *f, u64 vaddr, u8 part, struct flow_value to, u64 number)
{
	struct flow_store *s, *more;
	size_t i;

	/* An instruction seen again says the same, or less: keep its last word. */
	for (i = 0; i < f->nstores; i++) {
		if (f->stores[i].vaddr == vaddr && f->stores[i].part == part)
			break;
	}
	if (i == f->stores_capacity) {
		size_t want = f->stores_capacity ? f->stores_capacity * 2 : 64;

		more = realloc(f->stores, want * sizeof(*more));
		if (!more) {
			f->failed = -ENOMEM;
			return;
		}
		f->stores = more;
		f->stores_capacity = want;
	}
	s = &f->stores[i];
	*s = (struct flow_store) { .vaddr = vaddr, .to = to, .number = number, .part = part };
	if (i == f->nstores)
		f->nstores++;
}

static struct node *find(const struct flow *f, u64 vaddr)
{
	u32 h = mix(vaddr) % NODE_HASH;

	for (; f->node_hash[h]; h = (h + 1) % NODE_HASH) {
		if (f->nodes[f->node_hash[h] - 1].vaddr == vaddr)
			return &f->nodes[f->node_hash[h] - 1];
	}
	return NULL;
}

static struct node *add(struct flow *f, u64 vaddr)
{
	u32 h = mix(vaddr) % NODE_HASH;
	struct node *more;

	if (f->nnodes == NODES_MAX) {
		f->failed = -E2BIG;
		return NULL;
	}
	if (!(f->nnodes & (f->nnodes - 1))) {
		more = realloc(f->nodes, (f->nnodes ? f->nnodes * 2 : 1) * sizeof(*more));
		if (!more) {
			f->failed = -ENOMEM;
			return NULL;
		}
		f->nodes = more;
	}
	while (f->node_hash[h])
		h = (h + 1) % NODE_HASH;
	f->nodes[f->nnodes++] = (struct node) { .vaddr = vaddr };
	f->node_hash[h] = (u16)f->nnodes;
	return &f->nodes[f->nnodes - 1];
}

static void enqueue(struct flow *f, struct node *n)
{
	if (!n->queued) {
		n->queued = true;
		f->queue[f->nqueue++] = (u32)(n - f->nodes);
	}
}

/* Reached from one place only: what holds there holds here. */
static bool replace(struct node *n, const struct flow_state *s)
{
	if (!memcmp(&n->in, s, sizeof(*s)))
		return false;
	n->in = *s;
	return true;
}

static void reach(struct flow *f, u64 from, u64 vaddr, const struct flow_state *s)
{
	struct node *n = find(f, vaddr);

	if (!n) {
		n = add(f, vaddr);
		if (!n)
			return;
		n->in = *s;
		n->from = from;
		enqueue(f, n);
		return;
	}
	n->joins |= n->from != from;
	if (n->joins ? flow_join(f, n->vaddr, &n->in, s) : replace(n, s))
		enqueue(f, n);
}

static bool returns(const struct flow *f, const struct insn *i)
{
	size_t k;

	for (k = 0; k < f->noreturn->ntargets; k++) {
		if (i->target && i->target == f->noreturn->targets[k])
			return false;
	}
	for (k = 0; k < f->noreturn->nslots; k++) {
		if (i->slot && i->slot == f->noreturn->slots[k])
			return false;
	}
	return true;
}

/* A jump to where another function begins is a call that returns to our caller. */
static bool leaves(const struct flow *f, u64 from, u64 to)
{
	const struct code_range *r = code_range_at(f->code, to);

	return !r || (r->start == to && !r->part && r != code_range_at(f->code, from));
}

static void step(struct flow *f, u32 index)
{
	struct flow_state s = f->nodes[index].in;
	u64 vaddr = f->nodes[index].vaddr, next[2];
	const struct code_range *r = code_range_at(f->code, vaddr);
	size_t n = 0, k;
	struct insn i;

	f->nodes[index].queued = false;
	if (!r || code_decode(f->code, vaddr, &i))
		return;
	f->code->arch->apply(f, f->code, &i, &s);
	if (i.flow != INSN_JMP && i.flow < INSN_RET && vaddr + i.size < r->end &&
	    (i.flow != INSN_CALL || returns(f, &i)))
		next[n++] = vaddr + i.size;
	if ((i.flow == INSN_JMP || i.flow == INSN_JCC) && i.target && !leaves(f, vaddr, i.target))
		next[n++] = i.target;
	f->nodes[index].nnext = (u8)n;
	memcpy(f->nodes[index].next, next, n * sizeof(next[0]));
	for (k = 0; k < n; k++)
		reach(f, vaddr, next[k], &s);
}

static int follow(struct flow *f)
{
	size_t steps = 0;

	while (f->nqueue && !f->failed) {
		if (++steps > STEPS_MAX)
			return -E2BIG;
		step(f, f->queue[--f->nqueue]);
	}
	return f->failed;
}

static void unknown_state(struct flow *f, u64 vaddr, struct flow_state *s)
{
	u32 i;

	memset(s, 0, sizeof(*s));
	for (i = 0; i < f->code->arch->nregs; i++)
		s->reg[i].base = flow_base(f, FLOW_LEFT, vaddr ^ 1ULL << 63, i);
	if (f->nframes < FRAMES_MAX)
		f->frames[f->nframes++] = s->reg[f->code->arch->fp].base;
}

bool flow_is_frame(const struct flow *f, u32 base)
{
	size_t i;

	for (i = 0; i < f->nframes; i++) {
		if (f->frames[i] == base)
			return true;
	}
	return false;
}

int flow_new(struct code *c, u64 start, const struct code_targets *noreturn, struct flow **ret_f)
{
	struct flow *f = calloc(1, sizeof(*f));
	struct flow_state s;
	int r = -ENOENT;

	if (!f)
		return -ENOMEM;
	f->code = c;
	f->noreturn = noreturn;
	if (code_range_at(c, start)) {
		unknown_state(f, start, &s);
		reach(f, 0, start, &s);
		r = follow(f);
	}
	if (r) {
		flow_free(f);
		return r;
	}
	*ret_f = f;
	return 0;
}

int flow_add(struct flow *f, u64 vaddr)
{
	struct flow_state s;

	if (!code_range_at(f->code, vaddr))
		return -ENOENT;
	unknown_state(f, vaddr, &s);
	reach(f, 0, vaddr, &s);
	return follow(f);
}

struct flow *flow_free(struct flow *f)
{
	if (f) {
		free(f->nodes);
		free(f->bases);
		free(f->stores);
	}
	free(f);
	return NULL;
}

bool flow_reached(const struct flow *f, u64 vaddr)
{
	return find(f, vaddr);
}

int flow_value_at(const struct flow *f, u64 vaddr, unsigned int reg, struct flow_value *ret_v)
{
	const struct node *n = find(f, vaddr);

	if (!n || reg >= f->code->arch->nregs)
		return -ENOENT;
	*ret_v = n->in.reg[reg];
	return 0;
}

int flow_arg_at(const struct flow *f, u64 vaddr, unsigned int n, struct flow_value *ret_v)
{
	return flow_value_at(f, vaddr, code_arg_reg(f->code, n), ret_v);
}

bool flow_is_sp(const struct flow *f, unsigned int reg)
{
	return reg == f->code->arch->sp;
}

struct code *flow_code(const struct flow *f)
{
	return f->code;
}

struct flow_value flow_left(struct flow *f, u64 vaddr, int reg)
{
	return (struct flow_value) { .base = flow_base(f, FLOW_LEFT, vaddr, reg) };
}

size_t flow_next(const struct flow *f, u64 vaddr, u64 ret_next[2])
{
	const struct node *n = find(f, vaddr);

	if (!n)
		return 0;
	memcpy(ret_next, n->next, sizeof(n->next));
	return n->nnext;
}

bool flow_insn(const struct flow *f, size_t i, u64 *ret_vaddr)
{
	if (i >= f->nnodes)
		return false;
	*ret_vaddr = f->nodes[i].vaddr;
	return true;
}

const struct flow_store *flow_stores(const struct flow *f, size_t *ret_n)
{
	*ret_n = f->nstores;
	return f->stores;
}

bool flow_each_load(const struct flow *f, size_t *at, struct flow_loaded *ret_l)
{
	for (; *at < f->nbases; ++*at) {
		const struct base *b = &f->bases[*at];

		if (b->why != FLOW_LOADED)
			continue;
		*ret_l = (struct flow_loaded) {
			.from = { .base = (u32)b->a, .disp = b->b },
			.v = { .base = (u32)++ * at },
		};
		return true;
	}
	return false;
}
