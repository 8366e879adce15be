/* SPDX-License-Identifier: MIT */
/*
 * The IPVS command socket: open, and the commands that change the kernel's table. Runs in the check
 * thread and blocks for one kernel reply at a time. libnl's own error numbers fold several errno
 * values into one (ENOENT and ESRCH both become "object not found"), and it copies each message of
 * a dump before it shows it; therefore answers are read here. Must not log: the caller knows the
 * context. Must never delete and re-add what exists: connections hang on it.
 */
#include "core/net/ipvs.h"

#include <errno.h>
#include <linux/ip_vs.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "core/base/netns.h"
#include "core/net/ipvs_private.h"
#include "core/net/ipvs_wire.h"

/* What we offer to receive at once, and with it what the kernel allocates and clears for each
 * message of a dump, of which every service takes two: room for some 25 destinations. */
#define RECEIVE_BYTES 8192
#define SOCKET_BYTES  131072
#define REPLY_MAX_S   5

struct answer {
	uint32_t sequence;
	bool done;
	int error;
	ipvs_message_fn *on_message;
	void *owner;
};

static int errno_from_nl(int result)
{
	switch (-result) {
	case NLE_AGAIN:
		return -ETIMEDOUT;
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_PERM:
		return -EPERM;
	case NLE_OBJ_NOTFOUND:
		return -ENOENT;
	case NLE_MSG_OVERFLOW:
		return -EMSGSIZE;
	default:
		return -EIO;
	}
}

/* The end of a dump carries the error that cut it short, if any. */
static void take_end(struct answer *answer, const struct nlmsghdr *header)
{
	if ((size_t)nlmsg_datalen(header) >= sizeof(int))
		answer->error = *(const int *)nlmsg_data(header);
	answer->done = true;
}

static void take_error(struct answer *answer, const struct nlmsghdr *header)
{
	const struct nlmsgerr *error = nlmsg_data(header);

	answer->error = (size_t)nlmsg_datalen(header) >= sizeof *error ? error->error : -EBADMSG;
	answer->done = true;
}

static void take(struct answer *answer, struct nlmsghdr *header)
{
	/* Left over from a request that was given up. */
	if (header->nlmsg_seq != answer->sequence)
		return;
	if (header->nlmsg_type == NLMSG_DONE)
		take_end(answer, header);
	else if (header->nlmsg_type == NLMSG_ERROR)
		take_error(answer, header);
	else if (header->nlmsg_type >= NLMSG_MIN_TYPE && answer->on_message)
		answer->on_message(header, answer->owner);
}

/* What the kernel has sent at once. */
static int receive(struct ipvs *ipvs, struct answer *answer)
{
	struct sockaddr_nl from;
	unsigned char *octets = NULL;
	int left = nl_recv(ipvs->socket, &from, &octets, NULL);

	if (left <= 0)
		return left < 0 ? left : -NLE_FAILURE;
	for (struct nlmsghdr *header = (struct nlmsghdr *)octets;
	     !answer->done && nlmsg_ok(header, left); header = nlmsg_next(header, &left))
		take(answer, header);
	free(octets);
	return 0;
}

struct nl_msg *ipvs_request(const struct ipvs *ipvs, uint8_t command, int flags)
{
	struct nl_msg *msg = nlmsg_alloc();

	if (msg && !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, ipvs->family, 0, flags, command,
				IPVS_GENL_VERSION)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

int ipvs_transact(struct ipvs *ipvs, struct nl_msg *msg, ipvs_message_fn *on_message, void *owner)
{
	struct answer answer = {.on_message = on_message, .owner = owner};
	int result = nl_send_auto(ipvs->socket, msg);

	answer.sequence = nlmsg_hdr(msg)->nlmsg_seq;
	nlmsg_free(msg);
	while (result >= 0 && !answer.done)
		result = receive(ipvs, &answer);
	return answer.done ? answer.error : errno_from_nl(result);
}

static void netlink_close(struct ipvs *ipvs)
{
	if (!ipvs)
		return;
	nl_socket_free(ipvs->socket);
	free(ipvs);
}

static int open_here(struct ipvs **ret)
{
	struct timeval limit = {.tv_sec = REPLY_MAX_S};
	struct ipvs *ipvs = calloc(1, sizeof *ipvs);
	int result = -NLE_NOMEM;

	if (!ipvs)
		return -ENOMEM;
	ipvs->socket = nl_socket_alloc();
	if (!ipvs->socket)
		goto fail;
	/* Before anything is received: the kernel remembers the largest offer of a socket. */
	nl_socket_disable_msg_peek(ipvs->socket);
	result = nl_socket_set_msg_buf_size(ipvs->socket, RECEIVE_BYTES);
	if (result < 0)
		goto fail;
	result = genl_connect(ipvs->socket);
	if (result < 0)
		goto fail;
	/* The lookup makes the kernel load ip_vs by its alias net-pf-16-proto-16-family-IPVS. */
	result = genl_ctrl_resolve(ipvs->socket, IPVS_GENL_NAME);
	if (result < 0)
		goto fail;
	ipvs->family = result;
	result = nl_socket_set_buffer_size(ipvs->socket, SOCKET_BYTES, SOCKET_BYTES);
	if (result < 0)
		goto fail;
	setsockopt(nl_socket_get_fd(ipvs->socket), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	*ret = ipvs;
	return 0;
fail:
	netlink_close(ipvs);
	return errno_from_nl(result);
}

static int netlink_open(int netns, struct ipvs **ret)
{
	int home;
	int error = netns_visit(netns, &home);

	if (error)
		return error;
	error = open_here(ret);
	netns_return(home);
	return error;
}

/* Wraps one nest around what put writes. */
static int put_nested(struct nl_msg *msg, int attribute, int (*put)(struct nl_msg *, const void *),
		      const void *what)
{
	struct nlattr *nest = nla_nest_start(msg, attribute);
	int error = nest ? put(msg, what) : -EMSGSIZE;

	if (error < 0)
		return error;
	nla_nest_end(msg, nest);
	return 0;
}

static int put_key(struct nl_msg *msg, const void *key)
{
	return ipvs_put_service_key(msg, key);
}

static int put_service(struct nl_msg *msg, const void *want)
{
	return ipvs_put_service(msg, want);
}

static int put_dest_key(struct nl_msg *msg, const void *key)
{
	return ipvs_put_dest_key(msg, key);
}

static int put_dest(struct nl_msg *msg, const void *want)
{
	return ipvs_put_dest(msg, want);
}

static int send_service(struct ipvs *ipvs, uint8_t command, const struct ipvs_want *want)
{
	struct nl_msg *msg = ipvs_request(ipvs, command, NLM_F_ACK);

	if (!msg)
		return -ENOMEM;
	int error = put_nested(msg, IPVS_CMD_ATTR_SERVICE, put_service, want);
	if (error < 0) {
		nlmsg_free(msg);
		return error;
	}
	return ipvs_transact(ipvs, msg, NULL, NULL);
}

struct target {
	struct ipvs *ipvs;
	const struct svc_key *service;
};

static int send_dest(const struct target *target, uint8_t command, const struct dest_key *key,
		     const struct ipvs_want_dest *want)
{
	struct nl_msg *msg = ipvs_request(target->ipvs, command, NLM_F_ACK);
	int error;

	if (!msg)
		return -ENOMEM;
	error = put_nested(msg, IPVS_CMD_ATTR_SERVICE, put_key, target->service);
	if (error == 0)
		error = want ? put_nested(msg, IPVS_CMD_ATTR_DEST, put_dest, want)
			     : put_nested(msg, IPVS_CMD_ATTR_DEST, put_dest_key, key);
	if (error < 0) {
		nlmsg_free(msg);
		return error;
	}
	return ipvs_transact(target->ipvs, msg, NULL, NULL);
}

/* Someone else may have been faster, or a dump may have missed an entry: the other command is the
 * right one then. */
static int step_dest(enum ipvs_step step, const struct dest_key *key,
		     const struct ipvs_want_dest *want, void *owner)
{
	const struct target *target = owner;
	int error;

	switch (step) {
	case IPVS_DEST_ADD:
		error = send_dest(target, IPVS_CMD_NEW_DEST, key, want);
		return error == -EEXIST ? send_dest(target, IPVS_CMD_SET_DEST, key, want) : error;
	case IPVS_DEST_EDIT:
		error = send_dest(target, IPVS_CMD_SET_DEST, key, want);
		return error == -ENOENT ? send_dest(target, IPVS_CMD_NEW_DEST, key, want) : error;
	case IPVS_DEST_DELETE:
		error = send_dest(target, IPVS_CMD_DEL_DEST, key, NULL);
		return error == -ENOENT ? 0 : error;
	}
	return -EINVAL;
}

static int apply_service(struct ipvs *ipvs, const struct ipvs_want *want,
			 const struct ipvs_found *known)
{
	int error;

	if (known && !ipvs_service_differs(want, known))
		return 0;
	if (known) {
		error = send_service(ipvs, IPVS_CMD_SET_SERVICE, want);
		return error == -ESRCH ? send_service(ipvs, IPVS_CMD_NEW_SERVICE, want) : error;
	}
	error = send_service(ipvs, IPVS_CMD_NEW_SERVICE, want);
	return error == -EEXIST ? send_service(ipvs, IPVS_CMD_SET_SERVICE, want) : error;
}

static int netlink_apply(struct ipvs *ipvs, const struct ipvs_want *want,
			 const struct ipvs_found *known, const struct ipvs_found_dest *known_dests)
{
	struct target target = {.ipvs = ipvs, .service = &want->key};
	int error = apply_service(ipvs, want, known);
	int error_dests;

	/* A service that cannot even be made has no destinations; one that cannot be edited still
	 * has. */
	if (error < 0 && !known)
		return error;
	error_dests =
		ipvs_diff_dests(want, known_dests, known ? known->n_dests : 0, step_dest, &target);
	/* The service went away behind our back: once more, from nothing. */
	if (error_dests == -ESRCH && known)
		return netlink_apply(ipvs, want, NULL, NULL);
	return error < 0 ? error : error_dests;
}

static int netlink_remove(struct ipvs *ipvs, const struct svc_key *key)
{
	struct nl_msg *msg = ipvs_request(ipvs, IPVS_CMD_DEL_SERVICE, NLM_F_ACK);
	int error;

	if (!msg)
		return -ENOMEM;
	error = put_nested(msg, IPVS_CMD_ATTR_SERVICE, put_key, key);
	if (error < 0) {
		nlmsg_free(msg);
		return error;
	}
	error = ipvs_transact(ipvs, msg, NULL, NULL);
	return error == -ESRCH ? 0 : error;
}

static int netlink_flush(struct ipvs *ipvs)
{
	struct nl_msg *msg = ipvs_request(ipvs, IPVS_CMD_FLUSH, NLM_F_ACK);

	return msg ? ipvs_transact(ipvs, msg, NULL, NULL) : -ENOMEM;
}

static int netlink_set_timeouts(struct ipvs *ipvs, uint32_t tcp_s, uint32_t tcpfin_s,
				uint32_t udp_s)
{
	struct nl_msg *msg = ipvs_request(ipvs, IPVS_CMD_SET_CONFIG, NLM_F_ACK);

	if (!msg)
		return -ENOMEM;
	if (tcp_s)
		NLA_PUT_U32(msg, IPVS_CMD_ATTR_TIMEOUT_TCP, tcp_s);
	if (tcpfin_s)
		NLA_PUT_U32(msg, IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, tcpfin_s);
	if (udp_s)
		NLA_PUT_U32(msg, IPVS_CMD_ATTR_TIMEOUT_UDP, udp_s);
	return ipvs_transact(ipvs, msg, NULL, NULL);
nla_put_failure:
	nlmsg_free(msg);
	return -EMSGSIZE;
}

static const struct ipvs_ops netlink_ops = {
	.open = netlink_open,
	.close = netlink_close,
	.apply = netlink_apply,
	.remove = netlink_remove,
	.flush = netlink_flush,
	.set_timeouts = netlink_set_timeouts,
	.start_sync = ipvs_start_sync,
	.stop_sync = ipvs_stop_sync,
	.read_sync = ipvs_read_sync,
	.dump = ipvs_read_table,
	.dump_service = ipvs_read_service,
	.read_about = ipvs_read_about,
};

const struct ipvs_ops *ipvs_netlink_ops(void)
{
	return &netlink_ops;
}
