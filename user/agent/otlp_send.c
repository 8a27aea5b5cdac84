/*
 * Sending a request of OTLP/HTTP; see otlp_send.h.
 *
 * What a code means is OTLP's own (opentelemetry-proto, docs/specification.md, "OTLP/HTTP
 * Response"): 429, 502, 503 and 504 may be tried again, any other but 2xx never.
 */
#include "user/agent/otlp_send.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "user/agent/otlp.pb-c.h"
#include "user/base/clock.h"
#include "user/base/str.h"

#define ANSWER_MAX 65536 /* bytes of an answer that are looked at */
#define GZIP (15 + 16) /* zlib: the largest window, with gzip's header */

struct otlp_sender {
	CURL *curl;
	struct curl_slist *headers; /* owned */
	bool gzip;
	atomic_ullong end_ns; /* 0: none */
	u8 answer[ANSWER_MAX];
	size_t answered;
};

static size_t on_answer(char *data, size_t one, size_t size, void *ctx)
{
	struct otlp_sender *s = ctx;
	size_t n = size < ANSWER_MAX - s->answered ? size : ANSWER_MAX - s->answered;

	(void)one; /* is 1 */
	memcpy(s->answer + s->answered, data, n);
	s->answered += n;
	return n; /* less: too long, and so no answer */
}

static int on_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct otlp_sender *s = ctx;
	u64 end = atomic_load(&s->end_ns);

	(void)a, (void)b, (void)c, (void)d;
	return end && clock_mono_ns() >= end;
}

static int add_header(struct otlp_sender *s, const char *line)
{
	struct curl_slist *longer = curl_slist_append(s->headers, line);

	if (!longer)
		return -ENOMEM;
	s->headers = longer;
	return 0;
}

/* Lines "NAME: VALUE" of the file of headers. */
static int read_headers(struct otlp_sender *s, const char *path, struct err *e)
{
	char *text = config_text(path, true, e), *rest = text;
	int err = text ? 0 : -EINVAL;

	for (u32 line = 1; !err && rest && *rest; line++) {
		char *at = strsep(&rest, "\n");
		size_t name = strcspn(at, ":");

		if (!*at || *at == '#')
			continue;
		if (!name || at[name] != ':' || strcspn(at, " \t") < name ||
		    strcspn(at, "\r") < strlen(at))
			err = errf(e, GS_EXIT_USAGE, -EINVAL, "%s:%u: not a header, NAME: VALUE",
				   path, line);
		else if (add_header(s, at))
			err = errf(e, GS_EXIT_FAILED, -ENOMEM, "memory: none left");
	}
	free(text);
	return err;
}

static int set_options(struct otlp_sender *s, const struct agent_config *c)
{
	CURL *h = s->curl;
	long ms = (long)(c->otlp_timeout_ns / 1000000);
	bool bad = false;

	bad |= curl_easy_setopt(h, CURLOPT_URL, c->otlp_endpoint) != CURLE_OK;
	bad |= curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https") != CURLE_OK;
	bad |= curl_easy_setopt(h, CURLOPT_POST, 1L) != CURLE_OK;
	bad |= curl_easy_setopt(h, CURLOPT_HTTPHEADER, s->headers) != CURLE_OK;
	bad |= curl_easy_setopt(h, CURLOPT_USERAGENT, "gilscope/" GS_VERSION) != CURLE_OK;
	bad |= curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, ms) != CURLE_OK;
	bad |= curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, ms) != CURLE_OK;
	bad |= curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L) != CURLE_OK; /* a thread gets none */
	bad |= curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_answer) != CURLE_OK;
	bad |= curl_easy_setopt(h, CURLOPT_WRITEDATA, s) != CURLE_OK;
	bad |= curl_easy_setopt(h, CURLOPT_NOPROGRESS, 0L) != CURLE_OK;
	bad |= curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, on_progress) != CURLE_OK;
	bad |= curl_easy_setopt(h, CURLOPT_XFERINFODATA, s) != CURLE_OK;
	if (*c->otlp_ca_file)
		bad |= curl_easy_setopt(h, CURLOPT_CAINFO, c->otlp_ca_file) != CURLE_OK;
	return bad ? -ENOMEM : 0;
}

int otlp_sender_new(const struct agent_config *c, struct otlp_sender **ret_s, struct err *e)
{
	struct otlp_sender *s = calloc(1, sizeof(*s));
	int err = s ? 0 : -ENOMEM;

	if (!err && *c->otlp_headers_file) {
		err = read_headers(s, c->otlp_headers_file, e);
		if (err)
			goto failed; /* which says why */
	}
	if (!err) {
		s->gzip = c->otlp_gzip;
		s->curl = curl_easy_init();
		err = s->curl ? add_header(s, "Content-Type: application/x-protobuf") : -ENOMEM;
	}
	if (!err && s->gzip)
		err = add_header(s, "Content-Encoding: gzip");
	if (!err)
		err = set_options(s, c);
	if (err)
		err = errf(e, GS_EXIT_FAILED, err, "otlp: cannot be set up: %s", strerror(-err));
failed:
	if (err) {
		otlp_sender_free(s);
		return err;
	}
	*ret_s = s;
	return 0;
}

u8 *otlp_sender_pack(const struct otlp_sender *s, const u8 *bytes, size_t size, size_t *ret_size)
{
	z_stream z = { .next_in = (Bytef *)bytes, .avail_in = (uInt)size };
	uLong room;
	u8 *to;

	if (!s->gzip) {
		to = malloc(size);
		if (to)
			memcpy(to, bytes, size);
		*ret_size = size;
		return to;
	}
	if (deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, GZIP, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return NULL;
	room = deflateBound(&z, (uLong)size);
	to = malloc(room);
	z.next_out = to;
	z.avail_out = to ? (uInt)room : 0;
	if (to && deflate(&z, Z_FINISH) != Z_STREAM_END) {
		free(to);
		to = NULL;
	}
	*ret_size = z.total_out;
	deflateEnd(&z);
	return to;
}

u64 otlp_retry_after(const char *text)
{
	u64 seconds;

	return text && !str_to_u64(text, 1, 86400, &seconds) ? seconds * 1000000000 : 0;
}

/* What it took may have been less than all. */
static void read_partial(const struct otlp_sender *s, struct otlp_sent *sent)
{
	Otlp__ExportMetricsServiceResponse *a =
		otlp__export_metrics_service_response__unpack(NULL, s->answered, s->answer);

	if (a && a->partial_success && a->partial_success->rejected_data_points > 0)
		sent->rejected_points = (u64)a->partial_success->rejected_data_points;
	if (a)
		otlp__export_metrics_service_response__free_unpacked(a, NULL);
}

static void judge(struct otlp_sender *s, struct otlp_sent *sent)
{
	struct curl_header *later;
	long code = 0;

	curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &code);
	if (code / 100 == 2) {
		sent->result = OTLP_TAKEN;
		read_partial(s, sent);
		return;
	}
	snprintf(sent->why, sizeof(sent->why), "HTTP status %ld", code);
	if (code != 429 && code != 502 && code != 503 && code != 504) {
		sent->result = OTLP_REFUSED;
		return;
	}
	sent->result = OTLP_FAILED;
	if (curl_easy_header(s->curl, "Retry-After", 0, CURLH_HEADER, -1, &later) == CURLHE_OK)
		sent->later_ns = otlp_retry_after(later->value);
}

void otlp_send(struct otlp_sender *s, const u8 *bytes, size_t size, struct otlp_sent *ret_sent)
{
	char why[CURL_ERROR_SIZE] = "";
	CURLcode code;

	*ret_sent = (struct otlp_sent) { .result = OTLP_FAILED };
	s->answered = 0;
	curl_easy_setopt(s->curl, CURLOPT_ERRORBUFFER, why);
	curl_easy_setopt(s->curl, CURLOPT_POSTFIELDS, (const char *)bytes);
	curl_easy_setopt(s->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
	code = curl_easy_perform(s->curl);
	curl_easy_setopt(s->curl, CURLOPT_ERRORBUFFER, NULL);
	if (code == CURLE_OK) {
		judge(s, ret_sent);
		return;
	}
	snprintf(ret_sent->why, sizeof(ret_sent->why), "%s", *why ? why : curl_easy_strerror(code));
	str_printable(ret_sent->why);
}

void otlp_sender_end(struct otlp_sender *s, u64 end_ns)
{
	atomic_store(&s->end_ns, end_ns);
}

void otlp_sender_free(struct otlp_sender *s)
{
	if (!s)
		return;
	curl_easy_cleanup(s->curl);
	curl_slist_free_all(s->headers);
	free(s);
}
