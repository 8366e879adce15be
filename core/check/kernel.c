/* SPDX-License-Identifier: MIT */
/*
 * The check engine's hands in the kernel, through struct ipvs_ops: open and reopen, apply, look,
 * notice drift. Blocks for one kernel reply at a time. Must not decide anything: what is wanted
 * comes from the reducer. An entry that a full dump does not show may only have been missed by it,
 * so a difference counts when a look at that service alone agrees.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/check/engine.h"

#define FAILED_LOOKS_MAX 2 /* then the socket is made anew */

/* ---- what is wanted ---- */

static struct ipvs_want_dest *wanted_dests(const struct service *service, size_t *ret_count)
{
	struct server_input *inputs = engine_inputs(service);
	struct ipvs_want_dest *dests =
		calloc(service->n_servers + 1 + service->n_leaving, sizeof *dests);

	if (inputs && dests) {
		*ret_count = leaving_want(
			service, dests,
			service_want_dests(service->conf, inputs, &service->quorum, dests));
	} else {
		free(dests);
		dests = NULL;
	}
	free(inputs);
	return dests;
}

static int on_difference(enum ipvs_step step, const struct dest_key *key,
			 const struct ipvs_want_dest *want, void *owner)
{
	(void)step;
	(void)key;
	(void)want;
	++*(unsigned *)owner;
	return 0;
}

static bool differs(const struct ipvs_want *want, const struct member *member)
{
	unsigned differences = 0;

	if (!member->in_kernel || ipvs_service_differs(want, &member->found))
		return true;
	ipvs_diff_dests(want, member->dests, member->n_dests, on_difference, &differences);
	return differences > 0;
}

/* ---- apply ---- */

static void explain(const struct service *service, const struct member *member, int error)
{
	char text[KEY_TEXT_MAX];

	svc_key_format(&member->key, text);
	if (error == -ENOENT)
		log_error("ipvs", "%s: this kernel has no scheduler \"%s\"%s%s%s", text,
			  service->conf->scheduler,
			  service->conf->persistence_engine ? " or no persistence engine \"" : "",
			  service->conf->persistence_engine ? service->conf->persistence_engine
							    : "",
			  service->conf->persistence_engine ? "\"" : "");
	else
		log_error("ipvs", "%s: the kernel refuses: %s", text, strerrordesc_np(-error));
}

static int apply_member(struct engine *engine, struct service *service, struct member *member,
			const struct ipvs_want *want)
{
	int error =
		engine->ops->apply(engine->ipvs, want, member->in_kernel ? &member->found : NULL,
				   member->in_kernel ? member->dests : NULL);

	if (error != member->error && error < 0)
		explain(service, member, error);
	else if (error == 0 && member->error < 0)
		log_notice("ipvs", "%s: the kernel accepts it now", service->conf->id);
	member->error = error;
	return error;
}

static void drains_follow(struct engine *engine, struct service *service, bool ok)
{
	for (size_t i = 0; i < service->n_servers; i++) {
		struct server *server = service->servers[i];
		struct admin before = server->admin;
		enum admin_effect effect = admin_kernel(&server->admin, ok);

		drain_effect(engine, server, effect, &before, ok ? NULL : "refused by the kernel");
	}
}

int kernel_apply(struct engine *engine, struct service *service, bool *ret_sent)
{
	size_t n_dests = 0;
	int first = 0;

	if (!engine->ipvs)
		return 0;
	/* Told again before it was looked at: what to delete would not be known. */
	if (service->unseen)
		kernel_look(engine, service);
	struct ipvs_want_dest *dests = wanted_dests(service, &n_dests);
	if (!dests)
		return -ENOMEM;
	for (size_t k = 0; engine->ipvs && k < service->n_members; k++) {
		struct member *member = &service->members[k];
		struct ipvs_want want = service_want(service->conf, &member->key, dests, n_dests);

		if (!differs(&want, member)) {
			member->error = 0;
			continue;
		}
		*ret_sent = true;
		member->drifted = false;
		service->unseen = true;
		int error = apply_member(engine, service, member, &want);
		if (first == 0)
			first = error;
	}
	free(dests);
	drains_follow(engine, service, first == 0);
	return first;
}

static void remember_orphan(struct engine *engine, const struct svc_key *key)
{
	if (engine->n_orphans == engine->room_orphans) {
		size_t room = engine->room_orphans ? 2 * engine->room_orphans : 8;
		struct svc_key *bigger = reallocarray(engine->orphans, room, sizeof *bigger);

		if (!bigger)
			return; /* it was said that it is still there */
		engine->orphans = bigger;
		engine->room_orphans = room;
	}
	engine->orphans[engine->n_orphans++] = *key;
}

void kernel_remove(struct engine *engine, const struct svc_key *key)
{
	char text[KEY_TEXT_MAX];
	int error = engine->ipvs ? engine->ops->remove(engine->ipvs, key) : 0;

	if (error == 0)
		return;
	log_error("ipvs", "cannot remove %s: %s; it is tried again", svc_key_format(key, text),
		  strerrordesc_np(-error));
	remember_orphan(engine, key);
}

/* One that is configured again meanwhile is none. */
static void remove_orphans(struct engine *engine)
{
	char text[KEY_TEXT_MAX];
	size_t kept = 0;

	for (size_t i = 0; i < engine->n_orphans; i++) {
		const struct svc_key key = engine->orphans[i];

		if (services_find_service(engine, &key))
			continue;
		if (engine->ops->remove(engine->ipvs, &key) < 0)
			engine->orphans[kept++] = key;
		else
			log_notice("ipvs", "%s is removed now", svc_key_format(&key, text));
	}
	engine->n_orphans = kept;
}

/* ---- look ---- */

/* Views of what was just seen of a service, and what follows from it. */
static void seen(struct engine *engine, struct service *service)
{
	service->unseen = false;
	drain_snapshot(engine, service);
	leaving_look(engine, service);
}

/* The last view of what cannot be read stays. Returns the first error. */
static int look(struct engine *engine, struct service *service)
{
	service->looked_us = clock_now_us();
	if (!engine->ipvs)
		return -ENOTCONN;
	for (size_t k = 0; k < service->n_members; k++) {
		struct member *member = &service->members[k];
		struct ipvs_dump *dump = NULL;
		int error = engine->ops->dump_service(engine->ipvs, &member->key, &dump);

		if (error == 0 || error == -ESRCH)
			view_update(engine, service, member, dump);
		ipvs_dump_free(dump);
		if (error < 0 && error != -ESRCH)
			return error;
	}
	seen(engine, service);
	return 0;
}

void kernel_look(struct engine *engine, struct service *service)
{
	look(engine, service); /* the next look at everything says what is wrong */
}

/* What is said of a difference: of which kernel service, and what becomes of it. */
struct drift {
	const struct member *member;
	const char *fate;
};

static int log_difference(enum ipvs_step step, const struct dest_key *key,
			  const struct ipvs_want_dest *want, void *owner)
{
	const struct drift *drift = owner;
	const struct member *member = drift->member;
	const struct ipvs_found_dest *found = ipvs_find_dest(member->dests, member->n_dests, key);
	char service[KEY_TEXT_MAX], dest[KEY_TEXT_MAX];

	svc_key_format(&member->key, service);
	dest_key_format(key, dest);
	if (step == IPVS_DEST_ADD)
		log_warn("ipvs", "%s: %s is missing in the kernel; %s", service, dest, drift->fate);
	else if (step == IPVS_DEST_DELETE)
		log_warn("ipvs", "%s: %s is in the kernel uncalled for (weight %d); %s", service,
			 dest, found->weight, drift->fate);
	else if (want->weight != found->weight)
		log_warn("ipvs", "%s: %s has weight %d in the kernel instead of %d; %s", service,
			 dest, found->weight, want->weight, drift->fate);
	else
		log_warn("ipvs", "%s: method or limits of %s differ in the kernel; %s", service,
			 dest, drift->fate);
	return 0;
}

static void log_drift(const struct member *member, const struct ipvs_want *want, bool left)
{
	struct drift drift = {.member = member, .fate = left ? "left so" : "repairing"};
	char text[KEY_TEXT_MAX];

	svc_key_format(&member->key, text);
	if (!member->in_kernel) {
		log_warn("ipvs", "%s is missing in the kernel; %s", text, drift.fate);
		return;
	}
	if (ipvs_service_differs(want, &member->found))
		log_warn("ipvs",
			 "%s has scheduler %s, flags 0x%x, persistence %u s in the kernel instead "
			 "of %s, 0x%x, %u s; %s",
			 text, member->found.scheduler, member->found.flags & IPVS_FLAGS_OURS,
			 member->found.persistence_s, want->scheduler, want->flags,
			 want->persistence_s, drift.fate);
	ipvs_diff_dests(want, member->dests, member->n_dests, log_difference, &drift);
}

/* Of one kernel service that is not as it was left. */
static void judge_drift(struct engine *engine, struct service *service, struct member *member,
			const struct ipvs_want *want)
{
	/* What the kernel refused is not drift; it is tried again without a word. */
	bool refused = member->error != 0;
	bool leave = !refused && engine->conf->global.lvs_drift == CONF_DRIFT_LEAVE;

	if (!refused && !member->drifted) {
		engine->drifts++;
		log_drift(member, want, leave);
		event_drift(engine, service, &member->key, leave);
	}
	member->drifted = leave;
	if (!leave)
		engine_mark(engine, service);
}

static void end_drift(struct member *member)
{
	char text[KEY_TEXT_MAX];

	if (member->drifted)
		log_notice("ipvs", "%s is in the kernel as it should be again",
			   svc_key_format(&member->key, text));
	member->drifted = false;
}

/* Marks the service when a second look agrees that it is not as it was left. */
static void find_drift(struct engine *engine, struct service *service)
{
	size_t n_dests = 0;
	bool suspect = false;

	struct ipvs_want_dest *dests = wanted_dests(service, &n_dests);
	if (!dests)
		return;
	for (size_t k = 0; k < service->n_members && !suspect; k++) {
		struct ipvs_want want =
			service_want(service->conf, &service->members[k].key, dests, n_dests);

		suspect = differs(&want, &service->members[k]);
	}
	if (suspect)
		kernel_look(engine, service);
	for (size_t k = 0; k < service->n_members; k++) {
		struct member *member = &service->members[k];
		struct ipvs_want want = service_want(service->conf, &member->key, dests, n_dests);

		if (suspect && differs(&want, member))
			judge_drift(engine, service, member, &want);
		else
			end_drift(member);
	}
	free(dests);
}

/* ---- look at everything: whole, or service by service ---- */

static void look_failed(struct engine *engine, int error)
{
	if (engine->failed_looks == 0)
		log_warn("ipvs", "cannot read the kernel's table: %s", strerrordesc_np(-error));
	if (++engine->failed_looks < FAILED_LOOKS_MAX)
		return;
	kernel_close(engine);
	engine->reopen_at_us = 0;
}

static void follow_about(struct engine *engine, const struct ipvs_about *about)
{
	sysctls_follow(engine, &about->sysctls);
	engine->about = *about;
}

bool kernel_look_begin(struct engine *engine)
{
	struct ipvs_about about;
	int error = engine->ops->read_about(engine->ipvs, &about);

	if (error < 0)
		look_failed(engine, error);
	else
		follow_about(engine, &about);
	return error == 0;
}

bool kernel_look_on(struct engine *engine, struct service *service)
{
	int error = look(engine, service);

	if (error < 0)
		look_failed(engine, error);
	else if (!service->dirty)
		find_drift(engine, service);
	return error == 0;
}

void kernel_look_end(struct engine *engine, uint64_t began_us)
{
	engine->failed_looks = 0;
	/* There may have been a whole look meanwhile. */
	if (began_us > engine->kernel_us)
		engine->kernel_us = began_us;
	remove_orphans(engine);
}

static void follow_dump(struct engine *engine, const struct ipvs_dump *dump)
{
	follow_about(engine, &dump->about);
	for (size_t i = 0; i < engine->n_services; i++) {
		struct service *service = engine->services[i];

		for (size_t k = 0; k < service->n_members; k++)
			view_update(engine, service, &service->members[k], dump);
		service->looked_us = dump->taken_us;
		seen(engine, service);
		if (!service->dirty)
			find_drift(engine, service);
	}
}

void kernel_dump(struct engine *engine)
{
	struct ipvs_dump *dump = NULL;
	uint64_t began_us = clock_now_us();
	int error = engine->ops->dump(engine->ipvs, &dump);

	if (error < 0) {
		look_failed(engine, error);
		return;
	}
	follow_dump(engine, dump);
	ipvs_dump_free(dump);
	kernel_look_end(engine, began_us);
	pace_worked(&engine->look_pace, engine->rest, began_us, clock_now_us());
}

/* ---- open and close ---- */

void kernel_set_timeouts(struct engine *engine)
{
	const struct conf_global *global = &engine->conf->global;
	uint32_t tcp_s = global->lvs_tcp_timeout_s, tcpfin_s = global->lvs_tcpfin_timeout_s;
	uint32_t udp_s = global->lvs_udp_timeout_s;

	if (!engine->ipvs || ((!tcp_s || tcp_s == engine->about.tcp_timeout_s) &&
			      (!tcpfin_s || tcpfin_s == engine->about.tcpfin_timeout_s) &&
			      (!udp_s || udp_s == engine->about.udp_timeout_s)))
		return;
	int error = engine->ops->set_timeouts(engine->ipvs, tcp_s, tcpfin_s, udp_s);
	if (error < 0 && error != engine->timeouts_error)
		log_error("ipvs", "cannot set lvs_timeouts: %s; trying again",
			  strerrordesc_np(-error));
	engine->timeouts_error = error;
	if (error < 0)
		return;
	engine->about.tcp_timeout_s = tcp_s ? tcp_s : engine->about.tcp_timeout_s;
	engine->about.tcpfin_timeout_s = tcpfin_s ? tcpfin_s : engine->about.tcpfin_timeout_s;
	engine->about.udp_timeout_s = udp_s ? udp_s : engine->about.udp_timeout_s;
}

static void open_failed(struct engine *engine, int error)
{
	if (error == engine->kernel_error)
		return;
	engine->kernel_error = error;
	if (error == -ENOENT)
		log_error("ipvs", "this kernel has no IPVS (module ip_vs): checking goes on, no "
				  "traffic is balanced; trying again every 10 s");
	else if (error == -EPERM)
		log_error("ipvs", "no permission to use IPVS (CAP_NET_ADMIN): checking goes on, no "
				  "traffic is balanced; trying again every 10 s");
	else
		log_error("ipvs", "cannot reach IPVS: %s; trying again every 10 s",
			  strerrordesc_np(-error));
}

void kernel_open(struct engine *engine, uint64_t now_us)
{
	if (engine->ipvs || now_us < engine->reopen_at_us)
		return;
	int error = engine->ops->open(engine->ipvs_netns, &engine->ipvs);
	if (error < 0) {
		engine->reopen_at_us = now_us + REOPEN_US;
		open_failed(engine, error);
		return;
	}
	if (engine->kernel_error < 0)
		log_notice("ipvs", "IPVS is within reach");
	engine->kernel_error = 0;
	engine->failed_looks = 0;
	for (size_t i = 0; i < engine->n_services; i++)
		engine_mark(engine, engine->services[i]);
	kernel_dump(engine);
	kernel_set_timeouts(engine);
}

void kernel_close(struct engine *engine)
{
	if (!engine->ipvs)
		return;
	engine->ops->close(engine->ipvs);
	engine->ipvs = NULL;
	view_lost(engine);
}
