/* SPDX-License-Identifier: MIT */
/*
 * Looks up every command of a configuration: program by PATH, account by name, and with
 * enable_script_security whether anyone but root could change a program that root runs. Runs in
 * the helper thread (at start in main); it must not log, main does that from the notes.
 */
#include "core/run/scripts.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "conf/utf8.h"

#define DEFAULT_USER "keepalived_script"
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define NOTES_MAX    1024

struct entry {
	const struct conf_command *command;
	char *path; /* NULL: must not run */
	uid_t uid;
	gid_t gid;
	char *groups; /* further ones, numbers with commas; NULL: none */
};

struct account {
	char *user, *group; /* the names looked up last, NULL for the default account */
	bool known, good;
	uid_t uid;
	gid_t gid;
};

struct scripts {
	const struct conf *conf;
	struct entry *entries; /* ascending by command */
	size_t count, room;
	struct scripts_note *notes;
	size_t n_notes, insecure;
	struct account account;
	bool unsafe_root; /* root runs scripts and enable_script_security is off */
	int error;
	/* of global.notify_fifo, vrrp_fifo, lvs_fifo */
	struct account owners[SCRIPTS_FIFOS];
};

static void note(struct scripts *scripts, int level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void note(struct scripts *scripts, int level, const char *format, ...)
{
	va_list arguments;

	if (scripts->n_notes == NOTES_MAX)
		return;
	struct scripts_note *notes =
		reallocarray(scripts->notes, scripts->n_notes + 1, sizeof *notes);
	if (!notes)
		return;
	scripts->notes = notes;
	notes[scripts->n_notes].level = level;
	va_start(arguments, format);
	vsnprintf(notes[scripts->n_notes].text, sizeof notes->text, format, arguments);
	va_end(arguments);
	utf8_clean(notes[scripts->n_notes].text);
	scripts->n_notes++;
}

/* ---- accounts ---- */

static int find_user(const char *name, uid_t *ret_uid, gid_t *ret_gid)
{
	struct passwd entry, *found = NULL;
	char room[4096];

	int error = getpwnam_r(name, &entry, room, sizeof room, &found);
	if (error || !found)
		return -ENOENT;
	*ret_uid = entry.pw_uid;
	*ret_gid = entry.pw_gid;
	return 0;
}

static int find_group(const char *name, gid_t *ret)
{
	struct group entry, *found = NULL;
	char *room = malloc(65536); /* a group names all its members */

	if (!room)
		return -ENOMEM;
	int error = getgrnam_r(name, &entry, room, 65536, &found);
	if (!error && found)
		*ret = entry.gr_gid;
	free(room);
	return error || !found ? -ENOENT : 0;
}

static bool same_name(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool look_up(struct scripts *scripts, struct account *account)
{
	account->uid = geteuid();
	account->gid = getegid();
	if (!account->user)
		return true;
	if (find_user(account->user, &account->uid, &account->gid)) {
		note(scripts, LOG_ERR, "script user '%s' does not exist", account->user);
		return false;
	}
	if (account->group && find_group(account->group, &account->gid)) {
		note(scripts, LOG_ERR, "script group '%s' does not exist", account->group);
		return false;
	}
	return true;
}

/* Commands mostly share one account: the last answer is kept. user NULL: that of scripts. */
static const struct account *account_of(struct scripts *scripts, char *user, char *group)
{
	const struct conf_global *global = &scripts->conf->global;
	struct account *account = &scripts->account;

	if (!user) {
		user = global->script_user;
		group = global->script_group;
	}

	if (!account->known || !same_name(account->user, user) ||
	    !same_name(account->group, group)) {
		uid_t uid;
		gid_t gid;

		*account = (struct account){.user = user, .group = group, .known = true};
		if (!user && !find_user(DEFAULT_USER, &uid, &gid)) {
			account->uid = uid;
			account->gid = gid;
			account->good = true;
		} else {
			account->good = look_up(scripts, account);
		}
	}
	return account;
}

/* All groups of an account, as vipd-exec wants them; NULL when nobody has that number. */
static char *groups_of(uid_t uid, gid_t gid)
{
	struct passwd entry, *found = NULL;
	char room[4096], *text = NULL;
	size_t length;
	int count = 64;

	if (getpwuid_r(uid, &entry, room, sizeof room, &found) || !found)
		return NULL;
	gid_t *groups = calloc((size_t)count, sizeof *groups);
	while (groups && getgrouplist(entry.pw_name, gid, groups, &count) < 0) {
		free(groups);
		groups = calloc((size_t)count, sizeof *groups);
	}
	FILE *to = groups ? open_memstream(&text, &length) : NULL;
	for (int i = 0; to && i < count; i++)
		fprintf(to, "%s%lu", i ? "," : "", (unsigned long)groups[i]);
	if (to && fclose(to)) {
		free(text);
		text = NULL;
	}
	free(groups);
	return text;
}

/* Commands mostly share one account: what the last one got is taken again. */
static void find_groups(struct scripts *scripts, struct entry *entry)
{
	const struct entry *last = scripts->count ? &scripts->entries[scripts->count - 1] : NULL;

	if (!scripts->conf->global.set_supplementary_groups)
		return;
	if (last && last->groups && last->uid == entry->uid && last->gid == entry->gid)
		entry->groups = strdup(last->groups);
	else
		entry->groups = groups_of(entry->uid, entry->gid);
}

/* ---- programs ---- */

static bool is_program(const char *path)
{
	struct stat found;

	return !stat(path, &found) && S_ISREG(found.st_mode) &&
	       (found.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH));
}

/* The absolute path of a program, malloc'd, or NULL. as_written: links are left in it. */
static char *find_program(const char *name, bool as_written)
{
	const char *at = getenv("PATH");
	char *path;

	if (*name == '/' && as_written)
		return is_program(name) ? strdup(name) : NULL;
	if (strchr(name, '/'))
		return is_program(name) ? realpath(name, NULL) : NULL;
	if (!at || !*at)
		at = DEFAULT_PATH;
	while (*at) {
		size_t length = strcspn(at, ":");

		if (length && asprintf(&path, "%.*s/%s", (int)length, at, name) >= 0) {
			if (is_program(path))
				return path;
			free(path);
		}
		at += length + (at[length] == ':');
	}
	return NULL;
}

static bool others_may_write(const char *path)
{
	struct stat found;

	if (stat(path, &found) < 0)
		return true;
	if (found.st_uid != 0 && (found.st_mode & S_IWUSR))
		return true;
	if (found.st_gid != 0 && (found.st_mode & S_IWGRP))
		return true;
	/* In a sticky directory others cannot replace what root owns. */
	return (found.st_mode & S_IWOTH) && !(S_ISDIR(found.st_mode) && (found.st_mode & S_ISVTX));
}

/* Whether anyone but root could change the program or a directory above it. */
static bool is_insecure(const char *path)
{
	char *real = realpath(path, NULL);
	bool insecure = !real;

	while (real && !insecure && *real) {
		insecure = others_may_write(real);
		*strrchr(real, '/') = '\0';
	}
	free(real);
	return insecure || others_may_write("/");
}

/* ---- the walk ---- */

static void add_command(struct scripts *scripts, const struct conf_command *command)
{
	if (!command->text || !command->argv || !command->argv[0] || scripts->error)
		return;
	if (scripts->count == scripts->room) {
		size_t room = scripts->room ? 2 * scripts->room : 16;
		struct entry *entries = reallocarray(scripts->entries, room, sizeof *entries);

		if (!entries) {
			scripts->error = -ENOMEM;
			return;
		}
		scripts->entries = entries;
		scripts->room = room;
	}
	const struct account *account = account_of(scripts, command->user, command->group);
	struct entry entry = {.command = command, .uid = account->uid, .gid = account->gid};
	if (account->good) {
		find_groups(scripts, &entry);
		entry.path =
			find_program(command->argv[0], scripts->conf->global.use_symlink_paths);
		if (!entry.path)
			note(scripts, LOG_ERR,
			     "'%s' is not there or not executable, it will not run",
			     command->argv[0]);
	}
	if (entry.path && entry.uid == 0 && !scripts->conf->global.script_security) {
		scripts->unsafe_root = true;
	} else if (entry.path && entry.uid == 0 && is_insecure(entry.path)) {
		note(scripts, LOG_ERR,
		     "'%s' would run as root but others can change it, it will not run",
		     entry.path);
		scripts->insecure++;
		free(entry.path);
		entry.path = NULL;
	}
	scripts->entries[scripts->count++] = entry;
}

static void add_notify(struct scripts *scripts, const struct conf_notify *notify)
{
	add_command(scripts, &notify->master);
	add_command(scripts, &notify->backup);
	add_command(scripts, &notify->fault);
	add_command(scripts, &notify->stop);
	add_command(scripts, &notify->deleted);
	add_command(scripts, &notify->any);
	add_command(scripts, &notify->master_rx_lower_pri);
}

static void add_service(struct scripts *scripts, const struct conf_virtual_server *service)
{
	add_command(scripts, &service->quorum_up);
	add_command(scripts, &service->quorum_down);
	for (size_t i = 0; i < service->n_servers; i++) {
		const struct conf_real_server *server = &service->servers[i];

		add_command(scripts, &server->notify_up);
		add_command(scripts, &server->notify_down);
		for (size_t k = 0; k < server->n_checkers; k++)
			if (server->checkers[k].type == CONF_MISC_CHECK)
				add_command(scripts, &server->checkers[k].command);
	}
}

static const struct conf_fifo *fifo_at(const struct conf *conf, enum scripts_fifo which)
{
	const struct conf_fifo *const fifos[] = {
		[SCRIPTS_FIFO_ALL] = &conf->global.notify_fifo,
		[SCRIPTS_FIFO_VRRP] = &conf->global.vrrp_fifo,
		[SCRIPTS_FIFO_LVS] = &conf->global.lvs_fifo,
	};

	return fifos[which];
}

static void add_fifo(struct scripts *scripts, enum scripts_fifo which)
{
	const struct conf_fifo *fifo = fifo_at(scripts->conf, which);

	if (!fifo->fifo_path)
		return;
	scripts->owners[which] = *account_of(scripts, fifo->fifo_user, fifo->fifo_group);
	if (!scripts->owners[which].good)
		note(scripts, LOG_ERR, "FIFO %s is not used: there is no such user or group",
		     fifo->fifo_path);
	add_command(scripts, &fifo->fifo_reader);
}

static int compare_entries(const void *left, const void *right)
{
	uintptr_t a = (uintptr_t)((const struct entry *)left)->command;
	uintptr_t b = (uintptr_t)((const struct entry *)right)->command;

	return (a > b) - (a < b);
}

int scripts_resolve(const struct conf *conf, struct scripts **ret)
{
	struct scripts *scripts = calloc(1, sizeof *scripts);

	if (!scripts)
		return -ENOMEM;
	scripts->conf = conf;
	add_command(scripts, &conf->global.startup_script);
	add_command(scripts, &conf->global.shutdown_script);
	for (int which = 0; which < SCRIPTS_FIFOS; which++)
		add_fifo(scripts, (enum scripts_fifo)which);
	for (size_t i = 0; i < conf->n_scripts; i++)
		add_command(scripts, &conf->scripts[i].command);
	for (size_t i = 0; i < conf->n_instances; i++)
		add_notify(scripts, &conf->instances[i].notify);
	for (size_t i = 0; i < conf->n_groups; i++)
		add_notify(scripts, &conf->groups[i].notify);
	for (size_t i = 0; i < conf->n_services; i++)
		add_service(scripts, &conf->services[i]);
	if (scripts->error) {
		scripts_free(scripts);
		return -ENOMEM;
	}
	if (scripts->unsafe_root)
		note(scripts, LOG_WARNING,
		     "scripts run as root and enable_script_security is off; set script_user or "
		     "create the user " DEFAULT_USER);
	if (scripts->count)
		qsort(scripts->entries, scripts->count, sizeof *scripts->entries, compare_entries);
	*ret = scripts;
	return 0;
}

struct scripts *scripts_free(struct scripts *scripts)
{
	if (!scripts)
		return NULL;
	for (size_t i = 0; i < scripts->count; i++) {
		free(scripts->entries[i].groups);
		free(scripts->entries[i].path);
	}
	free(scripts->entries);
	free(scripts->notes);
	free(scripts);
	return NULL;
}

int scripts_command(const struct scripts *scripts, const struct conf_command *command,
		    struct exec_command *ret)
{
	struct entry key = {.command = command};
	const struct entry *entry = NULL;

	if (scripts->count)
		entry = bsearch(&key, scripts->entries, scripts->count, sizeof key,
				compare_entries);
	if (!entry || !entry->path)
		return -EACCES;
	*ret = (struct exec_command){
		.path = entry->path,
		.argv = (const char *const *)command->argv,
		.uid = entry->uid,
		.gid = entry->gid,
		.groups = entry->groups,
	};
	return 0;
}

const struct conf_fifo *scripts_fifo(const struct scripts *scripts, enum scripts_fifo which,
				     uid_t *ret_uid, gid_t *ret_gid)
{
	const struct conf_fifo *fifo = fifo_at(scripts->conf, which);

	if (!fifo->fifo_path || !scripts->owners[which].good)
		return NULL;
	*ret_uid = scripts->owners[which].uid;
	*ret_gid = scripts->owners[which].gid;
	return fifo;
}

const struct scripts_note *scripts_notes(const struct scripts *scripts, size_t *ret_count)
{
	*ret_count = scripts->n_notes;
	return scripts->notes;
}

size_t scripts_insecure(const struct scripts *scripts)
{
	return scripts->insecure;
}
