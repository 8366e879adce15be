/* SPDX-License-Identifier: MIT */
/*
 * The tame net-snmp. Its own transports block in connect() when the master's backlog is full and in
 * send when its buffer is, without limit, and leak descriptors to programs we run; so AgentX runs
 * over a transport domain of ours. Its Register, Ping and Close are synchronous, and its
 * notifications have no acknowledgement; so those PDUs are sent here, asynchronously. Its session
 * is ended in one way only: the socket is shut down, the library reads the end and tidies up.
 *
 * Thread: agent. Waits for the master in library_open() only. Source: RFC 2741; net-snmp 5.9.3 as
 * observed.
 */
#include "agent/library.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <net-snmp/net-snmp-config.h>
/* The library wants its configuration header first. */
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <net-snmp/agent/agent_callbacks.h>
#include <net-snmp/library/fd_event_manager.h>

#include "agent/answer.h"
#include "agent/frame.h"
#include "agent/role.h"
#include "agent/stream.h"
#include "core/base/clock.h"
#include "core/base/log.h"

#define DOMAIN_NAME	   "vipd"
#define DOMAIN_OID_LENGTH  2
#define MESSAGE_MAX	   0x7fffffff  /* a stream has no limit; the library's own figure */
#define REQUEST_TIMEOUT_US 3600000000L /* deadlines are kept by agent/agentx.c */
#define REGION_PRIORITY	   127

/* RFC 2741 sections 6.1 and 6.2.2; net-snmp does not install its own header for them. */
enum { PDU_CLOSE = 2, PDU_REGISTER = 3, PDU_UNREGISTER = 4, PDU_NOTIFY = 12, PDU_PING = 13 };
enum { REASON_SHUTDOWN = 5 };

/*
 * Opens a session over the transport of NETSNMP_DS_AGENT_X_SOCKET, waiting for the answer to Open;
 * nothing else. 0 on success. Exported by libnetsnmpagent, declared in none of its installed
 * headers.
 */
int subagent_open_master_session(void);

struct library {
	const struct library_events *events;
	void *owner;
	struct answer *answer;
	int mail_fd;
	unsigned int tick; /* alarm while the loop runs, 0 otherwise */
	netsnmp_session *session;
	bool doomed;	 /* shut down, its end not read yet */
	struct frame in; /* how far the master's newest PDU has come */
	bool received;	 /* something of the master's in this turn */
	struct role_inner inner;
	netsnmp_tdomain domain;
	oid domain_oid[DOMAIN_OID_LENGTH];
	int offered_fd; /* for the next transport, -1: none */
	int low_fd;	/* the descriptor number kept for the connection, -1: none */
};

/* Of one connection; freed by the library with its transport. */
struct link {
	struct library *library;
	struct stream_out out;
};

/* ---- the transport ---- */

static void on_writable(int fd, void *owner)
{
	netsnmp_transport *transport = owner;
	struct link *link = transport->data;
	int r = stream_flush(fd, &link->out);

	if (r == -EAGAIN)
		return;
	unregister_writefd(fd);
	if (r < 0)
		shutdown(fd, SHUT_RDWR); /* the library reads the end and lets go */
}

static int transport_send(netsnmp_transport *transport, const void *bytes, int size, void **opaque,
			  int *opaque_size)
{
	struct link *link = transport->data;
	bool waited = stream_is_waiting(&link->out);

	(void)opaque;
	(void)opaque_size;
	if (transport->sock < 0)
		return -1;
	if (stream_send(transport->sock, &link->out, bytes, (size_t)size) < 0) {
		shutdown(transport->sock, SHUT_RDWR);
		return -1;
	}
	if (!waited && stream_is_waiting(&link->out))
		register_writefd(transport->sock, on_writable, transport);
	return size;
}

static int transport_receive(netsnmp_transport *transport, void *room, int size, void **opaque,
			     int *opaque_size)
{
	struct link *link = transport->data;
	ssize_t n;

	*opaque = NULL;
	*opaque_size = 0;
	if (transport->sock < 0)
		return -1;
	n = stream_receive(transport->sock, room, (size_t)size);
	if (n > 0)
		frame_take(&link->library->in, room, (size_t)n, clock_now_us());
	link->library->received = true;
	return (int)n;
}

static int transport_close(netsnmp_transport *transport)
{
	struct link *link = transport->data;

	if (transport->sock < 0)
		return -1;
	unregister_writefd(transport->sock);
	stream_out_free(&link->out);
	stream_fd_close(&link->library->low_fd, transport->sock);
	transport->sock = -1;
	return 0;
}

static char *transport_name(netsnmp_transport *transport, const void *address, int size)
{
	(void)transport;
	(void)address;
	(void)size;
	return strdup("AgentX master");
}

/* spec->target is "POINTER" of the library: the interface has no other way to hand one over. */
static netsnmp_transport *transport_create(netsnmp_tdomain_spec *spec)
{
	struct library *library;
	netsnmp_transport *transport;
	struct link *link;
	void *pointer;

	if (!spec->target || sscanf(spec->target, "%p", &pointer) != 1)
		return NULL;
	library = pointer;
	if (library->offered_fd < 0)
		return NULL;
	transport = calloc(1, sizeof(*transport));
	link = calloc(1, sizeof(*link));
	if (!transport || !link) {
		free(transport);
		free(link);
		return NULL;
	}
	link->library = library;
	transport->domain = library->domain_oid;
	transport->domain_length = DOMAIN_OID_LENGTH;
	transport->sock = library->offered_fd;
	transport->flags = NETSNMP_TRANSPORT_FLAG_STREAM;
	transport->data = link;
	transport->data_length = sizeof(*link);
	transport->msgMaxSize = MESSAGE_MAX;
	transport->f_recv = transport_receive;
	transport->f_send = transport_send;
	transport->f_close = transport_close;
	transport->f_fmtaddr = transport_name;
	library->offered_fd = -1;
	library->in = (struct frame){0};
	return transport;
}

static void domain_register(struct library *library)
{
	char target[32];

	library->domain.prefix[0] = DOMAIN_NAME;
	library->domain.name = library->domain_oid;
	library->domain.name_length = DOMAIN_OID_LENGTH;
	library->domain.f_create_from_tspec = transport_create;
	netsnmp_tdomain_register(&library->domain);
	snprintf(target, sizeof(target), DOMAIN_NAME ":%p", (void *)library);
	netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET, target);
}

static void library_withdraw(struct library *library)
{
	if (library->offered_fd >= 0)
		stream_fd_close(&library->low_fd, library->offered_fd);
	library->offered_fd = -1;
}

/* ---- the session ---- */

bool library_is_open(const struct library *library)
{
	return library->session && !library->doomed;
}

bool library_is_lost(const struct library *library, uint64_t now_us)
{
	return library_is_open(library) && frame_is_lost(&library->in, now_us);
}

/* Of the connection, -1: none. */
static int library_fd(const struct library *library)
{
	netsnmp_transport *transport = snmp_sess_transport(snmp_sess_pointer(library->session));

	return transport ? transport->sock : -1;
}

void library_drop(struct library *library)
{
	int fd;

	if (!library_is_open(library))
		return;
	library->doomed = true;
	fd = library_fd(library);
	if (fd >= 0)
		shutdown(fd, SHUT_RDWR); /* the library reads the end and tidies up */
}

static int on_session_start(int major, int minor, void *session, void *owner)
{
	struct library *library = owner;

	(void)major;
	(void)minor;
	library->session = session;
	library->session->timeout = REQUEST_TIMEOUT_US;
	library->session->retries = 0;
	return 0;
}

static int on_session_stop(int major, int minor, void *session, void *owner)
{
	struct library *library = owner;

	(void)major;
	(void)minor;
	/* It also ends sessions that never were: their Open was not answered. */
	if (!library->session || session != library->session)
		return 0;
	library->session = NULL;
	library->doomed = false;
	library->events->on_end(library->owner);
	return 0;
}

int library_open(struct library *library, int fd, uint32_t *ret_uptime_cs)
{
	int r;

	assert(!library->session);
	library_withdraw(library);
	library->offered_fd = stream_fd_move(library->low_fd, fd);
	r = subagent_open_master_session();
	library_withdraw(library);
	if (r != 0 || !library->session)
		return -EPROTO;
	role_find_inner(&library->inner, library_fd(library));
	/* The library has taken sysUpTime from the answer. */
	*ret_uptime_cs = (uint32_t)netsnmp_get_agent_uptime();
	return 0;
}

static netsnmp_pdu *pdu_new(struct library *library, int command)
{
	netsnmp_pdu *pdu = library_is_open(library) ? snmp_pdu_create(command) : NULL;

	if (!pdu)
		return NULL;
	pdu->sessid = library->session->sessid;
	pdu->flags |= UCD_MSG_FLAG_EXPECT_RESPONSE;
	pdu->time = 0;
	pdu->errstat = 0;
	return pdu;
}

static int on_answer(int operation, netsnmp_session *session, int request, netsnmp_pdu *pdu,
		     void *owner)
{
	struct library *library = owner;

	(void)session;
	/* Other operations: the session was closed with the request pending. */
	if (operation == NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE && pdu)
		library->events->on_answer(library->owner, request, (int)pdu->errstat,
					   (uint32_t)pdu->time);
	return 1;
}

/* Takes the PDU; whole tells whether it could be filled. */
static int pdu_send(struct library *library, netsnmp_pdu *pdu, bool whole)
{
	int request = pdu->reqid;

	if (whole && snmp_async_send(library->session, pdu, on_answer, library))
		return request;
	snmp_free_pdu(pdu);
	library_drop(library);
	return 0;
}

static int send_region(struct library *library, int command, const uint32_t *root, size_t length)
{
	netsnmp_pdu *pdu = pdu_new(library, command);

	if (!pdu)
		return 0;
	pdu->priority = REGION_PRIORITY;
	pdu->range_subid = 0;
	return pdu_send(library, pdu, answer_add_null(pdu, root, length));
}

int library_register(struct library *library, const uint32_t *root, size_t length)
{
	return send_region(library, PDU_REGISTER, root, length);
}

int library_unregister(struct library *library, const uint32_t *root, size_t length)
{
	return send_region(library, PDU_UNREGISTER, root, length);
}

int library_ping(struct library *library)
{
	netsnmp_pdu *pdu = pdu_new(library, PDU_PING);

	return pdu ? pdu_send(library, pdu, true) : 0;
}

int library_close(struct library *library)
{
	netsnmp_pdu *pdu = pdu_new(library, PDU_CLOSE);

	if (!pdu)
		return 0;
	pdu->errstat = REASON_SHUTDOWN;
	return pdu_send(library, pdu, true);
}

int library_notify(struct library *library, const struct notification *notification)
{
	netsnmp_pdu *pdu = pdu_new(library, PDU_NOTIFY);

	return pdu ? pdu_send(library, pdu, answer_add_notification(pdu, notification)) : 0;
}

/* ---- the loop ---- */

static void on_tick(unsigned int alarm, void *owner)
{
	/* It only ends the wait of agent_check_and_process(). */
	(void)alarm;
	(void)owner;
}

static void on_mail(int fd, void *owner)
{
	struct library *library = owner;

	(void)fd;
	library->events->on_mail(library->owner);
}

int library_run(struct library *library, unsigned tick_us)
{
	struct timeval interval = {.tv_usec = (suseconds_t)tick_us};

	if (library->tick)
		snmp_alarm_unregister(library->tick);
	else if (tick_us && register_readfd(library->mail_fd, on_mail, library) != FD_REGISTERED_OK)
		return -ENFILE;
	library->tick = 0;
	if (tick_us)
		library->tick = snmp_alarm_register_hr(interval, SA_REPEAT, on_tick, NULL);
	else
		unregister_readfd(library->mail_fd);
	return 0;
}

void library_turn(struct library *library)
{
	assert(library->tick);
	library->received = false;
	agent_check_and_process(1);
	if (library->received && library_is_open(library))
		role_relay(&library->inner);
}

/* ---- start ---- */

/* What a subagent needs besides: its transport, and a bound of the one call that waits for the
 * master, AgentX Open; the library's start sets five retries. */
static int subagent_new(struct library *library)
{
	library->domain.prefix =
		calloc(2, sizeof(*library->domain.prefix)); /* freed with the domain */
	if (!library->domain.prefix)
		return -ENOMEM;
	stream_fd_keep(&library->low_fd);
	role_begin(NULL);
	domain_register(library);
	role_ready(NULL);
	netsnmp_ds_set_int(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_TIMEOUT, 1);
	netsnmp_ds_set_int(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_RETRIES, 0);
	snmp_register_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_START,
			       on_session_start, library);
	snmp_register_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_STOP,
			       on_session_stop, library);
	return 0;
}

static void subagent_end(struct library *library)
{
	netsnmp_tdomain_unregister(&library->domain);
	/* The library frees the arguments of callbacks that are left. */
	snmp_unregister_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_START,
				 on_session_start, library, 1);
	snmp_unregister_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_STOP,
				 on_session_stop, library, 1);
}

int library_new(struct catalog *catalog, struct sets *sets, int mail_fd,
		const struct library_events *events, void *owner, const struct snmp_listen *own,
		struct library **ret)
{
	struct library *library = calloc(1, sizeof(*library));
	int r = 0;

	if (!library)
		return -ENOMEM;
	library->events = events;
	library->owner = owner;
	library->mail_fd = mail_fd;
	library->offered_fd = library->low_fd = -1;
	if (own) {
		role_begin(own);
		role_ready(own);
	} else {
		r = subagent_new(library);
	}
	if (r < 0) {
		free(library);
		return r;
	}
	r = answer_new(catalog, sets, &library->answer);
	if (r < 0) {
		library_free(library);
		return r;
	}
	*ret = library;
	return 0;
}

struct library *library_free(struct library *library)
{
	if (!library)
		return NULL;
	assert(!library->tick && !library->session);
	if (library->domain.prefix)
		subagent_end(library);
	role_end();
	answer_free(library->answer);
	if (library->low_fd >= 0)
		close(library->low_fd);
	free(library);
	return NULL;
}
