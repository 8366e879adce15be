/* SPDX-License-Identifier: MIT */
/*
 * The schedule of track scripts: one timer and one counter for each. A script that is still running
 * when its interval ends is skipped for that interval. Runs in the main thread; starts no process
 * itself and knows nothing of VRRP.
 */
#include "core/track/script.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/loop.h"
#include "core/track/rise_fall.h"

struct track {
	struct tracker *tracker;
	struct loop_timer *timer;
	uint32_t script; /* into conf->scripts */
	uint64_t token;	 /* of the run under way, 0: none */
	struct rise_fall state;
	bool has_status;
	int last_status;
};

struct tracker {
	struct loop *loop;
	const struct tracker_hooks *hooks;
	void *owner;
	const struct conf *conf;
	struct track **tracks; /* one for each script of conf, same order */
	uint64_t next_token;
};

int tracker_new(struct loop *loop, const struct tracker_hooks *hooks, void *owner,
		struct tracker **ret)
{
	struct tracker *tracker = calloc(1, sizeof *tracker);

	if (!tracker)
		return -ENOMEM;
	tracker->loop = loop;
	tracker->hooks = hooks;
	tracker->owner = owner;
	tracker->next_token = 1;
	*ret = tracker;
	return 0;
}

static void free_track(struct track *track)
{
	if (!track)
		return;
	if (track->token)
		track->tracker->hooks->cancel(track->token, track->tracker->owner);
	loop_timer_free(track->timer);
	free(track);
}

static void free_tracks(struct track **tracks, size_t count)
{
	for (size_t i = 0; tracks && i < count; i++)
		free_track(tracks[i]);
	free(tracks);
}

struct tracker *tracker_free(struct tracker *tracker)
{
	if (!tracker)
		return NULL;
	if (tracker->conf)
		free_tracks(tracker->tracks, tracker->conf->n_scripts);
	conf_unref(tracker->conf);
	free(tracker);
	return NULL;
}

static void report(struct track *track)
{
	struct msg_track message = {
		.generation = track->tracker->conf->generation,
		.script = track->script,
		.up = rise_fall_is_up(&track->state),
		.decided = track->state.decided,
	};

	track->tracker->hooks->result(&message, track->tracker->owner);
}

static void take_result(struct track *track, bool success)
{
	if (!rise_fall_step(&track->state, success))
		return;
	log_notice("track", "script %s is %s", track->tracker->conf->scripts[track->script].name,
		   rise_fall_is_up(&track->state) ? "up" : "down");
	report(track);
}

static void on_interval(uint64_t now_us, void *owner)
{
	struct track *track = owner;
	struct tracker *tracker = track->tracker;
	const struct conf_script *script = &tracker->conf->scripts[track->script];

	loop_timer_arm(track->timer, now_us + script->interval_us);
	if (track->token) {
		log_info("track", "script %s is still running, this run is skipped", script->name);
		return;
	}
	track->token = tracker->next_token++;
	int error = tracker->hooks->run(track->token, script, tracker->owner);
	if (!error)
		return;
	track->token = 0;
	log_error("track", "script %s could not be started: %s", script->name, strerror(-error));
	take_result(track, false);
}

static int new_track(struct tracker *tracker, const struct conf_script *script, struct track **ret)
{
	struct track *track = calloc(1, sizeof *track);

	if (!track)
		return -ENOMEM;
	track->tracker = tracker;
	int error = loop_timer_new(tracker->loop, on_interval, track, &track->timer);
	if (error) {
		free(track);
		return error;
	}
	rise_fall_init(&track->state, script->rise, script->fall, script->init_fail);
	*ret = track;
	return 0;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool same_argv(char **a, char **b)
{
	size_t i = 0;

	if (!a || !b)
		return a == b;
	while (a[i] && b[i] && !strcmp(a[i], b[i]))
		i++;
	return !a[i] && !b[i];
}

/* weight and reverse belong to the vrrp engine: changing them starts nothing again. */
static bool same_script(const struct conf_script *a, const struct conf_script *b)
{
	return !strcmp(a->name, b->name) && same_argv(a->command.argv, b->command.argv) &&
	       same_text(a->command.user, b->command.user) &&
	       same_text(a->command.group, b->command.group) && a->interval_us == b->interval_us &&
	       a->timeout_us == b->timeout_us && a->rise == b->rise && a->fall == b->fall &&
	       a->init_fail == b->init_fail;
}

/* Position of the old track of an unchanged script, CONF_NONE when it is new. */
static uint32_t find_old(const struct tracker *tracker, const struct conf_script *script)
{
	size_t count = tracker->conf ? tracker->conf->n_scripts : 0;

	for (size_t i = 0; i < count; i++)
		if (tracker->tracks[i] && same_script(&tracker->conf->scripts[i], script))
			return (uint32_t)i;
	return CONF_NONE;
}

/* A changed script speaks for itself with its first result; until then the last word stands. */
static void inherit(const struct tracker *tracker, struct track *track, const char *name)
{
	size_t count = tracker->conf ? tracker->conf->n_scripts : 0;

	for (size_t i = 0; i < count; i++)
		if (tracker->tracks[i] && !strcmp(tracker->conf->scripts[i].name, name))
			rise_fall_inherit(&track->state, &tracker->tracks[i]->state);
}

/* Gives the unchanged tracks their new places and starts the new ones. */
static void adopt(struct tracker *tracker, struct track **tracks, const struct conf *conf)
{
	for (uint32_t i = 0; i < conf->n_scripts; i++) {
		uint32_t old = find_old(tracker, &conf->scripts[i]);

		if (old != CONF_NONE) {
			free_track(tracks[i]);
			tracks[i] = tracker->tracks[old];
			tracker->tracks[old] = NULL;
		} else {
			inherit(tracker, tracks[i], conf->scripts[i].name);
			loop_timer_arm(tracks[i]->timer, clock_now_us());
		}
		tracks[i]->script = i;
	}
}

int tracker_set_conf(struct tracker *tracker, const struct conf *conf)
{
	struct track **tracks = calloc(conf->n_scripts + 1, sizeof *tracks);

	if (!tracks)
		return -ENOMEM;
	for (size_t i = 0; i < conf->n_scripts; i++) {
		int error = new_track(tracker, &conf->scripts[i], &tracks[i]);

		if (error) {
			free_tracks(tracks, i);
			return error;
		}
	}
	adopt(tracker, tracks, conf);
	if (tracker->conf)
		free_tracks(tracker->tracks, tracker->conf->n_scripts);
	conf_unref(tracker->conf);
	tracker->conf = conf_ref(conf);
	tracker->tracks = tracks;
	for (size_t i = 0; i < conf->n_scripts; i++)
		report(tracks[i]);
	return 0;
}

void tracker_done(struct tracker *tracker, uint64_t token, bool success, int status)
{
	size_t count = tracker->conf ? tracker->conf->n_scripts : 0;

	for (size_t i = 0; i < count; i++) {
		struct track *track = tracker->tracks[i];

		if (track->token != token)
			continue;
		track->token = 0;
		if (!track->has_status || track->last_status != status)
			log_info("track", "script %s now returns %d",
				 tracker->conf->scripts[i].name, status);
		track->has_status = true;
		track->last_status = status;
		take_result(track, success);
		return;
	}
}
