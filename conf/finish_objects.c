/* SPDX-License-Identifier: MIT */
/*
 * The objects that BFD_CHECK and FILE_CHECK follow: names to indices, and the weight of a file
 * whose checker names none. The objects' own arrays are final. Runs in the thread that loads.
 */
#include <stdint.h>

#include "conf/finish_lvs.h"
#include "conf/names.h"

#define SETTER(checker, member)                                                                    \
	tree_setter((checker)->node, offsetof(struct draft_checker, model.member))

struct objects {
	struct names bfds;  /* struct conf_bfd */
	struct names files; /* struct conf_track_file */
};

static struct objects collect(struct build *build)
{
	struct conf *conf = build->conf;
	struct objects objects = {.bfds = names_new(build->scratch, conf->n_bfds),
				  .files = names_new(build->scratch, conf->n_files)};

	for (size_t i = 0; i < conf->n_bfds; i++)
		names_add(&objects.bfds, conf->bfds[i].name, &conf->bfds[i]);
	for (size_t i = 0; i < conf->n_files; i++)
		names_add(&objects.files, conf->files[i].name, &conf->files[i]);
	names_sort(&objects.bfds);
	names_sort(&objects.files);
	return objects;
}

/* The object of that name, reported when there is none; kind is its keyword. */
static void *find(struct build *build, const struct draft_checker *checker,
		  const struct names *names, const char *kind)
{
	const char *name = checker->model.object.name, *near;
	void *object = names_find(names, name);

	if (object)
		return object;
	near = names_nearest(names, name);
	build_error(build, SETTER(checker, object.name), 1, "there is no %s '%.64s'%s%s%s", kind,
		    name, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	return NULL;
}

static void resolve_bfd(struct build *build, const struct names *names,
			struct draft_checker *checker)
{
	const struct conf_bfd *bfd = find(build, checker, names, "bfd_instance");

	if (!bfd)
		return;
	checker->model.object.index = (uint32_t)(bfd - build->conf->bfds);
	if (!bfd->checker)
		build_error(build, SETTER(checker, object.name), 1,
			    "'%.64s' tells instances only; say 'checker' in it, too", bfd->name);
}

static void resolve_file(struct build *build, const struct names *names,
			 struct draft_checker *checker)
{
	const struct conf_track_file *file = find(build, checker, names, "track_file");

	if (!file)
		return;
	checker->model.object.index = (uint32_t)(file - build->conf->files);
	if (SETTER(checker, object.weight))
		return;
	checker->model.object.weight = file->weight;
	checker->model.object.reverse = file->reverse;
}

static void resolve_server(struct build *build, const struct objects *objects,
			   struct draft_real_server *server)
{
	for (struct item *item = server->checkers.first; item; item = item->next) {
		struct draft_checker *checker = ITEM(draft_checker, item);

		/* Without a name it was refused already. */
		if (checker->model.type == CONF_BFD_CHECK && checker->model.object.name)
			resolve_bfd(build, &objects->bfds, checker);
		if (checker->model.type == CONF_FILE_CHECK && checker->model.object.name)
			resolve_file(build, &objects->files, checker);
	}
}

void finish_objects(struct build *build)
{
	struct objects objects = collect(build);

	for (struct item *item = build->services.first; item; item = item->next) {
		struct draft_virtual_server *service = ITEM(draft_virtual_server, item);

		for (struct item *server = service->servers.first; server; server = server->next)
			resolve_server(build, &objects, ITEM(draft_real_server, server));
	}
}
