/* SPDX-License-Identifier: MIT */
/*
 * IPVS-DIRECTOR-MIB 1.3.3: destinations by label. A quoted text index can be typed into command
 * line tools, a binary address index cannot. Thread: agent.
 *
 * A row is there when the service's label is unique among services, the destination's within its
 * service, and both have 1 to 40 octets. Labels that are not unique leave all their bearers out:
 * picking one of them would drain the wrong server some day.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/director_mib.h"

#define LABEL_MAX 40

struct label {
	char text[LABEL_MAX + 1]; /* "" when it cannot be used */
	uint32_t at;		  /* service, or place in snap_check.dests */
};

static void label_set(struct label *label, uint32_t at, const char *text)
{
	size_t size = strnlen(text, LABEL_MAX + 1);

	label->at = at;
	label->text[0] = '\0';
	if (size <= LABEL_MAX)
		memcpy(label->text, text, size + 1);
}

static int label_compare(const void *left, const void *right)
{
	const struct label *a = left, *b = right;

	return strcmp(a->text, b->text);
}

/* Keeps the labels that are usable and unique; returns how many. */
static size_t labels_keep_unique(struct label *labels, size_t count)
{
	size_t kept = 0;

	qsort(labels, count, sizeof(*labels), label_compare);
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i + 1; end < count; end++)
			if (strcmp(labels[i].text, labels[end].text) != 0)
				break;
		if (end == i + 1 && labels[i].text[0])
			labels[kept++] = labels[i];
	}
	return kept;
}

/* room: as many labels as the service has destinations. */
static int add_service(const struct snap_check *check, const struct label *service_label,
		       struct label *room, struct rows *ret)
{
	const struct snap_service *service = &check->services[service_label->at];
	const struct conf_virtual_server *vs = &check->conf->services[service->vs];
	char key[KEY_TEXT_MAX];
	size_t count = 0;

	for (uint32_t d = service->first_dest; d < service->first_dest + service->n_dests; d++) {
		const struct snap_dest *dest = &check->dests[d];

		if (dest->rs != SNAP_SORRY)
			label_set(&room[count++], d,
				  director_name_dest(&vs->servers[dest->rs], &dest->key, key));
	}
	count = labels_keep_unique(room, count);
	for (size_t i = 0; i < count; i++) {
		struct row *row = rows_add(ret, service_label->at, room[i].at);

		if (!row)
			return -ENOMEM;
		row_index_text(row, service_label->text);
		row_index_text(row, room[i].text);
	}
	return 0;
}

static int build(const struct view *view, struct rows *ret)
{
	const struct snap_check *check = view->check;
	struct label *services, *dests;
	char key[KEY_TEXT_MAX];
	size_t count;
	int error = 0;

	if (!check || check->n_services == 0)
		return 0;
	services = calloc(check->n_services + check->n_dests, sizeof(*services));
	if (!services)
		return -ENOMEM;
	dests = services + check->n_services;
	for (uint32_t s = 0; s < check->n_services; s++) {
		const struct snap_service *service = &check->services[s];

		label_set(&services[s], s,
			  director_name_service(&check->conf->services[service->vs], &service->key,
						key));
	}
	count = labels_keep_unique(services, check->n_services);
	for (size_t i = 0; i < count && !error; i++)
		error = add_service(check, &services[i], dests, ret);
	free(services);
	return error;
}

/* The first accessible column of the destination's row. */
static bool pointer(const struct view *view, const struct row *row, struct cell *ret)
{
	director_pointer(CHANGED_DEST, &director_dest_service(view, row)->key,
			 &director_dest(view, row)->key, ret);
	return true;
}

static const struct column columns[] = {
	COLUMN_WRITE(3, INTEGER, director_get_admin, director_set_admin, DEST_LOCKED,
		     DEST_UNLOCKED),
	COLUMN_READ(4, INTEGER, director_get_oper),
	COLUMN_READ(5, INTEGER, director_get_drain),
	COLUMN_READ(6, GAUGE32, director_get_remaining),
	COLUMN_READ(7, OID, pointer),
};

const struct table director_names = {
	.name = "ipvsdNameTable",
	.entry = {DIRECTOR_ROOT, 1, 3, 3, 1},
	.entry_length = DIRECTOR_ROOT_LENGTH + 4,
	.columns = columns,
	.n_columns = CELL_COUNT(columns),
	.build = build,
};
