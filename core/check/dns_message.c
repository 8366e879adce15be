/* SPDX-License-Identifier: MIT */
/*
 * See core/check/dns_message.h. Of an answer only the header is read: what the records say is no
 * question of health. Pure.
 */
#include "core/check/dns_message.h"

#include <string.h>

#include "core/base/buf.h"

#define FLAG_RESPONSE  0x8000
#define FLAG_RECURSION 0x0100 /* desired */
#define RCODE_MASK     0x000f
#define CLASS_INTERNET 1

static const char *const rcode_names[] = {
	"NOERROR",  "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP",  "REFUSED",
	"YXDOMAIN", "YXRRSET", "NXRRSET",  "NOTAUTH",  "NOTZONE",
};

static void write_name(struct writer *w, const char *name)
{
	while (*name && strcmp(name, ".") != 0) {
		size_t length = strcspn(name, ".");

		write_u8(w, (uint8_t)length);
		write_octets(w, name, length);
		name += length + (name[length] == '.');
	}
	write_u8(w, 0);
}

size_t dns_query(uint16_t id, uint16_t type, const char *name, uint8_t room[static DNS_QUERY_MAX])
{
	struct writer w = writer_of(room, DNS_QUERY_MAX);

	write_be16(&w, id);
	write_be16(&w, FLAG_RECURSION);
	write_be16(&w, 1); /* questions */
	for (unsigned i = 0; i < 3; i++)
		write_be16(&w, 0); /* answers, authorities, additional records */
	write_name(&w, name);
	write_be16(&w, type);
	write_be16(&w, CLASS_INTERNET);
	return w.bad ? 0 : w.used;
}

bool dns_read_answer(uint16_t id, const void *octets, size_t size, struct dns_answer *ret)
{
	struct reader r = reader_of(octets, size);
	bool ours = read_be16(&r) == id;
	unsigned flags = read_be16(&r);
	unsigned records;

	read_skip(&r, 2); /* questions */
	records = read_be16(&r);
	read_skip(&r, 4); /* authorities, additional records */
	if (r.bad || !ours || !(flags & FLAG_RESPONSE))
		return false;
	*ret = (struct dns_answer){.rcode = flags & RCODE_MASK, .records = records};
	return true;
}

const char *dns_rcode_name(unsigned rcode)
{
	return rcode < sizeof rcode_names / sizeof *rcode_names ? rcode_names[rcode] : NULL;
}
