/* gilscope doctor: each requirement, what is lost without it, how to get it. */
#include <babeltrace2/babeltrace.h>
#include <bpf/libbpf.h>
#include <capstone/capstone.h>
#include <elfutils/version.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "user/commands.h"
#include "user/load/feature.h"
#include "user/trace/reader.h"

static const char *const states[] = {
	[FEAT_MISSING] = "missing",
	[FEAT_OK] = "ok",
	[FEAT_WARN] = "fallback",
};

struct library {
	const char *name;
	char version[64];
};

#define LIBRARIES 5

static void libraries(struct library lib[LIBRARIES])
{
	int major = 0, minor = 0;

	cs_version(&major, &minor);
	lib[0].name = "libbpf";
	snprintf(lib[0].version, sizeof(lib[0].version), "%u.%u", libbpf_major_version(),
		 libbpf_minor_version());
	lib[1].name = "elfutils";
	snprintf(lib[1].version, sizeof(lib[1].version), "0.%d", _ELFUTILS_VERSION);
	lib[2].name = "capstone";
	snprintf(lib[2].version, sizeof(lib[2].version), "%d.%d", major, minor);
	lib[3].name = "jansson";
	snprintf(lib[3].version, sizeof(lib[3].version), "%s", jansson_version_str());
	lib[4].name = "babeltrace2";
	snprintf(lib[4].version, sizeof(lib[4].version), "%u.%u%s", bt_version_get_major(),
		 bt_version_get_minor(),
		 trace_can_read() ? "" : ", without its plugin for CTF: no report, export, diff");
}

static void print_table(const struct feature_result *r, const struct library *lib)
{
	for (int i = 0; i < FEAT_COUNT; i++) {
		const struct feature_text *t = feature_text(i);

		printf("%-9s %-33s %s\n", states[r[i].state], t->name, r[i].detail);
		if (r[i].state == FEAT_OK)
			continue;
		printf("%-9s   lost: %s\n%-9s   remedy: %s\n", "", t->loss, "", t->remedy);
		if (t->since[0])
			printf("%-9s   since Linux %s\n", "", t->since);
	}
	for (int i = 0; i < LIBRARIES; i++)
		printf("%-9s %-33s %s\n", "ok", lib[i].name, lib[i].version);
}

static int print_json(const struct feature_result *r, const struct library *lib)
{
	json_t *list = json_array(), *libs = json_object(), *all;
	int err;

	for (int i = 0; i < FEAT_COUNT; i++) {
		const struct feature_text *t = feature_text(i);

		json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "name", t->name,
						      "state", states[r[i].state], "detail",
						      r[i].detail, "since", t->since, "loss",
						      t->loss, "remedy", t->remedy));
	}
	for (int i = 0; i < LIBRARIES; i++)
		json_object_set_new(libs, lib[i].name, json_string(lib[i].version));
	all = json_pack("{s:s,s:o,s:o}", "schema", "gilscope.doctor/1", "requirements", list,
			"libraries", libs);
	err = json_dumpf(all, stdout, JSON_INDENT(2)) ? -EIO : 0;
	printf("\n");
	json_decref(all);
	return err;
}

int cmd_doctor(const struct opts *o, struct err *e)
{
	struct feature_result r[FEAT_COUNT] = {};
	struct library lib[LIBRARIES];
	int err = 0;

	features_probe(r);
	libraries(lib);
	if (!strcmp(o->format, "json"))
		err = print_json(r, lib);
	else
		print_table(r, lib);
	if (err)
		return errf(e, GS_EXIT_FAILED, err, "stdout: cannot be written");
	if (r[FEAT_ROOT].state == FEAT_MISSING && r[FEAT_BPF].state == FEAT_MISSING)
		return errf(e, GS_EXIT_PERM, -EPERM, "privileges: missing; %s",
			    feature_text(FEAT_ROOT)->remedy);
	for (int i = 0; i < FEAT_COUNT; i++)
		if (r[i].state == FEAT_MISSING)
			return errf(e, GS_EXIT_UNSUPPORTED, -ENOTSUP, "%s: missing; %s",
				    feature_text(i)->name, feature_text(i)->remedy);
	return 0;
}
