/*
 * Making OTLP's requests; see otlp_message.h.
 *
 *   metric begins ─► data point ─► its resource ─► the resource's metric, made at its first point
 *
 * When a request is full it is packed and everything begins anew, the metric that is being written
 * included.
 */
#include "user/agent/otlp_message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "user/agent/otlp.pb-c.h"
#include "user/agent/otlp_pool.h"

#define CUMULATIVE OTLP__AGGREGATION_TEMPORALITY__AGGREGATION_TEMPORALITY_CUMULATIVE
#define OWN "gilscope" /* the service that the agent's own metrics are of */
#define LABELS_MAX 16

struct resource {
	const char *service; /* in the labels' form */
	size_t len;
	Otlp__ScopeMetrics *scope;
	Otlp__Metric *metric; /* the one that is being written; NULL: no point yet */
};

struct builder {
	struct otlp_pool pool;
	Otlp__ExportMetricsServiceRequest request;
	struct resource **resources;
	size_t count, last; /* found last */
	size_t points;
	const char *name, *type, *unit, *help; /* of the metric that is being written */
	const char *host;
	u64 start_ns, now_ns;
	const struct otlp_taker *to;
};

/* Set up a message of the pool. */
#define NEW(b, TYPE, INIT) \
	({ \
		TYPE *new_ = otlp_pool_get(&(b)->pool, sizeof(TYPE)); \
		if (new_) \
			*new_ = (TYPE)INIT; \
		new_; \
	})
#define PUSH(b, array, n, item) \
	((item) && otlp_pool_push(&(b)->pool, (void ***)&(array), n, item) ? ++(n) : 0)

/* The text of a label, its quoting undone. */
static char *unquoted(struct builder *b, const char *s, size_t len)
{
	char *text = otlp_pool_text(&b->pool, s, len), *to = text;

	for (const char *at = text; text && *at; at++) {
		if (*at == '\\' && at[1])
			*to++ = *++at == 'n' ? '\n' : *at;
		else
			*to++ = *at;
	}
	if (text)
		*to = '\0';
	return text;
}

static Otlp__KeyValue *attribute(struct builder *b, char *key, char *text)
{
	Otlp__KeyValue *a = NEW(b, Otlp__KeyValue, OTLP__KEY_VALUE__INIT);
	Otlp__AnyValue *v = NEW(b, Otlp__AnyValue, OTLP__ANY_VALUE__INIT);

	if (!a || !v || !key || !text)
		return NULL;
	a->key = key;
	a->value = v;
	/* OpenTelemetry's own: a number there */
	if (!strcmp(key, "cpython_gc_generation")) {
		a->key = (char *)"cpython.gc.generation";
		v->value_case = OTLP__ANY_VALUE__VALUE_INT_VALUE;
		v->int_value = atoi(text);
		return a;
	}
	v->value_case = OTLP__ANY_VALUE__VALUE_STRING_VALUE;
	v->string_value = text;
	return a;
}

/* One label at @at: its name and its text, quoted, are found; what is behind it, or NULL. */
static const char *next_label(const char *at, const char **ret_text, size_t *ret_name,
			      size_t *ret_len)
{
	const char *s = strchr(at, '='), *end;

	if (!s || s[1] != '"')
		return NULL;
	*ret_name = (size_t)(s - at);
	*ret_text = end = s + 2;
	while (*end && *end != '"')
		end += *end == '\\' && end[1] ? 2 : 1;
	*ret_len = (size_t)(end - *ret_text);
	if (!*end)
		return NULL;
	return end + 1 + (end[1] == ',');
}

static struct resource *add_resource(struct builder *b, const char *service, size_t len)
{
	struct resource *r = otlp_pool_get(&b->pool, sizeof(*r));
	Otlp__ResourceMetrics *m = NEW(b, Otlp__ResourceMetrics, OTLP__RESOURCE_METRICS__INIT);
	Otlp__Resource *about = NEW(b, Otlp__Resource, OTLP__RESOURCE__INIT);
	Otlp__InstrumentationScope *scope =
		NEW(b, Otlp__InstrumentationScope, OTLP__INSTRUMENTATION_SCOPE__INIT);
	Otlp__KeyValue *name = attribute(b, (char *)"service.name", unquoted(b, service, len));
	Otlp__KeyValue *host = attribute(b, (char *)"host.name", (char *)b->host);

	if (!r || !m || !about || !scope || !name || !host)
		return NULL;
	r->scope = NEW(b, Otlp__ScopeMetrics, OTLP__SCOPE_METRICS__INIT);
	r->service = otlp_pool_text(&b->pool, service, len);
	r->len = len;
	if (!r->scope || !r->service || !PUSH(b, about->attributes, about->n_attributes, name) ||
	    !PUSH(b, about->attributes, about->n_attributes, host) ||
	    !PUSH(b, m->scope_metrics, m->n_scope_metrics, r->scope) ||
	    !PUSH(b, b->resources, b->count, r) ||
	    !PUSH(b, b->request.resource_metrics, b->request.n_resource_metrics, m))
		return NULL;
	scope->name = (char *)OWN;
	scope->version = (char *)GS_VERSION;
	r->scope->scope = scope;
	m->resource = about;
	return r;
}

/* Services come in the same order in each metric. */
static struct resource *find_resource(struct builder *b, const char *service, size_t len)
{
	for (size_t i = 0; i < b->count; i++) {
		size_t k = (b->last + i) % b->count;
		struct resource *r = b->resources[k];

		if (r->len == len && !memcmp(r->service, service, len)) {
			b->last = k;
			return r;
		}
	}
	b->last = b->count;
	return add_resource(b, service, len);
}

/* "cpython_gc_collections" is "cpython.gc.collections" there. */
static char *name_of(struct builder *b)
{
	char *name = otlp_pool_text(&b->pool, b->name, strlen(b->name));

	if (name && !strncmp(name, "cpython_gc_", 11))
		name[7] = name[10] = '.';
	return name;
}

static const char *unit_of(const char *unit)
{
	return !strcmp(unit, "seconds") ? "s" : !strcmp(unit, "bytes") ? "By" : "";
}

static bool set_data(struct builder *b, Otlp__Metric *m)
{
	if (!b->type) {
		m->data_case = OTLP__METRIC__DATA_SUM;
		m->sum = NEW(b, Otlp__Sum, OTLP__SUM__INIT);
		if (!m->sum)
			return false;
		m->sum->has_aggregation_temporality = m->sum->has_is_monotonic = 1;
		m->sum->aggregation_temporality = CUMULATIVE;
		m->sum->is_monotonic = 1;
	} else if (!strcmp(b->type, "histogram")) {
		m->data_case = OTLP__METRIC__DATA_HISTOGRAM;
		m->histogram = NEW(b, Otlp__Histogram, OTLP__HISTOGRAM__INIT);
		if (!m->histogram)
			return false;
		m->histogram->has_aggregation_temporality = 1;
		m->histogram->aggregation_temporality = CUMULATIVE;
	} else {
		m->data_case = OTLP__METRIC__DATA_GAUGE;
		m->gauge = NEW(b, Otlp__Gauge, OTLP__GAUGE__INIT);
	}
	return m->gauge; /* all are pointers of one union */
}

/* The metric that is being written, in the resource that @labels are of. */
static Otlp__Metric *metric_of(struct builder *b, const char *labels)
{
	const char *text = OWN, *service = OWN;
	size_t name, len, service_len = strlen(OWN);
	struct resource *r;
	Otlp__Metric *m;

	for (const char *at = labels; *at && (at = next_label(at, &text, &name, &len));)
		if (name == 7 && !strncmp(text - 9, "service", 7)) {
			service = text;
			service_len = len;
			break;
		}
	r = find_resource(b, service, service_len);
	if (!r || r->metric)
		return r ? r->metric : NULL;
	m = NEW(b, Otlp__Metric, OTLP__METRIC__INIT);
	if (!m || !set_data(b, m))
		return NULL;
	m->name = name_of(b);
	m->description = otlp_pool_text(&b->pool, b->help, strlen(b->help));
	m->unit = (char *)unit_of(b->unit);
	if (!m->name || !m->description || !PUSH(b, r->scope->metrics, r->scope->n_metrics, m))
		return NULL;
	r->metric = m;
	return m;
}

static bool add_attributes(struct builder *b, const char *labels, Otlp__KeyValue ***array,
			   size_t *n)
{
	const char *text;
	size_t name, len;

	for (const char *at = labels, *next; *at && *n < LABELS_MAX; at = next) {
		Otlp__KeyValue *a;

		next = next_label(at, &text, &name, &len);
		if (!next)
			return true; /* trace_metric_labels() makes no such thing */
		if (name == 7 && !strncmp(at, "service", 7))
			continue;
		a = attribute(b, otlp_pool_text(&b->pool, at, name), unquoted(b, text, len));
		if (!PUSH(b, *array, *n, a))
			return false;
	}
	return true;
}

static void begin_request(struct builder *b)
{
	b->request = (Otlp__ExportMetricsServiceRequest)OTLP__EXPORT_METRICS_SERVICE_REQUEST__INIT;
	b->resources = NULL;
	b->count = b->last = b->points = 0;
}

static void give_away(struct builder *b)
{
	size_t size = b->points ? protobuf_c_message_get_packed_size(&b->request.base) : 0;
	u8 *bytes = size && !b->pool.failed ? malloc(size) : NULL;

	if (bytes) {
		protobuf_c_message_pack(&b->request.base, bytes);
		b->to->take(b->to->ctx, bytes, size, b->points);
	} else if (size) {
		b->pool.failed = true;
		return;
	}
	if (b->pool.failed)
		return;
	otlp_pool_free(&b->pool);
	begin_request(b);
}

static void on_begin(void *ctx, const char *name, const char *type, const char *unit,
		     const char *help)
{
	struct builder *b = ctx;

	b->name = name;
	b->type = type;
	b->unit = unit;
	b->help = help;
	for (size_t i = 0; i < b->count; i++)
		b->resources[i]->metric = NULL;
	b->last = 0;
}

static void counted(struct builder *b, bool ok)
{
	if (!ok)
		b->pool.failed = true;
	else if (++b->points == OTLP_POINTS)
		give_away(b);
}

static void on_value(void *ctx, const char *labels, u64 v, bool seconds)
{
	struct builder *b = ctx;
	Otlp__Metric *m = b->pool.failed ? NULL : metric_of(b, labels);
	Otlp__NumberDataPoint *p = NEW(b, Otlp__NumberDataPoint, OTLP__NUMBER_DATA_POINT__INIT);
	bool ok = m && p && add_attributes(b, labels, &p->attributes, &p->n_attributes);

	if (ok) {
		p->has_start_time_unix_nano = !b->type;
		p->start_time_unix_nano = b->start_ns;
		p->has_time_unix_nano = 1;
		p->time_unix_nano = b->now_ns;
		p->value_case = seconds ? OTLP__NUMBER_DATA_POINT__VALUE_AS_DOUBLE
					: OTLP__NUMBER_DATA_POINT__VALUE_AS_INT;
		if (seconds)
			p->as_double = (double)v / 1e9;
		else
			p->as_int = (s64)v;
		ok = b->type ? PUSH(b, m->gauge->data_points, m->gauge->n_data_points, p)
			     : PUSH(b, m->sum->data_points, m->sum->n_data_points, p);
	}
	counted(b, ok);
}

/* What is at or below each bound, as what is between them. */
static bool set_buckets(struct builder *b, Otlp__HistogramDataPoint *p,
			const u64 below[TRACE_METRIC_BOUNDS], u64 count)
{
	const size_t n = TRACE_METRIC_BOUNDS;
	u64 before = 0;

	p->bucket_counts = otlp_pool_get(&b->pool, (n + 1) * sizeof(*p->bucket_counts));
	p->explicit_bounds = otlp_pool_get(&b->pool, n * sizeof(*p->explicit_bounds));
	if (!p->bucket_counts || !p->explicit_bounds)
		return false;
	for (u32 i = 0; i < n; i++) {
		p->explicit_bounds[i] = (double)trace_metric_bound(i) / 1e9;
		p->bucket_counts[i] = below[i] - before;
		before = below[i];
	}
	p->bucket_counts[n] = count > before ? count - before : 0;
	p->n_bucket_counts = n + 1;
	p->n_explicit_bounds = n;
	return true;
}

static void on_histogram(void *ctx, const char *labels, const u64 below[TRACE_METRIC_BOUNDS],
			 u64 count, u64 sum_ns)
{
	struct builder *b = ctx;
	Otlp__Metric *m = b->pool.failed ? NULL : metric_of(b, labels);
	Otlp__HistogramDataPoint *p =
		NEW(b, Otlp__HistogramDataPoint, OTLP__HISTOGRAM_DATA_POINT__INIT);
	bool ok = m && p && add_attributes(b, labels, &p->attributes, &p->n_attributes) &&
		  set_buckets(b, p, below, count);

	if (ok) {
		p->has_start_time_unix_nano = p->has_time_unix_nano = p->has_count = p->has_sum = 1;
		p->start_time_unix_nano = b->start_ns;
		p->time_unix_nano = b->now_ns;
		p->count = count;
		p->sum = (double)sum_ns / 1e9;
		ok = PUSH(b, m->histogram->data_points, m->histogram->n_data_points, p);
	}
	counted(b, ok);
}

int otlp_message(const struct counters *c, const struct agent_state *state, const char *host,
		 u64 now_unix_ns, const struct otlp_taker *to)
{
	static const struct trace_metric_sink sink = { on_begin, on_value, on_histogram };
	struct builder b = {
		.host = host,
		.start_ns = state->started_unix_ns,
		.now_ns = now_unix_ns,
		.to = to,
	};
	bool failed;

	begin_request(&b);
	expose_to(&sink, &b, c, state);
	if (!b.pool.failed)
		give_away(&b);
	failed = b.pool.failed;
	otlp_pool_free(&b.pool);
	return failed ? -ENOMEM : 0;
}
