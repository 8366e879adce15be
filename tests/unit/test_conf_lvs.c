/* SPDX-License-Identifier: MIT */
/*
 * Virtual servers, real servers and checkers: what each text is told, and what becomes of it in the
 * canonical dump, which must load back to itself.
 */
#include "tests/unit/conf_text.h"

#define VS(body) "virtual_server 192.0.2.1 80 {\nprotocol TCP\n" body "}\n"
#define SERVED(body)                                                                               \
	VS(body "real_server 192.0.2.2 80 {\nTCP_CHECK {\n}\n}\n")	  /* body from line 3 on */
#define RS(body)	  VS("real_server 192.0.2.2 80 {\n" body "}\n")	  /* from line 4 on */
#define CHECK(type, body) RS(type " {\n" body "}\n")			  /* from line 5 on */
#define URL(body)	  CHECK("HTTP_GET", "url {\npath /\n" body "}\n") /* from line 7 on */
#define BFD(body)	  "bfd_instance b {\nneighbor_ip 192.0.2.7\n" body "}\n"
#define FILED(type, body) CHECK(type, body) "track_file f {\nfile /run/f\nweight 9 reverse\n}\n"
#define GROUP(body)                                                                                \
	"virtual_server_group g {\n" body "}\nvirtual_server group g {\nprotocol TCP\n"            \
	"real_server 192.0.2.2 80 {\n}\n}\n" /* body from line 2 on */

/* What one line of a text is told. */
static const struct verdict {
	const char *text;
	unsigned line;
	enum { NOTHING, ERROR, WARNING } kind;
	const char *part;
} verdicts[] = {
	/* times: what keepalived takes is taken, and brought to what makes sense */
	{SERVED("delay_loop 0.000001\n"), 3, WARNING, "'delay_loop' is taken as 0.001"},
	{SERVED("delay_loop 0\n"), 3, ERROR, "'delay_loop' must be a number of seconds"},
	{SERVED("warmup 2678401\n"), 3, WARNING, "'warmup' is taken as 2678400"},
	{SERVED("warmup 0\n"), 3, NOTHING, NULL},
	{SERVED("connect_timeout 4294.967296\n"), 3, ERROR, "from 0.000001 to 4294.967295"},
	{RS("delay_before_retry 99999999\n"), 4, WARNING, "is taken as 2678400"},
	/* weights and thresholds */
	{SERVED("weight 2147483647\n"), 3, WARNING, "'weight' is taken as 65535"},
	{SERVED("weight 2147483648\n"), 3, ERROR, "from 1 to 2147483647"},
	{RS("weight 2147483647\n"), 4, WARNING, "'weight' is taken as 65535"},
	{RS("uthreshold 5\nlthreshold 6\n"), 5, WARNING, "not be above 'uthreshold', which is 5"},
	{RS("lthreshold 6\nuthreshold 5\n"), 4, WARNING, "which is 5; it is ignored"},
	{RS("lthreshold 1\n"), 4, WARNING, "no effect without 'uthreshold'"},
	{RS("lthreshold 1\nuthreshold 0\n"), 4, WARNING, "no effect without 'uthreshold'"},
	{RS("uthreshold 5\nlthreshold 5\n"), 5, NOTHING, NULL},
	{RS("lthreshold 0\n"), 4, NOTHING, NULL},
	/* vipd's own */
	{SERVED("slow_start 604801\n"), 3, ERROR, "from 0 to 604800"},
	{SERVED("slow_start 5\n"), 3, NOTHING, NULL},
	{RS("slow_start 0\n"), 4, NOTHING, NULL},
	{SERVED("drain_on_removal 5.5\n"), 3, ERROR, "'drain_on_removal'"},
	{"global_defs {\nlvs_drift later\n}\n", 2, ERROR, "must be one of repair, leave"},
	{RS("lb_kind DR\n"), 4, WARNING, "'lb_kind' is deprecated"},
	/* forwarding */
	{SERVED("lvs_method dr\n"), 3, ERROR, "must be one of NAT, DR, TUN"},
	{SERVED("lvs_method NAT nocsum\n"), 3, WARNING, "only TUN has options"},
	{SERVED("lvs_method DR foo\n"), 3, ERROR, "not 'foo'"},
	{SERVED("lvs_method TUN type ipip csum\n"), 3, ERROR, "ipip tunnel has no checksum"},
	{SERVED("lvs_method TUN csum type gre\n"), 3, NOTHING, NULL},
	{SERVED("lvs_method TUN type gre remcsum\n"), 3, ERROR, "no remote checksum"},
	{SERVED("lvs_method TUN type gue port 0\n"), 3, ERROR, "from 1 to 65535"},
	/* the sorry server's keywords, quorum */
	{SERVED("persistence_engine sip\n"), 3, WARNING, "without 'persistence_timeout'"},
	{SERVED("persistence_granularity 24\n"), 3, WARNING, "without 'persistence_timeout'"},
	{SERVED("persistence_granularity 32\n"), 3, NOTHING, NULL},
	{SERVED("persistence_granularity 24\npersistence_timeout 9\n"), 3, NOTHING, NULL},
	{VS("alpha\nreal_server 192.0.2.2 80 {\n}\n"), 4, WARNING,
	 "'alpha' has no effect on a server without checkers"},
	{RS("alpha\n"), 4, WARNING, "'alpha' has no effect on a server without checkers"},
	{CHECK("TCP_CHECK", "alpha\n"), 5, NOTHING, NULL},
	{CHECK("SSL_GET", "sni_name a\nurl {\npath /\n}\n"), 5, WARNING, "without 'enable_sni'"},
	{SERVED("sorry_server_inhibit\n"), 3, WARNING, "no effect without 'sorry_server'"},
	{SERVED("sorry_server_lvs_method DR\n"), 3, WARNING, "no effect without 'sorry_server'"},
	{SERVED("quorum 4294967295\n"), 3, WARNING, "above the total weight"},
	{RS("weight 0\n"), 1, WARNING, "add up to 0"},
	{SERVED("quorum 4294967296\n"), 3, ERROR, "from 1 to 4294967295"},
	{SERVED("hysteresis 4294967295\n"), 3, WARNING, "must be below 'quorum'"},
	{SERVED("persistence_timeout 2678401\n"), 3, ERROR, "to 2678400"},
	/* what is there twice */
	{SERVED("") SERVED(""), 8, WARNING, "stands in line 1 already; dropped here"},
	{"virtual_server_group g {\n192.0.2.1 80\n}\n" GROUP("192.0.2.3 80\n"), 4, WARNING,
	 "a virtual_server_group 'g' already, in line 1; dropped here"},
	{SERVED("") GROUP("192.0.2.1 80\n192.0.2.9 80\n"), 12, ERROR,
	 "the virtual server of line 1 has the same address"},
	/* lines of a group */
	{GROUP("192.0.2.1-10 80\n"), 2, NOTHING, NULL},
	{GROUP("192.0.2.1-192.0.3.10 80\n"), 2, NOTHING, NULL},
	{GROUP("192.0.2.10-9 80\n"), 2, ERROR, "must not end before it starts"},
	{GROUP("192.0.2.10-2001:db8::1 80\n"), 2, ERROR, "is no range of addresses"},
	{GROUP("192.0.2.0/24 80\n"), 2, NOTHING, NULL},
	{GROUP("192.0.2.1/24 80\n"), 2, ERROR, "host bits of '192.0.2.1/24' must be zero"},
	{GROUP("0.0.0.0/0 80\n"), 2, ERROR, "prefix length must not be 0"},
	{GROUP("fwmark 0\n"), 2, ERROR, "from 1 to 4294967295"},
	{GROUP("fwmark 1 inet7\n"), 2, ERROR, "inet or inet6"},
	{GROUP("192.0.2.1\n"), 4, WARNING, "must be persistent"},
	{GROUP(""), 3, WARNING, "is empty; the virtual server is dropped"},
	{GROUP("2001:db8::1 80\n"), 6, ERROR, "not of the family"},
	/* HTTP */
	{CHECK("HTTP_GET", ""), 4, ERROR, "'HTTP_GET' has no 'url'"},
	{"virtual_server 2001:db8::1 80 {\npersistence_granularity\nreal_server 2001:db8::2 80 "
	 "{\n}\n}\n",
	 2, ERROR, "needs a value"},
	{CHECK("HTTP_GET", "url {\n}\n"), 5, WARNING, "/ is fetched"},
	{CHECK("HTTP_GET", "http_protocol 1.0c\nurl {\npath /\n}\n"), 5, NOTHING, NULL},
	{CHECK("HTTP_GET", "http_protocol 1.2\nurl {\npath /\n}\n"), 5, ERROR, "1.0, 1.0C or 1.1"},
	{CHECK("HTTP_GET", "tls_compliant\nurl {\npath /\n}\n"), 5, WARNING, "in SSL_GET only"},
	{CHECK("HTTP_GET", "url {\npath /\ntls_compliant\n}\n"), 7, WARNING, "in SSL_GET only"},
	{CHECK("SSL_GET", "url {\npath /\ntls_compliant\n}\n"), 7, NOTHING, NULL},
	{CHECK("HTTP_GET", "tls_compliant off\nurl {\npath /\n}\n"), 5, NOTHING, NULL},
	{URL("status_code\n"), 7, WARNING, "names no code"},
	{URL("regex \"a(\"\n"), 7, ERROR, "missing closing parenthesis, at octet 2"},
	{URL("regex a\\\\d+\n"), 7, NOTHING, NULL},
	{URL("regex \"(?<=a{5000})b\"\n"), 7, ERROR, "look back more than 4000 characters"},
	{URL("regex a\nregex_options caseless loud\n"), 8, ERROR, "knows no 'loud'"},
	{URL("regex_options caseless\n"), 7, WARNING, "no effect without 'regex'"},
	{URL("regex_no_match\n"), 7, WARNING, "no effect without 'regex'"},
	{URL("regex_no_match\nregex a\n"), 7, NOTHING, NULL},
	{URL("regex a\nregex_stack 20 10\n"), 8, ERROR, "from 20 to"},
	{URL("regex a\nregex_min_offset 9\nregex_max_offset 9\n"), 9, WARNING,
	 "no match can start"},
	/* the others */
	{CHECK("SMTP_CHECK", "host {\nconnect_port 0\n}\n"), 6, ERROR, "from 1 to 65535"},
	{CHECK("SMTP_CHECK", "host {\n}\n"), 5, WARNING, "'host' is deprecated"},
	{CHECK("SMTP_CHECK", "nonsense\n"), 5, ERROR, "unknown keyword 'nonsense'"},
	{CHECK("DNS_CHECK", "type PTR\n"), 5, ERROR, "'type' must be one of A, NS"},
	{CHECK("DNS_CHECK", "type aaaa\nname example.com.\n"), 5, NOTHING, NULL},
	{CHECK("DNS_CHECK", "name a..b\n"), 5, ERROR, "empty label"},
	{CHECK("DNS_CHECK",
	       "name a234567890123456789012345678901234567890123456789012345678901234\n"),
	 5, ERROR, "longer than 63 octets"},
	{CHECK("MISC_CHECK", "misc_path /bin/true\nmisc_timeout 0\n"), 6, NOTHING, NULL},
	{CHECK("MISC_CHECK", "misc_path /bin/true\nmisc_timeout 4295\n"), 6, ERROR, "0 to 4294"},
	{CHECK("BFD_CHECK", ""), 4, ERROR, "'BFD_CHECK' has no 'name'"},
	{CHECK("BFD_CHECK", "name b\nretry 2\n") BFD(""), 6, ERROR, "'retry' does not belong here"},
	{CHECK("BFD_CHECK", "name c\n") BFD(""), 5, ERROR,
	 "no bfd_instance 'c'; did you mean 'b'?"},
	{CHECK("BFD_CHECK", "name b\n") BFD("vrrp\n"), 5, ERROR, "tells instances only"},
	{FILED("FILE_CHECK", "track_file g\n"), 5, ERROR, "there is no track_file 'g'"},
	{CHECK("UDP_CHECK", "payload 0X\n"), 5, ERROR, "takes hexadecimal digits, not '0X'"},
	{CHECK("UDP_CHECK", "payload \"\"\n"), 5, ERROR, "takes hexadecimal digits, not ''"},
	{CHECK("UDP_CHECK", "require_reply 0g\n"), 5, ERROR, "digits and X for any digit"},
	{CHECK("UDP_CHECK", "min_reply_length 256\n"), 5, ERROR, "must not be above"},
	{CHECK("UDP_CHECK", "min_reply_length 65536\n"), 5, ERROR, "from 0 to 65535"},
	{CHECK("FILE_CHECK", "weight 5\n"), 4, ERROR, "'FILE_CHECK' has no 'track_file'"},
	{FILED("FILE_CHECK", "track_file f\nweight 5 sideways\n"), 6, ERROR,
	 "reverse or noreverse"},
	{FILED("FILE_CHECK", "track_file f\nweight -2147483648\n"), 6, ERROR, "-2147483647 to"},
	{FILED("FILE_CHECK", "track_file f\ndynamic\n"), 6, WARNING, "obsolete"},
	/* what a checker has no use for */
	{CHECK("PING_CHECK", "connect_port 80\n"), 5, NOTHING, NULL}, /* the server's own */
	{CHECK("PING_CHECK", "connect_port 81\n"), 5, WARNING,
	 "'connect_port' has no meaning in PING_CHECK"},
	{CHECK("PING_CHECK", "bind_port 81\n"), 5, WARNING,
	 "'bind_port' has no meaning in PING_CHECK"},
	{RS("bind_port 81\nPING_CHECK {\n}\n"), 4, WARNING, "no meaning in PING_CHECK"},
	{CHECK("TCP_CHECK", "connect_ip fe80::1\n"), 5, WARNING, "without 'bind_if'"},
	{CHECK("TCP_CHECK", "connect_ip fe80::1\nbind_if eth0\n"), 5, NOTHING, NULL},
	{CHECK("MISC_CHECK", "misc_path /bin/true\nfwmark 7\n"), 6, ERROR, "does not belong here"},
	{FILED("FILE_CHECK", "track_file f\nretry 7\n"), 6, ERROR, "does not belong here"},
	{"SSL {\npassword a\n}\n", 2, WARNING, "no effect without 'key'"},
	{"SSL {\ncertificate a\n}\n", 2, WARNING, "no effect without 'key'"},
	{"SSL {\nkey a\n}\n", 2, WARNING, "no effect without 'certificate'"},
	{"SSL {\nca\n}\n", 2, ERROR, "'ca' needs a value"},
	{"SSL {\nca a\n}\nSSL {\nkey b\n}\n", 4, WARNING, "adds to it"},
};

/* Nothing but that a keyword is not supported yet. */
static bool is_quiet(const struct loaded *loaded, unsigned line)
{
	return !loaded->status &&
	       count_diags(loaded, DIAG_WARNING, line, NULL) ==
		       count_diags(loaded, DIAG_WARNING, line, "not supported yet");
}

static bool fits(const struct loaded *loaded, const struct verdict *verdict)
{
	if (verdict->kind == NOTHING)
		return is_quiet(loaded, verdict->line);
	if (verdict->kind == WARNING)
		return !loaded->status &&
		       count_diags(loaded, DIAG_WARNING, verdict->line, verdict->part) == 1;
	return loaded->diags.errors == 1 &&
	       count_diags(loaded, DIAG_ERROR, verdict->line, verdict->part) == 1;
}

static void test_verdicts(void **state)
{
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++) {
		struct loaded loaded = load_text(verdicts[i].text);

		if (!fits(&loaded, &verdicts[i])) {
			print_message("%s-- line %u should say: %s\n", verdicts[i].text,
				      verdicts[i].line,
				      verdicts[i].part ? verdicts[i].part : "nothing");
			show_diags(&loaded);
			bad++;
		}
		unload(&loaded);
	}
	assert_int_equal(bad, 0);
}

/* Lines of the canonical dump, in order; it loads back to itself. */
static const struct dumped {
	const char *text;
	const char *lines[16];
} dumps[] = {
	{CHECK("SMTP_CHECK", ""),
	 {"SMTP_CHECK {", "retry 1", "delay_before_retry 1", "connect_port 80",
	  "helo_name smtpchecker.keepalived.org"}},
	{CHECK("SMTP_CHECK", "helo_name a.example\nhost {\nconnect_ip 192.0.2.9\nretry 7\n}\n"),
	 {"retry 7", "connect_ip 192.0.2.9", "helo_name a.example"}},
	/* Each host is a check, with what stands around it, before or behind. */
	{CHECK("SMTP_CHECK", "retry 5\nhost {\nconnect_ip 192.0.2.9\nretry 7\n}\n"
			     "host {\nconnect_port 26\n}\nhost {\n}\nhelo_name a.example\n"),
	 {"SMTP_CHECK {", "retry 7", "connect_ip 192.0.2.9", "connect_port 80",
	  "helo_name a.example", "SMTP_CHECK {", "retry 5", "connect_ip 192.0.2.2",
	  "connect_port 26", "helo_name a.example", "SMTP_CHECK {", "retry 5", "connect_port 80",
	  "helo_name a.example"}},
	{RS("connect_port 26\nSMTP_CHECK {\nhost {\nconnect_port 27\n}\n}\n"), {"connect_port 27"}},
	{VS("delay_loop 7\nreal_server 192.0.2.2 80 {\nDNS_CHECK {\n}\n}\n"),
	 {"DNS_CHECK {", "delay_loop 7", "retry 3", "delay_before_retry 7", "type SOA", "name ."}},
	{VS("retry 9\nreal_server 192.0.2.2 80 {\ndelay_before_retry 2\nDNS_CHECK {\ntype mx\n"
	    "name example.com\n}\n}\n"),
	 {"DNS_CHECK {", "retry 9", "delay_before_retry 2", "type MX", "name example.com"}},
	{"virtual_server fwmark 7 {\nreal_server 192.0.2.2 {\nDNS_CHECK {\n}\nSMTP_CHECK {\n}\n"
	 "PING_CHECK {\n}\n}\n}\n",
	 {"DNS_CHECK {", "connect_port 53", "SMTP_CHECK {", "connect_port 25", "PING_CHECK {"}},
	{CHECK("UDP_CHECK",
	       "payload Ab12f 3 456\nrequire_reply 0X \"1x 2\" X\nmin_reply_length 2\n"),
	 {"payload ab120f034506", "require_reply 0X1X020X", "min_reply_length 2",
	  "max_reply_length 255"}},
	{CHECK("UDP_CHECK", "require_reply\n"), {"require_reply", "min_reply_length 0"}},
	{CHECK("BFD_CHECK", "name b\nalpha\n") BFD(""), {"BFD_CHECK {", "name b", "alpha on"}},
	{FILED("FILE_CHECK", "track_file f\nweight -3 reverse\n"),
	 {"FILE_CHECK {", "track_file f", "weight -3 reverse"}},
	{FILED("FILE_CHECK", "track_file f\n"), {"weight 9 reverse"}},
	{FILED("FILE_CHECK", "track_file f\nweight 0\n"), {"weight 0 noreverse"}},
	{URL("regex \"a\\\\d \\\"\\n\"\nregex_no_match\nregex_options dotall caseless\n"
	     "regex_min_offset 3\nregex_max_offset 9\nregex_stack 100 200\n"),
	 {"regex \"a\\134d \\042\\012\"", "regex_no_match", "regex_options caseless",
	  "regex_options dotall", "regex_min_offset 3", "regex_max_offset 9",
	  "regex_stack 100 200"}},
	{CHECK("SSL_GET", "fast_recovery\ntls_compliant\nurl {\npath /a\ntls_compliant no\n}\n"),
	 {"tls_compliant off", "fast_recovery on", "tls_compliant on"}},
	{"SSL {\npassword \"a b\"\nca /c\n}\n", {"SSL {", "password \"a b\"", "ca /c"}},
	{SERVED("lvs_method TUN type gue port 6080 remcsum\n"),
	 {"lvs_method TUN type gue port 6080 remcsum"}},
	{SERVED("persistence_timeout\n"), {"persistence_timeout 360"}},
	{RS("smtp_alert off\n"), {"smtp_alert off"}},
	{RS("uthreshold 5\nlthreshold 5\n"), {"uthreshold 5", "lthreshold 5"}},
	{RS("uthreshold 5\nlthreshold 6\n"), {"uthreshold 5", "lthreshold 0"}},
};

/* Past line in text, NULL: not there. Indentation does not count. */
static const char *after_line(const char *text, const char *line)
{
	size_t length = strlen(line);

	while (text && *text) {
		text += strspn(text, " ");
		if (strncmp(text, line, length) == 0 && text[length] == '\n')
			return text + length + 1;
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	return NULL;
}

static unsigned check_dump(const struct dumped *dumped)
{
	struct loaded first = load_text(dumped->text), second;
	const char *at;
	char *text, *again;
	unsigned bad = 0;

	if (first.status)
		show_diags(&first);
	assert_int_equal(first.status, 0);
	text = conf_dump(first.conf);
	at = text;
	for (size_t i = 0; i < 16 && dumped->lines[i] && at; i++) {
		at = after_line(at, dumped->lines[i]);
		if (!at) {
			print_message("%s-- has no line '%s'\n", text, dumped->lines[i]);
			bad++;
		}
	}
	second = load_text(text);
	if (second.status)
		show_diags(&second);
	assert_int_equal(second.status, 0);
	again = conf_dump(second.conf);
	assert_string_equal(again, text);
	free(text);
	free(again);
	unload(&first);
	unload(&second);
	return bad;
}

static void test_dumps(void **state)
{
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(dumps) / sizeof(*dumps); i++)
		bad += check_dump(&dumps[i]);
	assert_int_equal(bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_dumps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
