/*
 * A recording's metadata: the events of event_descs in CTF's description language, TSDL.
 *
 * The reader makes this text anew from what it finds in the env block and the uuid, and compares:
 * so all but these values is fixed for a version of the format.  Comments are not: each is a line
 * of its own, which the reader passes over.
 */
#include "user/trace/metadata.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "user/base/str.h"
#include "user/trace/layout.h"
#include "user/trace/writer.h"

#define NS_PER_SEC 1000000000

static const char types[] =
	"typealias integer { size = 8; align = 8; signed = false; } := uint8_t;\n"
	"typealias integer { size = 32; align = 8; signed = false; } := uint32_t;\n"
	"typealias integer { size = 64; align = 8; signed = false; } := uint64_t;\n"
	"typealias integer { size = 5; align = 1; signed = false; } := uint5_t;\n"
	"\n";

static const char stream[] =
	"typealias integer { size = 27; align = 1; signed = false; map = clock.monotonic.value; } "
	":= uint27_clock_t;\n"
	"typealias integer { size = 64; align = 8; signed = false; map = clock.monotonic.value; } "
	":= uint64_clock_t;\n"
	"\n"
	"struct packet_context {\n"
	"\tuint64_clock_t timestamp_begin;\n"
	"\tuint64_clock_t timestamp_end;\n"
	"\tuint64_t content_size;\n"
	"\tuint64_t packet_size;\n"
	"\tuint64_t packet_seq_num;\n"
	"\tuint64_t events_discarded;\n"
	"\tuint32_t crc32;\n"
	"};\n"
	"\n"
	"struct event_header {\n"
	"\tenum : uint5_t { compact = 0 ... 30, extended = 31 } id;\n"
	"\tvariant <id> {\n"
	"\t\tstruct { uint27_clock_t timestamp; } compact;\n"
	"\t\tstruct { uint32_t id; uint64_clock_t timestamp; } extended;\n"
	"\t} v;\n"
	"} align(8);\n"
	"\n"
	"stream {\n"
	"\tid = 0;\n"
	"\tevent.header := struct event_header;\n"
	"\tpacket.context := struct packet_context;\n"
	"};\n";

static void put_trace(FILE *f, const u8 uuid[16])
{
	fputs("trace {\n\tmajor = 1;\n\tminor = 8;\n\tuuid = \"", f);
	for (int i = 0; i < 16; i++)
		fprintf(f, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
	fputs("\";\n"
	      "\tbyte_order = le;\n"
	      "\tpacket.header := struct {\n"
	      "\t\tuint32_t magic;\n"
	      "\t\tuint8_t uuid[16];\n"
	      "\t\tuint32_t stream_id;\n"
	      "\t\tuint64_t stream_instance_id;\n"
	      "\t};\n"
	      "};\n\n",
	      f);
}

/* A text of the env: printable, on one line, its quotes and backslashes escaped. */
static void put_text(FILE *f, const char *key, const char *s)
{
	char text[TRACE_TEXT_MAX + 1];
	size_t len = trace_text_cut(s ? s : "", TRACE_TEXT_MAX);

	memcpy(text, s ? s : "", len);
	text[len] = 0;
	str_printable(text);
	fprintf(f, "\t%s = \"", key);
	for (const char *c = text; *c; c++) {
		if (*c == '"' || *c == '\\')
			fputc('\\', f);
		fputc(*c, f);
	}
	fputs("\";\n", f);
}

static void put_number(FILE *f, const char *key, u64 v)
{
	fprintf(f, "\t%s = %" PRIu64 ";\n", key, v);
}

static void put_creation(FILE *f, u64 unix_ns)
{
	time_t seconds = (time_t)(unix_ns / NS_PER_SEC);
	char text[64] = "";
	struct tm tm;

	if (gmtime_r(&seconds, &tm))
		strftime(text, sizeof(text), "%Y%m%dT%H%M%S+0000", &tm);
	put_text(f, "trace_creation_datetime", text);
}

/* LTTng's names, where it has one for the same thing. */
static void put_values(FILE *f, const struct trace_info *info)
{
	unsigned int major = 0, minor = 0;

	if (info->gilscope)
		(void)sscanf(info->gilscope, "%3u.%3u", &major, &minor);
	put_text(f, METADATA_HOST, info->host);
	put_text(f, "domain", "cpython");
	put_text(f, "sysname", "Linux");
	put_text(f, METADATA_KERNEL, info->kernel);
	put_text(f, "tracer_name", "gilscope");
	put_number(f, "tracer_major", major);
	put_number(f, "tracer_minor", minor);
	put_creation(f, info->started_unix_ns);
	put_number(f, METADATA_FORMAT, info->format);
	put_text(f, METADATA_GILSCOPE, info->gilscope);
	put_text(f, METADATA_COMMAND, info->command);
	put_text(f, METADATA_MODE, info->mode);
	put_number(f, METADATA_FAMILIES, info->families);
	put_number(f, METADATA_STARTED, info->started_ns);
	put_number(f, METADATA_STARTED_UNIX, info->started_unix_ns);
	put_number(f, METADATA_HIT, info->hit_ns);
}

/* All but these values can be told to be damaged by its text: they get a checksum. */
static int put_env(FILE *f, const struct trace_info *info)
{
	char *values = NULL;
	size_t size;
	FILE *env = open_memstream(&values, &size);

	if (!env)
		return -ENOMEM;
	put_values(env, info);
	if (fclose(env)) {
		free(values);
		return -ENOMEM;
	}
	fputs("/* gilscope_families: bits, by their ids; started: both clocks at one moment */\n"
	      "/* probe_hit_ns: what a hit costs, 0: unknown; values_crc32: of the lines above it "
	      "*/\n",
	      f);
	fprintf(f, "env {\n%s\tvalues_crc32 = %lu;\n};\n\n", values,
		crc32(0, (const Bytef *)values, (uInt)size));
	free(values);
	return 0;
}

/* The offset takes CLOCK_MONOTONIC to ns since 1970; it may be negative, its ns may not. */
static void put_clock(FILE *f, const struct trace_info *info)
{
	s64 offset = (s64)(info->started_unix_ns - info->started_ns);
	s64 ns = (offset % NS_PER_SEC + NS_PER_SEC) % NS_PER_SEC;

	fprintf(f,
		"clock {\n\tname = \"monotonic\";\n\tdescription = \"CLOCK_MONOTONIC\";\n"
		"\tfreq = %d;\n\toffset_s = %" PRId64 ";\n\toffset = %" PRId64 ";\n};\n\n",
		NS_PER_SEC, (offset - ns) / NS_PER_SEC, ns);
}

static void put_calls(FILE *f, u32 calls)
{
	fputs("enum io_call : uint8_t {\n", f);
	for (u32 i = 0; i < calls; i++)
		fprintf(f, "\t%s = %u%s\n", event_call_name(i), i, i + 1 < calls ? "," : "");
	fputs("};\n\n", f);
}

/* Names get an underscore, which readers of CTF take away: "event" is a word of the language. */
static void put_field(FILE *f, const struct event_field *field)
{
	fprintf(f, "\t\t/* %s */\n", field->help);
	if (field->type == EVENT_TEXT)
		fprintf(f, "\t\tstring _%s;\n", field->name);
	else if (field->type == EVENT_CALL)
		fprintf(f, "\t\tenum io_call _%s;\n", field->name);
	else
		fprintf(f, "\t\tinteger { size = %u; align = %u; signed = %s; } _%s;\n",
			field->bits, field->bits % 8 ? 1 : 8,
			field->type == EVENT_S64 ? "true" : "false", field->name);
}

static void put_event(FILE *f, u32 kind, u32 format)
{
	const struct event_desc *d = &event_descs[kind];

	fprintf(f, "\n/* %s%s */\n", d->help, d->span ? "; it ended at the event's time" : "");
	fprintf(f, "event {\n\tname = \"%s\";\n\tid = %u;\n\tstream_id = 0;\n", d->name, kind);
	fputs("\tfields := struct {\n", f);
	for (const struct event_field *field = d->fields; field->name; field++)
		if (event_field_in(field, format))
			put_field(f, field);
	fputs("\t};\n};\n", f);
}

char *trace_metadata(const struct trace_info *info, const u8 uuid[16])
{
	const struct trace_version *version = trace_version(info->format);
	char *text = NULL;
	size_t size;
	FILE *f;
	int err;

	if (!version)
		return NULL;
	f = open_memstream(&text, &size);
	if (!f)
		return NULL;
	fputs(METADATA_FIRST_LINE, f);
	fputs("/* A recording by gilscope: what CPython's threads did.  Times are ns. */\n\n", f);
	fputs(types, f);
	put_trace(f, uuid);
	err = put_env(f, info);
	put_clock(f, info);
	put_calls(f, version->calls);
	fputs(stream, f);
	for (u32 i = 0; i < version->kinds; i++)
		put_event(f, i, info->format);
	if (fclose(f) || err) {
		free(text);
		return NULL;
	}
	return text;
}
