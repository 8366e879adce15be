/* SPDX-License-Identifier: MIT */
/*
 * What separates two configurations: lists of changes word by word, order that does not count, what
 * is kept until a restart, and what engines ask.
 */
#include "tests/unit/conf_text.h"

#include "conf/diff.h"
#include "conf/options.h"

#define INSTANCE(name, vrid, words)                                                                \
	"vrrp_instance " name " {\ninterface eth0\nvirtual_router_id " vrid "\n" words "\n}\n"
#define VIPS(lines)    "virtual_ipaddress {\n" lines "\n}\n"
#define SCRIPT(words)  "vrrp_script s {\n" words "\n}\n"
#define SERVICE(words) "virtual_server 192.0.2.1 80 {\nprotocol TCP\n" words "\n}\n"
#define SERVER(words)  SERVICE("real_server 10.0.0.1 80 {\n" words "\n}\n")
#define USER	       INSTANCE("v", "1", VIPS("192.0.2.1") "track_script {\ns\n}")

/* expected: one line for each change, its words behind it; then the summary. */
static const struct {
	const char *old, *new, *expected;
} cases[] = {
	{"", "", "nothing changes"},
	{"", INSTANCE("v", "1", VIPS("192.0.2.1")),
	 "added vrrp_instance v\n"
	 "1 instance added"},
	{INSTANCE("v", "1", VIPS("192.0.2.1")), "",
	 "removed vrrp_instance v\n"
	 "1 instance removed"},
	{INSTANCE("v", "1", "priority 100\nadvert_int 1\n" VIPS("192.0.2.1\n192.0.2.2")),
	 INSTANCE("v", "1", "advert_int 2\nnopreempt\npriority 99\n" VIPS("192.0.2.3\n192.0.2.1")),
	 "in place vrrp_instance v: priority 100>99, advert_int 1>2, +nopreempt, "
	 "-virtual_ipaddress 192.0.2.2/32 dev eth0 scope global, "
	 "+virtual_ipaddress 192.0.2.3/32 dev eth0 scope global\n"
	 "1 instance changed in place"},
	/* Another order of lines is no change. */
	{INSTANCE("v", "1", VIPS("192.0.2.1\n192.0.2.2")),
	 INSTANCE("v", "1", VIPS("192.0.2.2\n192.0.2.1")), "nothing changes"},
	{INSTANCE("v", "1", VIPS("192.0.2.1")), INSTANCE("v", "2", VIPS("192.0.2.1")),
	 "restarted vrrp_instance v: virtual_router_id 1>2!\n"
	 "1 instance restarted"},
	{INSTANCE("v", "1", VIPS("192.0.2.1")), INSTANCE("v", "1", VIPS("2001:db8::1")),
	 "restarted vrrp_instance v: version 2>3!, -virtual_ipaddress 192.0.2.1/32 dev eth0 scope "
	 "global, "
	 "+virtual_ipaddress 2001:db8::1/128 dev eth0 scope global\n"
	 "1 instance restarted"},
	{INSTANCE("v", "1", "notify_master \"/bin/a x\"\n" VIPS("192.0.2.1")),
	 INSTANCE("v", "1", "notify_master \"/bin/a y\" root\n" VIPS("192.0.2.1")),
	 "in place vrrp_instance v: notify_master \"/bin/a x\">\"/bin/a y\" root\n"
	 "1 instance changed in place"},
	/* Secrets stay secret. */
	{INSTANCE("v", "1",
		  "authentication {\nauth_type PASS\nauth_pass aaa\n}\n" VIPS("192.0.2.1")),
	 INSTANCE("v", "1",
		  "authentication {\nauth_type PASS\nauth_pass bbb\n}\n" VIPS("192.0.2.1")),
	 "in place vrrp_instance v: authentication (not shown)>(not shown)\n"
	 "1 instance changed in place"},
	{SCRIPT("script /bin/true") USER, SCRIPT("script /bin/true\ninterval 5") USER,
	 "in place vrrp_script s: interval 1>5, timeout 1>5\n"
	 "1 script changed in place"},
	{SCRIPT("script /bin/true") USER, SCRIPT("script /bin/false\nweight 3") USER,
	 "restarted vrrp_script s: script /bin/true>/bin/false!, weight 0>3\n"
	 "in place vrrp_instance v: -track_script s weight 0 noreverse, "
	 "+track_script s weight 3 noreverse\n"
	 "1 script restarted, 1 instance changed in place"},
	{"track_file f {\nfile /run/f\n}\ntrack_file g {\nfile /run/g\n}\n",
	 "track_file g {\nfile /run/g\nweight 3\n}\ntrack_file f {\nfile /run/h\n}\n",
	 "in place track_file g: weight 1>3\n"
	 "restarted track_file f: file /run/f>/run/h!\n"
	 "1 tracked file changed in place, 1 tracked file restarted"},
	{"vrrp_track_process p {\nprocess a\n}\n",
	 "vrrp_track_process p {\nprocess a\nquorum 2\n}\n",
	 "in place vrrp_track_process p: quorum 1>2\n"
	 "1 tracked process changed in place"},
	{INSTANCE("v", "1", VIPS("192.0.2.1")) INSTANCE("w", "2", VIPS("192.0.2.2"))
		 INSTANCE("x", "3", VIPS("192.0.2.3")) "vrrp_sync_group g {\ngroup {\nv\nw\n}\n}\n",
	 INSTANCE("v", "1", VIPS("192.0.2.1")) INSTANCE("w", "2", VIPS("192.0.2.2"))
		 INSTANCE("x", "3", VIPS("192.0.2.3")) "vrrp_sync_group g {\ngroup {\nx\nv\n}\n}\n",
	 "in place vrrp_sync_group g: -group w, +group x\n"
	 "1 sync group changed in place"},
	{SERVER("weight 1"),
	 SERVICE("lb_algo rr\npersistence_timeout 50\nreal_server 10.0.0.1 80 {\nweight 1\n}"),
	 "in place virtual_server 192.0.2.1:80/tcp: lvs_sched wlc>rr, +persistence_timeout 50\n"
	 "1 service changed in place"},
	{SERVER("weight 1"), SERVER("weight 2"),
	 "in place virtual_server 192.0.2.1:80/tcp real_server 10.0.0.1:80: weight 1>2\n"
	 "1 real server changed in place"},
	{SERVICE("real_server 10.0.0.1 80 { weight 1\n }\nreal_server 10.0.0.2 80 { weight 1\n }"),
	 SERVICE("real_server 10.0.0.3 80 { weight 1\n }\nreal_server 10.0.0.1 80 { weight 1\n }"),
	 "added virtual_server 192.0.2.1:80/tcp real_server 10.0.0.3:80\n"
	 "removed virtual_server 192.0.2.1:80/tcp real_server 10.0.0.2:80\n"
	 "1 real server added, 1 real server removed"},
	/* Checkers have no name: what is equal is the same wherever it stands. */
	{SERVER("TCP_CHECK { retry 1\n}\nMISC_CHECK { misc_path /bin/true\n}"),
	 SERVER("MISC_CHECK { misc_path /bin/true\n}\nTCP_CHECK { retry 1\n}"), "nothing changes"},
	{SERVER("TCP_CHECK { retry 1\n}\nTCP_CHECK { retry 2\n}"),
	 SERVER("TCP_CHECK { retry 2\n}\nTCP_CHECK { retry 3\n}\nHTTP_GET { url { path /\n}\n}"),
	 "restarted virtual_server 192.0.2.1:80/tcp real_server 10.0.0.1:80 TCP_CHECK: retry 1>3!\n"
	 "added virtual_server 192.0.2.1:80/tcp real_server 10.0.0.1:80 HTTP_GET\n"
	 "1 checker restarted, 1 checker added"},
	{SERVER("HTTP_GET { url { path /\n}\n}"), SERVER("TCP_CHECK {\n}"),
	 "added virtual_server 192.0.2.1:80/tcp real_server 10.0.0.1:80 TCP_CHECK\n"
	 "removed virtual_server 192.0.2.1:80/tcp real_server 10.0.0.1:80 HTTP_GET\n"
	 "1 checker added, 1 checker removed"},
	{SERVER("HTTP_GET { url { path /a\n}\nurl { path /b\n}\n}"),
	 SERVER("HTTP_GET { url { path /a\n}\nurl { path /c\n}\n}"),
	 "restarted virtual_server 192.0.2.1:80/tcp real_server 10.0.0.1:80 HTTP_GET: "
	 "url { path /b; status_code 200-299 }>{ path /c; status_code 200-299 }\n"
	 "1 checker restarted"},
	/* Blocks of the top level without code of their own are compared as text. */
	{"virtual_server_group g {\n192.0.2.1 80\n192.0.2.2 80\n}\n"
	 "virtual_server group g {\nprotocol TCP\nreal_server 10.0.0.1 80 {\n}\n}\n",
	 "virtual_server_group g {\n192.0.2.3 80\n192.0.2.1 80\n}\n"
	 "virtual_server group g {\nprotocol TCP\nreal_server 10.0.0.1 80 {\n}\n}\n",
	 "in place virtual_server_group g: -virtual_server_group 192.0.2.2 80, "
	 "+virtual_server_group 192.0.2.3 80\n"
	 "1 address group changed in place"},
	{"global_defs {\nrouter_id a\n}\n", "global_defs {\nrouter_id b\nlvs_flush\n}\n",
	 "in place global_defs: router_id a>b, +lvs_flush?\n"
	 "global_defs changed in place"},
	{"global_defs {\nrouter_id a\n}\n", "global_defs {\nrouter_id a\nlvs_flush\n}\n",
	 "kept global_defs: +lvs_flush?\n"
	 "global_defs kept until vipd is restarted"},
};

static void print_word(FILE *out, const struct conf_change_word *word)
{
	static const char *const ways[] = {
		[CONF_IN_PLACE] = "", [CONF_RESTARTED] = "!", [CONF_REFUSED] = "?"};
	const char *one = word->old ? word->old : word->new;

	if (word->old && word->new)
		fprintf(out, "%s %s>%s", word->keyword, word->old, word->new);
	else
		fprintf(out, "%s%s%s%s", word->old ? "-" : "+", word->keyword, *one ? " " : "",
			one);
	fputs(ways[word->way], out);
}

static void print_change(FILE *out, const struct conf_change *change)
{
	static const char *const ways[] = {[CONF_IN_PLACE] = "in place",
					   [CONF_RESTARTED] = "restarted",
					   [CONF_REFUSED] = "kept"};

	fprintf(out, "%s %s%s%s%s%s",
		change->kind == CONF_ADDED     ? "added"
		: change->kind == CONF_REMOVED ? "removed"
					       : ways[change->way],
		change->inside, *change->inside ? " " : "", change->type, *change->name ? " " : "",
		change->name);
	for (size_t i = 0; i < change->n_words; i++) {
		fputs(i ? ", " : ": ", out);
		print_word(out, &change->words[i]);
	}
	fputc('\n', out);
}

/* The list of changes between two good texts; freed by the caller. */
static char *describe(const char *old, const char *new)
{
	struct loaded a = load_text(old), b = load_text(new);
	struct conf_changes *changes;
	char *text, *summary;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!a.conf || !b.conf) {
		print_message("%s---\n%s", old, new);
		show_diags(&a);
		show_diags(&b);
		fail();
	}
	assert_int_equal(conf_changes_new(a.conf, b.conf, &changes), 0);
	for (size_t i = 0; i < changes->count; i++)
		print_change(out, &changes->items[i]);
	summary = conf_changes_summary(changes);
	fputs(summary, out);
	fclose(out);
	free(summary);
	conf_changes_free(changes);
	unload(&a);
	unload(&b);
	return text;
}

static void test_lists(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *text = describe(cases[i].old, cases[i].new);

		assert_string_equal(text, cases[i].expected);
		free(text);
		text = describe(cases[i].new, cases[i].new);
		assert_string_equal(text, "nothing changes");
		free(text);
	}
}

/* ---- order ---- */

#define PARTS 7

static const char *const parts[PARTS] = {
	SCRIPT("script /bin/true"),
	USER,
	INSTANCE("w", "2", VIPS("192.0.2.2")),
	INSTANCE("x", "3", VIPS("192.0.2.3")),
	"vrrp_sync_group g {\ngroup {\nw\nx\n}\n}\n",
	SERVER("TCP_CHECK {\n}"),
	"virtual_server fwmark 5 {\nreal_server 10.0.0.2 0 {\n}\nreal_server 10.0.0.1 0 {\n}\n}\n",
};

/* Any order of the blocks of a file is the same configuration, to the list and to the engines. */
static void test_order(void **state)
{
	char old[4096], new[4096];

	(void)state;
	for (size_t shift = 0; shift < PARTS; shift++) {
		char *text, *to_old = old, *to_new = new;

		for (size_t i = 0; i < PARTS; i++) {
			to_old = stpcpy(to_old, parts[i]);
			to_new = stpcpy(to_new, parts[(i * 3 + shift) % PARTS]);
		}
		text = describe(old, new);
		assert_string_equal(text, "nothing changes");
		free(text);
	}
}

static void test_maps(void **state)
{
	struct loaded old = load_good(
		INSTANCE("v", "1", VIPS("192.0.2.1")) INSTANCE("w", "2", VIPS("192.0.2.2")), 0);
	struct loaded new = load_good(INSTANCE("n", "4", VIPS("192.0.2.4"))
					      INSTANCE("w", "2", VIPS("192.0.2.2"))
						      INSTANCE("v", "3", VIPS("192.0.2.1")),
				      0);
	struct conf_diff *diff;

	(void)state;
	assert_int_equal(conf_diff_new(old.conf, new.conf, &diff), 0);
	assert_int_equal(diff->instances[0], CONF_NONE);
	assert_int_equal(diff->instances[1], 1);
	assert_int_equal(diff->instances[2], 0);
	assert_false(
		conf_instance_restarts(diff, &old.conf->instances[1], &new.conf->instances[1]));
	assert_true(conf_instance_restarts(diff, &old.conf->instances[0], &new.conf->instances[2]));
	assert_false(conf_instance_changed(diff, &old.conf->instances[0], &new.conf->instances[2],
					   "virtual_ipaddress"));
	conf_diff_free(diff);
	/* The first load has nothing before it. */
	assert_int_equal(conf_diff_new(NULL, new.conf, &diff), 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(diff->instances[i], CONF_NONE);
	conf_diff_free(diff);
	unload(&old);
	unload(&new);
}

/* ---- what only a restart can change ---- */

static struct loaded load_after(const struct loaded *before, const char *text)
{
	struct conf_load_options options = {.previous = before->conf};
	struct loaded loaded = {0};

	loaded.status =
		conf_load_text("t", text, strlen(text), &options, &loaded.conf, &loaded.diags);
	assert_int_equal(loaded.status, 0);
	return loaded;
}

static void test_kept(void **state)
{
	struct loaded with = load_good("global_defs {\nlvs_flush\nrouter_id a\n}\n", 0);
	struct loaded without = load_good("global_defs {\nrouter_id a\n}\n", 0);
	struct loaded after = load_after(&without, "global_defs {\nlvs_flush\nrouter_id b\n}\n");

	(void)state;
	assert_false(after.conf->global.lvs_flush);
	assert_string_equal(after.conf->global.router_id, "b");
	assert_int_equal(count_diags(&after, DIAG_NOTE, 2, "'lvs_flush' cannot change"), 1);
	assert_int_equal(after.diags.count, 1);
	unload(&after);
	after = load_after(&with, "global_defs {\nrouter_id b\n}\n");
	assert_true(after.conf->global.lvs_flush);
	assert_string_equal(after.conf->global.router_id, "b");
	assert_int_equal(count_diags(&after, DIAG_NOTE, 0, "'lvs_flush' cannot be left out"), 1);
	unload(&after);
	/* Nothing to say when nothing changes, or when nothing was before. */
	after = load_after(&with, "global_defs {\nlvs_flush\n}\n");
	assert_true(after.conf->global.lvs_flush);
	assert_int_equal(after.diags.count, 0);
	unload(&after);
	unload(&with);
	unload(&without);
}

/* ---- the tables ---- */

/* Only what belongs to the daemon as a whole can be kept as conf/keep.c does it, and every block
 * that is said to have objects of its own has somebody who compares them. */
static void test_rows(void **state)
{
	static const char *const objects[] = {"global_defs", "vrrp_script", "vrrp_instance",
					      "vrrp_sync_group", "virtual_server"};
	size_t seen = 0;

	(void)state;
	for (const struct option_scope *const *scope = option_scopes(); *scope; scope++) {
		bool root = *scope == option_root();
		const struct option *row;

		for (size_t i = 0; (row = option_at(*scope, i)); i++) {
			bool known = false;

			if (row->reload == OPTION_REFUSED && !root)
				assert_string_equal((*scope)->name, "global_defs");
			for (size_t k = 0; k < sizeof(objects) / sizeof(*objects); k++)
				known = known || strcmp(objects[k], row->name) == 0;
			if (root && (row->flags & OPTION_OBJECTS))
				assert_true(known);
			seen += root && known;
		}
	}
	assert_int_equal(seen, sizeof(objects) / sizeof(*objects));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists), cmocka_unit_test(test_order),
		cmocka_unit_test(test_maps),  cmocka_unit_test(test_kept),
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
