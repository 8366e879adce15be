/* SPDX-License-Identifier: MIT */
/*
 * Three FIFOs: for everything, for routers, for servers. A FIFO is made before its reader is
 * started, and written whether it has a reader or not: the pipe keeps what fits. Runs in main; must
 * not wait, so a record that does not fit is lost, counted, and told of once a minute.
 */
#include "core/run/fifos.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/run/exec.h"
#include "core/run/fifo.h"

#define TELL_EVERY_US (60 * USEC_PER_SEC)

struct channel {
	struct fifo *fifo; /* NULL: not in use */
	/* what it was made from; path NULL: none is configured */
	char *path;
	uid_t uid;
	gid_t gid;
	char *reader;	/* its command in one text, NULL: none */
	uint64_t token; /* of the reader that runs, 0: none does */
	uint64_t lost, told_us;
};

struct fifos {
	struct exec *exec;
	struct channel channels[SCRIPTS_FIFOS];
	uint64_t tokens; /* given out so far */
	bool terminate_lvs;
};

int fifos_new(struct exec *exec, struct fifos **ret)
{
	struct fifos *fifos = calloc(1, sizeof *fifos);

	if (!fifos)
		return -ENOMEM;
	fifos->exec = exec;
	*ret = fifos;
	return 0;
}

/* ---- readers ---- */

static void on_reader_end(const struct exec_end *end, uint64_t token, void *owner)
{
	struct fifos *fifos = owner;

	for (int i = 0; i < SCRIPTS_FIFOS; i++) {
		struct channel *channel = &fifos->channels[i];

		if (channel->token != token)
			continue;
		channel->token = 0;
		if (!channel->fifo)
			return; /* at the end of the daemon, as it should */
		if (end->error)
			log_error("main", "the reader of FIFO %s cannot run: %s", channel->path,
				  strerror(-end->error));
		else
			log_warn("main",
				 "the reader of FIFO %s has ended (%s %d); a reload starts it "
				 "again",
				 channel->path, WIFEXITED(end->wait_status) ? "status" : "signal",
				 WIFEXITED(end->wait_status) ? WEXITSTATUS(end->wait_status)
							     : WTERMSIG(end->wait_status));
	}
}

static void stop_reader(struct fifos *fifos, struct channel *channel)
{
	if (channel->token)
		exec_cancel(fifos->exec, EXEC_READER, channel->token, fifos);
	channel->token = 0;
}

static void start_reader(struct fifos *fifos, struct channel *channel,
			 const struct fifos_wish *wish, const struct conf_command *reader)
{
	const char *more[] = {channel->path, NULL};
	struct exec_command command;

	if (!channel->reader || channel->token || scripts_command(wish->scripts, reader, &command))
		return; /* the load has said what is wrong with it */
	command.more = more;
	uint64_t token = ++fifos->tokens;
	int error = exec_start(fifos->exec, EXEC_READER, &command, 0, on_reader_end, token, fifos);
	if (error)
		log_error("main", "cannot run '%s': %s", reader->text, strerror(-error));
	else
		channel->token = token;
}

/* NULL: no command, or no memory, which means a restart of the reader at the next reload. */
static char *command_text(const struct conf_command *command)
{
	char *text;

	if (!command->text)
		return NULL;
	if (asprintf(&text, "%s\n%s\n%s", command->text, command->user ? command->user : "",
		     command->group ? command->group : "") < 0)
		return NULL;
	return text;
}

/* ---- FIFOs ---- */

static void close_channel(struct fifos *fifos, struct channel *channel)
{
	stop_reader(fifos, channel);
	fifo_close(channel->fifo);
	free(channel->path);
	free(channel->reader);
	*channel = (struct channel){.lost = channel->lost};
}

struct fifos *fifos_free(struct fifos *fifos)
{
	if (!fifos)
		return NULL;
	for (int i = 0; i < SCRIPTS_FIFOS; i++)
		close_channel(fifos, &fifos->channels[i]);
	free(fifos);
	return NULL;
}

static void open_channel(struct channel *channel, bool private)
{
	/* Without a mask in the text it is keepalived's own, which leaves the owner alone. */
	const struct fifo_wish wish = {.path = channel->path,
				       .uid = channel->uid,
				       .gid = channel->gid,
				       .mode = private ? 0600 : 0644};
	int error = fifo_open(&wish, &channel->fifo);

	if (error == -EEXIST)
		log_error("main", "FIFO %s is not used: something else has that name", wish.path);
	else if (error == -EPERM)
		log_error("main", "FIFO %s is not used: it belongs to somebody else", wish.path);
	else if (error)
		log_error("main", "FIFO %s cannot be used: %s", wish.path, strerror(-error));
}

static const struct conf_fifo *wanted_fifo(const struct fifos_wish *wish, enum scripts_fifo which,
					   uid_t *ret_uid, gid_t *ret_gid)
{
	return wish->wanted[which] ? scripts_fifo(wish->scripts, which, ret_uid, ret_gid) : NULL;
}

static void drop_channel(struct fifos *fifos, enum scripts_fifo which,
			 const struct fifos_wish *wish)
{
	struct channel *channel = &fifos->channels[which];
	uid_t uid;
	gid_t gid;
	const struct conf_fifo *conf = wanted_fifo(wish, which, &uid, &gid);

	if (channel->path && (!conf || strcmp(conf->fifo_path, channel->path) != 0 ||
			      uid != channel->uid || gid != channel->gid))
		close_channel(fifos, channel);
}

static void use_channel(struct fifos *fifos, enum scripts_fifo which, const struct fifos_wish *wish)
{
	struct channel *channel = &fifos->channels[which];
	const struct conf_fifo *conf = wanted_fifo(wish, which, &channel->uid, &channel->gid);

	if (conf && !channel->path)
		channel->path = strdup(conf->fifo_path);
	if (!conf || !channel->path)
		return; /* without memory the next reload tries again */
	if (!channel->fifo)
		open_channel(channel, wish->private);
	char *reader = command_text(&conf->fifo_reader);
	if (!reader || !channel->reader || strcmp(reader, channel->reader) != 0)
		stop_reader(fifos, channel);
	free(channel->reader);
	channel->reader = reader;
	if (channel->fifo)
		start_reader(fifos, channel, wish, &conf->fifo_reader);
}

void fifos_use(struct fifos *fifos, const struct fifos_wish *wish)
{
	fifos->terminate_lvs = wish->terminate_lvs;
	/* First what goes: its name may be that of one that comes. */
	for (int i = 0; i < SCRIPTS_FIFOS; i++)
		drop_channel(fifos, (enum scripts_fifo)i, wish);
	for (int i = 0; i < SCRIPTS_FIFOS; i++)
		use_channel(fifos, (enum scripts_fifo)i, wish);
}

/* ---- records ---- */

static void write_one(struct channel *channel, const char *record, size_t size, uint64_t now_us)
{
	int error = channel->fifo ? fifo_write(channel->fifo, record, size) : 0;

	if (!error)
		return;
	channel->lost++;
	if (channel->told_us && now_us < channel->told_us + TELL_EVERY_US)
		return;
	channel->told_us = now_us;
	log_warn("main", "FIFO %s: %s; %llu records lost so far", channel->path,
		 error == -EAGAIN ? "it is full, nobody reads it" : strerror(-error),
		 (unsigned long long)channel->lost);
}

void fifos_write(struct fifos *fifos, enum scripts_fifo which, const char *record, size_t length,
		 uint64_t now_us)
{
	size_t size = length + (which == SCRIPTS_FIFO_LVS && fifos->terminate_lvs ? 1 : 0);

	if (!length)
		return;
	write_one(&fifos->channels[which], record, size, now_us);
	write_one(&fifos->channels[SCRIPTS_FIFO_ALL], record, size, now_us);
}

void fifos_finish(struct fifos *fifos)
{
	for (int i = 0; i < SCRIPTS_FIFOS; i++)
		fifos->channels[i].fifo = fifo_close(fifos->channels[i].fifo);
}

uint64_t fifos_lost(const struct fifos *fifos)
{
	uint64_t lost = 0;

	for (int i = 0; i < SCRIPTS_FIFOS; i++)
		lost += fifos->channels[i].lost;
	return lost;
}
