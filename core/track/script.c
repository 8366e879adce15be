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

#include "conf/diff.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/loop.h"
#include "core/track/rise_fall.h"

struct track {
	struct tracker *tracker;
	struct loop_timer *timer;
	uint32_t script; /* into conf->scripts */
	uint64_t token;	 /* of the run under way, 0: none */
	uint64_t ran_us; /* when the newest run was due */
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
		.kind = CONF_TRACK_SCRIPT,
		.index = track->script,
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

	track->ran_us = now_us;
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

/* The run under way and the verdict go on; only when the next run comes can have changed. */
static void continue_track(struct track *track, const struct conf_script *old,
			   const struct conf_script *new)
{
	if (old->interval_us != new->interval_us)
		loop_timer_arm(track->timer, track->ran_us + new->interval_us);
}

/* A changed script speaks for itself with its first result; until then the last word stands. */
static void start_track(struct track *track, const struct track *before)
{
	if (before)
		rise_fall_inherit(&track->state, &before->state);
	loop_timer_arm(track->timer, clock_now_us());
}

/* Gives the tracks that go on their new places and starts the others. */
static void adopt(struct tracker *tracker, struct conf_diff *diff, struct track **tracks)
{
	for (uint32_t i = 0; i < diff->new->n_scripts; i++) {
		const struct conf_script *script = &diff->new->scripts[i];
		uint32_t old = diff->scripts[i];

		if (old != CONF_NONE &&
		    !conf_script_restarts(diff, &diff->old->scripts[old], script)) {
			free_track(tracks[i]);
			tracks[i] = tracker->tracks[old];
			tracker->tracks[old] = NULL;
			continue_track(tracks[i], &diff->old->scripts[old], script);
		} else {
			start_track(tracks[i], old == CONF_NONE ? NULL : tracker->tracks[old]);
		}
		tracks[i]->script = i;
	}
}

/* A track for each script, not started. */
static struct track **new_tracks(struct tracker *tracker, const struct conf *conf)
{
	struct track **tracks = calloc(conf->n_scripts + 1, sizeof *tracks);

	for (size_t i = 0; tracks && i < conf->n_scripts; i++) {
		if (new_track(tracker, &conf->scripts[i], &tracks[i]) == 0)
			continue;
		free_tracks(tracks, i);
		return NULL;
	}
	return tracks;
}

int tracker_set_conf(struct tracker *tracker, const struct conf *conf)
{
	struct track **tracks = new_tracks(tracker, conf);
	struct conf_diff *diff = NULL;

	if (!tracks || conf_diff_new(tracker->conf, conf, &diff) < 0) {
		free_tracks(tracks, conf->n_scripts);
		return -ENOMEM;
	}
	adopt(tracker, diff, tracks);
	conf_diff_free(diff);
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
