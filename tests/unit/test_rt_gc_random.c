/* The cycle collector against a search from the roots, over random graphs. */
#include "tests/unit/test_rt_helpers.h"

#include <stdlib.h>

#define NODES 60

struct model {
	struct rt_object *node[NODES]; /* not counted, but for roots */
	bool edge[NODES][NODES];
	bool root[NODES];
	bool reached[NODES];
};

/* A container of a random kind that can be linked later. */
static struct rt_object *new_node(struct rt_object *class)
{
	switch (rand() % 4) {
	case 0:
		return rt_list_new();
	case 1:
		return rt_dict_new();
	case 2:
		return rt_call_of(class, 0);
	default:
		return rt_cell_new(NULL);
	}
}

/* Let @from refer to @to.  Return: whether it can (a cell has room for one). */
static bool link_nodes(struct rt_object *from, struct rt_object *to, int key)
{
	struct rt_object *k = rt_int_new(key);
	char name[16];

	snprintf(name, sizeof(name), "to%d", key);
	if (rt_is(from, &rt_list_type)) {
		/* Through a tuple, which the model need not know. */
		assert_int_equal(rt_list_append_stolen(from, rt_tuple_of(1, rt_ref(to))), 0);
	} else if (rt_is(from, &rt_dict_type)) {
		assert_int_equal(rt_dict_set(from, k, to), 0);
	} else if (!rt_is(from, &rt_cell_type)) {
		assert_int_equal(rt_setattr(from, name, to), 0);
	} else {
		if (((struct rt_cell *)from)->value)
			return false;
		assert_int_equal(rt_cell_set(from, to), 0);
	}
	return true;
}

static void reach(struct model *m, int i)
{
	if (m->reached[i])
		return;
	m->reached[i] = true;
	for (int j = 0; j < NODES; j++)
		if (m->edge[i][j])
			reach(m, j);
}

/* A random graph, in which @per_node edges leave a node on average. */
static void build(struct model *m, struct rt_object *class, int per_node)
{
	*m = (struct model) { 0 };
	for (int i = 0; i < NODES; i++)
		m->node[i] = new_node(class);
	for (int n = rand() % (NODES * per_node); n > 0; n--) {
		int from = rand() % NODES, to = rand() % NODES;

		if (!m->edge[from][to])
			m->edge[from][to] = link_nodes(m->node[from], m->node[to], to);
	}
	for (int i = 0; i < NODES; i++)
		m->root[i] = rand() % 12 == 0;
}

/* Whether @list has the object that is, or was, at @node: freed ones are not looked at. */
static bool is_in(struct rt_object *list, const struct rt_object *node)
{
	for (size_t i = 0; i < rt_list_len(list); i++)
		if (rt_list_at(list, i) == node)
			return true;
	return false;
}

static void only_what_no_root_reaches_is_freed(void **state)
{
	struct rt_object *class = rt_class_new("Node", NULL, NULL), *all;
	bool enabled = rt_gc_enable(false);
	struct model m;

	(void)state;
	srand(11);
	for (int round = 0; round < 300; round++) {
		build(&m, class, 1 + round % 4);
		rt_gc_collect(round % 3); /* some are old, then */
		for (int i = 0; i < NODES; i++) {
			if (m.root[i])
				reach(&m, i);
			else
				rt_unref(m.node[i]);
		}
		rt_gc_collect(2);
		all = rt_gc_objects(-1);
		for (int i = 0; i < NODES; i++)
			assert_int_equal(is_in(all, m.node[i]), m.reached[i]);
		rt_unref(all);
		for (int i = 0; i < NODES; i++)
			if (m.root[i])
				rt_unref(m.node[i]);
		rt_gc_collect(2);
	}
	rt_unref(class);
	rt_gc_enable(enabled);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RT_TEST(only_what_no_root_reaches_is_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
