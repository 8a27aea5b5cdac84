/*
 * libbabeltrace2: its source of CTF from a directory, connected to a sink of ours.
 *
 *   source.ctf.fs --messages--> sink: consume() --> pass_packet(), pass_event()
 *
 * There is one stream, so no muxer is between them.  Its plugin is taken from the system's
 * directory only, never from the caller's home or environment: this may run as root.
 */
#include <babeltrace2/babeltrace.h>
#include <errno.h>

#include "user/trace/reader_private.h"

#define REMEDY "install libbabeltrace2-0 (Debian: apt install libbabeltrace2-0)"

/* What the sink works with. */
struct sink {
	struct pass *pass;
	bt_message_iterator *iterator;
};

/* What graph_run() makes, in this order. */
struct graph {
	const bt_plugin *plugin; /* borrowed */
	bt_component_class_sink *sink_class;
	bt_value *params;
	bt_graph *graph;
};

/* The library keeps an error for whoever asks, and stops the program if nobody does. */
static void forget_error(void)
{
	const bt_error *error = bt_current_thread_take_error();

	if (error)
		bt_error_release(error);
}

/* Say what @error, which may be NULL, began with. */
static int failed(const struct pass *p, const char *what, const bt_error *error, struct err *e)
{
	const char *cause = NULL;

	if (error && bt_error_get_cause_count(error))
		cause = bt_error_cause_get_message(bt_error_borrow_cause_by_index(error, 0));
	return errf(e, GS_EXIT_FAILED, -EIO,
		    "%s: libbabeltrace2 %s: %s; try again if it was being changed",
		    p->reader->directory, what, cause ? cause : "no reason given");
}

int graph_plugin(const struct bt_plugin **ret_plugin, struct err *e)
{
	bt_logging_set_global_level(BT_LOGGING_LEVEL_NONE);
	if (bt_plugin_find("ctf", BT_FALSE, BT_FALSE, BT_TRUE, BT_FALSE, BT_FALSE, ret_plugin) ==
	    BT_PLUGIN_FIND_STATUS_OK)
		return 0;
	forget_error();
	return errf(e, GS_EXIT_FAILED, -ENOENT,
		    "libbabeltrace2: its plugin for CTF is missing; " REMEDY);
}

void graph_plugin_put(const struct bt_plugin *plugin)
{
	bt_plugin_put_ref(plugin);
}

static bt_component_class_initialize_method_status
sink_initialize(bt_self_component_sink *self, bt_self_component_sink_configuration *config,
		const bt_value *params, void *data)
{
	(void)config;
	(void)params;
	bt_self_component_set_data(bt_self_component_sink_as_self_component(self), data);
	if (bt_self_component_sink_add_input_port(self, "in", NULL, NULL) !=
	    BT_SELF_COMPONENT_ADD_PORT_STATUS_OK)
		return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_ERROR;
	return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_OK;
}

static struct sink *sink_of(bt_self_component_sink *self)
{
	return bt_self_component_get_data(bt_self_component_sink_as_self_component(self));
}

static bt_component_class_sink_graph_is_configured_method_status
sink_configured(bt_self_component_sink *self)
{
	bt_self_component_port_input *port =
		bt_self_component_sink_borrow_input_port_by_index(self, 0);

	return (bt_component_class_sink_graph_is_configured_method_status)
		bt_message_iterator_create_from_sink_component(self, port,
							       &sink_of(self)->iterator);
}

static void sink_finalize(bt_self_component_sink *self)
{
	BT_MESSAGE_ITERATOR_PUT_REF_AND_RESET(sink_of(self)->iterator);
}

static int on_message(struct pass *p, const bt_message *m)
{
	if (reader_interrupted())
		return p->result = -EINTR;
	switch (bt_message_get_type(m)) {
	case BT_MESSAGE_TYPE_PACKET_BEGINNING:
		return pass_packet(p);
	case BT_MESSAGE_TYPE_EVENT:
		return pass_event(p, bt_message_event_borrow_event_const(m),
				  bt_clock_snapshot_get_value(
					  bt_message_event_borrow_default_clock_snapshot_const(m)));
	default:
		return 0;
	}
}

/* Once the pass does not want any more, the graph is told that this was all. */
static bt_component_class_sink_consume_method_status sink_consume(bt_self_component_sink *self)
{
	struct sink *s = sink_of(self);
	bt_message_iterator_next_status status;
	bt_message_array_const messages;
	uint64_t count;
	int stop = 0;

	status = bt_message_iterator_next(s->iterator, &messages, &count);
	if (status != BT_MESSAGE_ITERATOR_NEXT_STATUS_OK)
		return (bt_component_class_sink_consume_method_status)status;
	for (uint64_t i = 0; i < count; i++) {
		if (!stop)
			stop = on_message(s->pass, messages[i]);
		bt_message_put_ref(messages[i]);
	}
	return stop ? BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_END
		    : BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_OK;
}

static bool make_sink_class(struct graph *g)
{
	bt_component_class_sink *c = bt_component_class_sink_create("events", sink_consume);

	g->sink_class = c;
	return c && !bt_component_class_sink_set_initialize_method(c, sink_initialize) &&
	       !bt_component_class_sink_set_graph_is_configured_method(c, sink_configured) &&
	       !bt_component_class_sink_set_finalize_method(c, sink_finalize);
}

/* The source's parameters: { inputs: [path] }. */
static bool make_params(struct graph *g, const char *path)
{
	bt_value *inputs;

	g->params = bt_value_map_create();
	return g->params && !bt_value_map_insert_empty_array_entry(g->params, "inputs", &inputs) &&
	       !bt_value_array_append_string_element(inputs, path);
}

static bool connect(struct graph *g, struct sink *sink)
{
	const bt_component_class_source *source_class;
	const bt_component_source *source;
	const bt_component_sink *end;

	source_class = bt_plugin_borrow_source_component_class_by_name_const(g->plugin, "fs");
	g->graph = bt_graph_create(0);
	if (!source_class || !g->graph)
		return false;
	if (bt_graph_add_source_component(g->graph, source_class, "source", g->params,
					  BT_LOGGING_LEVEL_NONE, &source) ||
	    bt_graph_add_sink_component_with_initialize_method_data(
		    g->graph, g->sink_class, "sink", NULL, sink, BT_LOGGING_LEVEL_NONE, &end))
		return false;
	if (bt_component_source_get_output_port_count(source) != 1)
		return false;
	return !bt_graph_connect_ports(
		g->graph, bt_component_source_borrow_output_port_by_index_const(source, 0),
		bt_component_sink_borrow_input_port_by_index_const(end, 0), NULL);
}

int graph_run(const struct bt_plugin *plugin, const char *path, struct pass *p, struct err *e)
{
	struct sink sink = { .pass = p };
	struct graph g = { .plugin = plugin };
	const char *wrong = NULL;
	const bt_error *error;
	int err = 0;

	if (!make_sink_class(&g) || !make_params(&g, path) || !connect(&g, &sink))
		wrong = "cannot open it";
	else if (bt_graph_run(g.graph) != BT_GRAPH_RUN_STATUS_OK)
		wrong = "gave up";
	/* there can be one even though all went well, it says */
	error = bt_current_thread_take_error();
	if (wrong || error)
		err = failed(p, wrong ? wrong : "stopped early", error, e);
	if (error)
		bt_error_release(error);
	bt_graph_put_ref(g.graph);
	bt_value_put_ref(g.params);
	bt_component_class_sink_put_ref(g.sink_class);
	forget_error();
	return err;
}
