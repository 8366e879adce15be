/* SPDX-License-Identifier: MIT */
/*
 * One load from beginning to end: two arenas (one for the model, one that goes when the load ends)
 * and one exit for memory being out. Runs in main at the start and in the helper thread at a
 * reload; prints nothing.
 */
#include "conf/load.h"

#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#include "conf/build.h"
#include "conf/scopes.h"

struct text {
	const char *name;
	const char *text; /* NULL: read the file called name */
	size_t size;
};

/* The host name up to its first dot, into room. */
static const char *default_id(struct utsname *room)
{
	char *dot;

	if (uname(room) < 0)
		return "";
	dot = strchr(room->nodename, '.');
	if (dot)
		*dot = '\0';
	return room->nodename;
}

static int build_model(struct build *build, const struct text *from,
		       const struct tree_options *options)
{
	struct node *root = arena_alloc(build->scratch, sizeof(*root));
	int r = 0;

	if (from->text)
		tree_read_text(build->scratch, &build->diags, options, from->name, from->text,
			       from->size, root);
	else
		r = tree_read_file(build->scratch, &build->diags, options, from->name, root);
	if (r < 0)
		return r;
	build->root = root;
	build->conf = arena_alloc(build->arena, sizeof(*build->conf));
	build->conf->file = arena_strdup(build->arena, from->name);
	build->conf->arena = build->arena;
	atomic_init(&build->conf->references, 1);
	build_fill_defaults(&scope_global, &build->global);
	build_fill_defaults(&scope_root, &build->global);
	build_apply(build, root);
	if (build->keep)
		keep_restore(build);
	finish_global(build);
	finish_vrrp(build);
	finish_static(build);
	finish_services(build);
	return build->diags.errors ? -EINVAL : 0;
}

/* Everything that allocates from the arenas happens below this frame. */
static int guard(struct build *build, const struct text *from, const struct tree_options *options)
{
	jmp_buf out_of_memory;

	if (setjmp(out_of_memory))
		return -ENOMEM;
	arena_on_failure(build->scratch, &out_of_memory);
	arena_on_failure(build->arena, &out_of_memory);
	return build_model(build, from, options);
}

static int load_once(const struct text *from, const struct conf_load_options *options,
		     struct keep *keep, const struct conf **ret, struct diag_list *ret_diags)
{
	static const struct conf_load_options none;
	struct build build = {.scratch = arena_new(),
			      .arena = arena_new(),
			      .options = options ? options : &none,
			      .keep = keep};
	struct tree_options tree_options = {0};
	struct utsname name;
	int r = -ENOMEM, finished;

	memset(ret_diags, 0, sizeof(*ret_diags));
	build.diags.arena = build.scratch;
	build.diags.strict = build.options->strict;
	tree_options.include_check = build.options->include_check;
	tree_options.config_id =
		build.options->config_id ? build.options->config_id : default_id(&name);
	if (build.scratch && build.arena)
		r = guard(&build, from, &tree_options);
	if (build.scratch && r != -ENOMEM) {
		finished = diags_finish(&build.diags, ret_diags);
		r = finished < 0 ? finished : r;
	}
	arena_free(build.scratch);
	if (r < 0) {
		arena_free(build.arena);
		return r;
	}
	arena_on_failure(build.arena, NULL);
	*ret = build.conf;
	return 0;
}

/* What must not change is known when the whole is loaded; if anything did, once more without it. */
static int load(const struct text *from, const struct conf_load_options *options,
		const struct conf **ret, struct diag_list *ret_diags)
{
	const struct conf *conf;
	struct keep keep;
	int r = load_once(from, options, NULL, &conf, ret_diags);

	if (r < 0)
		return r;
	if (options && options->previous) {
		r = keep_find(options->previous, conf, &keep);
		if (r < 0 || keep.n) {
			conf_unref(conf);
			diag_list_free(ret_diags);
		}
		if (r == 0 && keep.n)
			r = load_once(from, options, &keep, &conf, ret_diags);
		if (r < 0)
			return r;
	}
	*ret = conf;
	return 0;
}

int conf_load(const char *file, const struct conf_load_options *options, const struct conf **ret,
	      struct diag_list *ret_diags)
{
	struct text from = {.name = file};

	return load(&from, options, ret, ret_diags);
}

int conf_load_text(const char *name, const char *text, size_t size,
		   const struct conf_load_options *options, const struct conf **ret,
		   struct diag_list *ret_diags)
{
	struct text from = {.name = name, .text = text ? text : "", .size = size};

	return load(&from, options, ret, ret_diags);
}
