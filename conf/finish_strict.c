/* SPDX-License-Identifier: MIT */
/*
 * strict_mode of an instance: settings that go beyond the RFC are taken back, each with a warning
 * when it was asked for. What needs an instance to be looked at otherwise (authentication,
 * preemption, addresses) stands with those rules. Runs in the thread that loads. Source:
 * keepalived.conf(5), vrrp_strict.
 */
#include "conf/finish_vrrp.h"

#include <string.h>

#define DOWN_TIMER_ADVERTS 3 /* RFC 5798, section 6.1 */

/* Strict: MASTER and address owner are the same thing. */
static void strict_state(struct build *build, struct draft_instance *instance)
{
	struct conf_instance *model = &instance->model;

	if (model->state == CONF_STATE_MASTER && model->priority != 255)
		build_warn(build, SETTER(instance, state), 0,
			   "in strict mode only priority 255 can have 'state MASTER'; BACKUP is "
			   "used");
	model->state = model->priority == 255 ? CONF_STATE_MASTER : CONF_STATE_BACKUP;
}

static void strict_down_timer(struct build *build, struct draft_instance *instance)
{
	const struct node *setter = SETTER(instance, down_timer_adverts);

	if (instance->model.down_timer_adverts != DOWN_TIMER_ADVERTS && setter)
		build_warn(build, setter, 0,
			   "in strict mode 'down_timer_adverts' is always 3; it is ignored");
	instance->model.down_timer_adverts = DOWN_TIMER_ADVERTS;
}

static void strict_answers(struct build *build, struct draft_instance *instance)
{
	struct conf_instance *model = &instance->model;
	const struct node *advert = SETTER(instance, lower_prio_no_advert),
			  *higher = SETTER(instance, higher_prio_send_advert),
			  *repeat = SETTER(instance, garp_lower_prio_repeat),
			  *delay = SETTER(instance, garp_lower_prio_delay_us);

	if (advert && !model->lower_prio_no_advert)
		build_warn(build, advert, 0,
			   "in strict mode adverts of lower priority are not answered; it is "
			   "ignored");
	if (higher && model->higher_prio_send_advert)
		build_warn(build, higher, 0,
			   "in strict mode adverts of higher priority are not answered; it is "
			   "ignored");
	if (repeat && model->garp_lower_prio_repeat)
		build_warn(build, repeat, 0,
			   "in strict mode no ARP follows an advert of lower priority; it is "
			   "ignored");
	if (delay && model->garp_lower_prio_delay_us)
		build_warn(build, delay, 0,
			   "in strict mode no ARP follows an advert of lower priority; it is "
			   "ignored");
	model->lower_prio_no_advert = true;
	model->higher_prio_send_advert = false;
	model->garp_lower_prio_repeat = 0;
	model->garp_lower_prio_delay_us = 0;
}

static void strict_vmac(struct build *build, struct draft_instance *instance)
{
	struct conf_instance *model = &instance->model;

	if (model->vmac.has_mac)
		build_warn(build, SETTER(instance, vmac), 0,
			   "in strict mode the MAC address cannot be chosen; it is ignored");
	model->vmac.has_mac = false;
	memset(model->vmac.mac, 0, sizeof(model->vmac.mac));
	if (model->xmit_base)
		build_warn(build, SETTER(instance, xmit_base), 0,
			   "'vmac_xmit_base' is ignored in strict mode");
	model->xmit_base = false;
}

static void strict_accept(struct build *build, struct draft_instance *instance)
{
	const struct node *setter = SETTER(instance, accept);

	if (setter && instance->model.accept && instance->model.priority != 255)
		build_warn(build, setter, 0, "'accept' is ignored in strict mode");
	instance->model.accept = instance->model.priority == 255;
}

void finish_strict(struct build *build, struct draft_instance *instance)
{
	if (!instance->model.strict)
		return;
	strict_state(build, instance);
	strict_down_timer(build, instance);
	strict_answers(build, instance);
	strict_vmac(build, instance);
	strict_accept(build, instance);
}
