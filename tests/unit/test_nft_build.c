/* SPDX-License-Identifier: MIT */
/* The transaction of the packet filter: when there is one, and that it is the same for the same
 * rules. */
#include "tests/unit/conf_text.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netlink/msg.h>

#include "core/net/nft.h"

#define VI(more)                                                                                   \
	"vrrp_instance a {\ninterface eth0\nvirtual_router_id 7\nvirtual_ipaddress "               \
	"{\n192.0.2.1\n}\n" more "}\n"

/* How many messages of that kind a batch has; type -1: all. */
static unsigned count(const struct nft_batch *batch, int type)
{
	int left = (int)batch->size;
	unsigned found = 0;

	for (struct nlmsghdr *header = batch->octets; nlmsg_ok(header, left);
	     header = nlmsg_next(header, &left))
		found += type < 0 || header->nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | type);
	assert_int_equal(left, 0);
	return found;
}

static struct nft_batch build(const char *text, const char *present)
{
	struct loaded loaded = load_text(text);
	struct nft_batch batch;

	assert_int_equal(loaded.status, 0);
	assert_int_equal(nft_build(loaded.conf, present, &batch), 0);
	if (batch.table)
		assert_string_equal(batch.table, NFT_TABLE);
	batch.table = batch.table ? "some" : NULL; /* it goes with the configuration */
	unload(&loaded);
	return batch;
}

static void expect_rules(const char *text, unsigned sets, unsigned rules)
{
	struct nft_batch batch = build(text, NULL), again = build(text, NULL),
			 anew = build(text, "old");

	assert_non_null(batch.table);
	assert_int_equal(count(&batch, NFT_MSG_NEWTABLE), 1);
	assert_int_equal(count(&batch, NFT_MSG_DELTABLE), 0);
	assert_int_equal(count(&batch, NFT_MSG_NEWSET), sets);
	assert_int_equal(count(&batch, NFT_MSG_NEWCHAIN), 2);
	assert_int_equal(count(&batch, NFT_MSG_NEWRULE), rules);
	assert_int_equal(batch.size, again.size);
	assert_memory_equal(batch.octets, again.octets, batch.size);
	assert_int_equal(count(&anew, NFT_MSG_DELTABLE), 1);
	assert_int_equal(count(&anew, -1), count(&batch, -1) + 1);
	free(batch.octets);
	free(again.octets);
	free(anew.octets);
}

static void expect_none(const char *text)
{
	struct nft_batch batch = build(text, NULL);

	assert_null(batch.octets);
	assert_null(batch.table);
	batch = build(text, "old");
	assert_null(batch.table);
	assert_int_equal(count(&batch, -1), 3);
	assert_int_equal(count(&batch, NFT_MSG_DELTABLE), 1);
	free(batch.octets);
}

static void test_wanted(void **state)
{
	(void)state;
	expect_none("");
	expect_none(VI(""));
	expect_none(VI("no_accept\npriority 255\n"));
	expect_none(VI("no_accept\naccept\n"));
	expect_rules(VI("no_accept\n"), 1, 2);
	expect_rules(VI("strict_mode\n"), 1, 2);
	expect_rules(VI("no_accept\nvirtual_ipaddress_excluded {\n2001:db8::1\n}\n"), 2, 6);
	expect_rules(VI("no_accept\nvirtual_ipaddress_excluded {\n2001:db8::1\nfe80::1\n}\n"), 3,
		     8);
}

/* More than one message has room for. */
static void test_many(void **state)
{
	char *text = NULL;
	size_t length = 0;
	FILE *stream = open_memstream(&text, &length);
	struct nft_batch batch;

	(void)state;
	assert_non_null(stream);
	fputs("vrrp_instance a {\ninterface eth0\nvirtual_router_id 7\nno_accept\n"
	      "virtual_ipaddress {\n192.0.2.1\n}\nvirtual_ipaddress_excluded {\n",
	      stream);
	for (unsigned i = 0; i < 5000; i++)
		fprintf(stream, "10.1.%u.%u\n", i / 250, i % 250);
	fputs("}\n}\n", stream);
	fclose(stream);
	batch = build(text, NULL);
	assert_int_equal(count(&batch, NFT_MSG_NEWSETELEM), 11);
	free(batch.octets);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wanted),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
