/* SPDX-License-Identifier: MIT */
/*
 * The sysctls of IPVS that decide how a drain goes, as each dump finds them: said when they change,
 * and what it means when they spoil a drain. They are the machine's, so nothing here sets them.
 * Thread: check.
 *
 * Source: Documentation/networking/ipvs-sysctl.rst of Linux.
 */
#include <string.h>

#include "core/base/log.h"
#include "core/check/engine.h"

bool sysctls_keep_templates(const struct engine *engine)
{
	return engine->about.sysctls.expire_quiescent_template != 1;
}

static const struct conf_virtual_server *find_persistent(const struct engine *engine)
{
	for (size_t i = 0; i < engine->n_services; i++)
		if (engine->services[i]->conf->persistence_s)
			return engine->services[i]->conf;
	return NULL;
}

void sysctls_warn(const struct engine *engine)
{
	const struct conf_virtual_server *persistent = find_persistent(engine);

	if (engine->about.sysctls.conn_reuse_mode == 0)
		log_warn("ipvs", "sysctl net.ipv4.vs.conn_reuse_mode is 0: a client that uses a "
				 "port again comes to a server that drains; 1 prevents that");
	if (persistent && engine->about.sysctls.expire_quiescent_template == 0)
		log_warn("ipvs",
			 "sysctl net.ipv4.vs.expire_quiescent_template is 0: clients of %s and "
			 "other persistent services return to a server that drains until their "
			 "templates end; 1 prevents that",
			 persistent->id);
}

void sysctls_follow(struct engine *engine, const struct ipvs_sysctls *found)
{
	if (memcmp(&engine->about.sysctls, found, sizeof *found) == 0)
		return;
	engine->about.sysctls = *found;
	log_notice("ipvs",
		   "sysctls net.ipv4.vs: expire_nodest_conn %d, expire_quiescent_template %d, "
		   "conn_reuse_mode %d",
		   found->expire_nodest_conn, found->expire_quiescent_template,
		   found->conn_reuse_mode);
	sysctls_warn(engine);
}
