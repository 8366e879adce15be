/* SPDX-License-Identifier: MIT */
/*
 * vipctl: asks a running vipd over its control socket, one request, one answer. Knows the commands
 * from the same table as the daemon; does nothing itself except look at configuration files, which
 * needs no daemon.
 */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "conf/load.h"
#include "conf/model.h"
#include "core/ctl/commands.h"
#include "core/ctl/ctl.h"

#define DEFAULT_SOCKET RUNSTATEDIR "/vipd/control.sock"
#define ANSWER_S       60

struct arguments {
	const char *socket;
	bool json, strict, include_check, all, force;
	const char *config_id;			/* NULL: the host name, or as vipd has it */
	const char *timeout, *action, *comment; /* NULL: not given */
	char **words; /* what is not an option; the first is the command */
	int n_words;
};

static int fail_usage(const char *text)
{
	fprintf(stderr, "vipctl: %s; try vipctl --help\n", text);
	return CTL_USAGE;
}

/* ---- talking ---- */

static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval limit = {.tv_sec = ANSWER_S};

	if (strlen(path) >= sizeof address.sun_path)
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
		int error = -errno;

		close(fd);
		return error;
	}
	return fd;
}

static int send_line(int fd, json_t *request)
{
	char *text = json_dumps(request, JSON_COMPACT);
	size_t size = text ? strlen(text) : 0;
	int error = text ? 0 : -EINVAL;

	if (text)
		text[size++] = '\n';
	for (size_t sent = 0; sent < size && !error;) {
		ssize_t put = send(fd, text + sent, size - sent, MSG_NOSIGNAL);

		if (put < 0 && errno != EINTR)
			error = -errno;
		else if (put > 0)
			sent += (size_t)put;
	}
	free(text);
	return error;
}

static size_t read_answer(void *room, size_t size, void *owner)
{
	ssize_t got;

	do
		got = recv(*(int *)owner, room, size, 0);
	while (got < 0 && errno == EINTR);
	return got < 0 ? (size_t)-1 : (size_t)got;
}

/* NULL after saying why. Takes the request over. */
static json_t *ask(const struct arguments *arguments, json_t *request)
{
	int fd = connect_to(arguments->socket);
	int error = fd < 0 ? fd : send_line(fd, request);
	json_t *answer = NULL;

	json_decref(request);
	if (!error) {
		answer = json_load_callback(read_answer, &fd, JSON_DISABLE_EOF_CHECK, NULL);
		error = answer ? 0 : -EPROTO;
	}
	if (error)
		fprintf(stderr, "vipctl: no answer from vipd at %s: %s\n", arguments->socket,
			strerror(-error));
	if (fd >= 0)
		close(fd);
	return answer;
}

/* The result of a good answer (borrowed from *ret_answer), else NULL with *ret_status set. */
static const json_t *ask_for_result(const struct arguments *arguments, json_t *request,
				    json_t **ret_answer, int *ret_status)
{
	json_t *answer = ask(arguments, request);

	*ret_answer = answer;
	*ret_status = answer ? CTL_OK : CTL_UNREACHABLE;
	if (!answer)
		return NULL;
	if (json_is_true(json_object_get(answer, "ok")))
		return json_object_get(answer, "result");
	const char *why = json_string_value(json_object_get(answer, "error"));
	fprintf(stderr, "vipctl: %s\n", why ? why : "refused");
	*ret_status = CTL_REFUSED;
	return NULL;
}

typedef void print_fn(const char *word, const json_t *result);

static int run(const struct arguments *arguments, json_t *request, print_fn *print)
{
	json_t *answer;
	int status;
	const json_t *result = ask_for_result(arguments, request, &answer, &status);

	if (result && arguments->json) {
		ctl_print_json(result);
	} else if (result) {
		print(arguments->words[0], result);
	}
	json_decref(answer);
	return status;
}

/* ---- commands ---- */

static void print_status(const char *word, const json_t *result)
{
	(void)word;
	ctl_print_status(result);
}

static void print_reload(const char *word, const json_t *result)
{
	const json_t *daemon = json_object_get(result, "daemon");
	const char *changes = json_string_value(json_object_get(daemon, "changes"));

	(void)word;
	printf("configuration %lld is in force%s%s\n",
	       (long long)json_integer_value(json_object_get(daemon, "generation")),
	       changes ? ": " : "", changes ? changes : "");
}

static void print_text(const char *word, const json_t *result)
{
	const char *text = json_string_value(json_object_get(result, "text"));

	(void)word;
	fputs(text ? text : "", stdout);
}

static void print_help(const char *word, const json_t *result)
{
	(void)word;
	ctl_print_help(result);
}

static json_t *simple_request(const struct arguments *arguments)
{
	return json_pack("{s:s}", "command", arguments->words[0]);
}

static int ctl_status(const struct arguments *arguments)
{
	return run(arguments, simple_request(arguments), print_status);
}

static int ctl_reload(const struct arguments *arguments)
{
	return run(arguments, simple_request(arguments), print_reload);
}

static struct conf_load_options file_options(const struct arguments *arguments)
{
	return (struct conf_load_options){.config_id = arguments->config_id,
					  .strict = arguments->strict,
					  .include_check = arguments->include_check};
}

static int ctl_config(const struct arguments *arguments)
{
	struct conf_load_options options = file_options(arguments);

	if (arguments->n_words > 2)
		return fail_usage("config takes at most one file");
	if (arguments->n_words == 2)
		return ctl_config_of(arguments->words[1], &options, arguments->json);
	return run(arguments, simple_request(arguments), print_text);
}

static int check(const struct arguments *arguments)
{
	struct conf_load_options options = file_options(arguments);

	if (arguments->n_words != 2)
		return fail_usage("check needs one file");
	return ctl_check(arguments->words[1], &options, arguments->json);
}

/* The file as vipd would read it, against what vipd runs on. */
static int diff_running(const struct arguments *arguments)
{
	const struct conf *old = NULL, *new = NULL;
	struct conf_load_options options;
	json_t *answer;
	int status;
	const json_t *result = ask_for_result(arguments, json_pack("{s:s}", "command", "config"),
					      &answer, &status);

	if (result)
		status = ctl_load_running(result, &options, &old);
	if (status == CTL_OK) {
		options.strict = arguments->strict;
		options.include_check |= arguments->include_check;
		if (arguments->config_id)
			options.config_id = arguments->config_id;
		status = ctl_load(arguments->words[1], &options, &new);
	}
	if (status == CTL_OK)
		status = ctl_print_diff(old, new, arguments->json);
	conf_unref(old);
	conf_unref(new);
	json_decref(answer);
	return status;
}

static int diff(const struct arguments *arguments)
{
	struct conf_load_options options = file_options(arguments);
	const struct conf *old = NULL, *new = NULL;
	int status;

	if (arguments->n_words == 2)
		return diff_running(arguments);
	if (arguments->n_words != 3)
		return fail_usage("diff needs one file, or two");
	status = ctl_load(arguments->words[1], &options, &old);
	if (status == CTL_OK)
		status = ctl_load(arguments->words[2], &options, &new);
	if (status == CTL_OK)
		status = ctl_print_diff(old, new, arguments->json);
	conf_unref(old);
	conf_unref(new);
	return status;
}

static int ctl_help(const struct arguments *arguments)
{
	return run(arguments, simple_request(arguments), print_help);
}

static int add_text(json_t *request, const char *name, const char *text)
{
	json_t *value = json_string(text);

	return value ? json_object_set_new(request, name, value) : -1;
}

static int change_server(const struct arguments *arguments)
{
	const char *last = arguments->words[arguments->n_words - 1];

	if (arguments->n_words < 2 || arguments->n_words > (arguments->all ? 2 : 3))
		return fail_usage(arguments->all ? "name the VS of --all" : "name [VS] and RS");
	json_t *request = simple_request(arguments);
	int bad = add_text(request, arguments->all ? "vs" : "rs", last);
	if (arguments->all)
		bad |= json_object_set_new(request, "all", json_true());
	if (arguments->force)
		bad |= json_object_set_new(request, "force", json_true());
	if (arguments->n_words == 3)
		bad |= add_text(request, "vs", arguments->words[1]);
	if (arguments->action)
		bad |= add_text(request, "action", arguments->action);
	if (arguments->comment)
		bad |= add_text(request, "comment", arguments->comment);
	if (arguments->timeout) {
		char *end;
		long seconds = strtol(arguments->timeout, &end, 10);

		bad |= end == arguments->timeout || *end;
		json_object_set_new(request, "timeout", json_integer(seconds));
	}
	if (bad) {
		json_decref(request);
		return fail_usage("an argument is not a number or not UTF-8 text");
	}
	return run(arguments, request, ctl_print_servers);
}

static int ctl_drain(const struct arguments *arguments)
{
	return change_server(arguments);
}

static int ctl_undrain(const struct arguments *arguments)
{
	return change_server(arguments);
}

static int ctl_lock(const struct arguments *arguments)
{
	return change_server(arguments);
}

static int ctl_policy(const struct arguments *arguments)
{
	json_t *request = simple_request(arguments);

	if (arguments->n_words != 2 || add_text(request, "policy", arguments->words[1])) {
		json_decref(request);
		return fail_usage("the policy is allow or refuse");
	}
	return run(arguments, request, ctl_print_policy);
}

/* ---- choosing one ---- */

struct command {
	const char *word, *arguments, *help;
	int (*fn)(const struct arguments *arguments);
};

static const struct command commands[] = {
#define ROW(word, arguments, help) {#word, arguments, help, ctl_##word},
	CTL_COMMANDS(ROW)
#undef ROW
		{"check", "FILE", "check a configuration file; needs no running vipd", check},
	{"diff", "[OLD] FILE", "what a reload with FILE would change, of vipd or of another file",
	 diff},
};

static int usage(FILE *to)
{
	fprintf(to, "Usage: vipctl [-j] [-s SOCKET] COMMAND [ARGUMENT]...\n\n"
		    "  -j, --json           print JSON\n"
		    "  -s, --socket PATH    of vipd's control socket (" DEFAULT_SOCKET ")\n"
		    "      --strict         take warnings of a file for errors\n"
		    "  -i, --config-id ID   for @ID lines of a file\n"
		    "  -e, --all-config     an include of a file must find its files\n"
		    "  -h, --help           print this\n"
		    "  -v, --version        print the version\n\nCommands:\n");
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
		fprintf(to, "  %s %s\n      %s\n", commands[i].word, commands[i].arguments,
			commands[i].help);
	fprintf(to, "\nExit status: 0 done, 1 refused, 2 usage, 3 no vipd answers,\n"
		    "4 unreadable file, 5 errors in a file.\n");
	return CTL_USAGE;
}

/* What would have no effect, NULL when all that is given has one. */
static const char *find_needless(const struct command *command, const struct arguments *arguments)
{
	const struct {
		const char *option, *of;
		bool given;
	} options[] = {
		{"--timeout", "--timeout", arguments->timeout},
		{"--action", "--action", arguments->action},
		{"--comment", "--comment", arguments->comment},
		{"--all", "--all", arguments->all},
		{"--force", "--force", arguments->force},
		{"--strict", "FILE", arguments->strict},
		{"--config-id", "FILE", arguments->config_id},
		{"--all-config", "FILE", arguments->include_check},
	};

	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		if (options[i].given && !strstr(command->arguments, options[i].of))
			return options[i].option;
	return !*command->arguments && arguments->n_words > 1 ? arguments->words[1] : NULL;
}

static int dispatch(const struct arguments *arguments)
{
	const char *word = arguments->words[0], *needless;
	const struct command *command = commands,
			     *end = command + sizeof commands / sizeof *commands;

	while (command < end && strcmp(command->word, word) != 0)
		command++;
	if (command == end)
		return fail_usage("unknown command");
	needless = find_needless(command, arguments);
	if (!needless)
		return command->fn(arguments);
	fprintf(stderr, "vipctl: %s has no use for %s; try vipctl --help\n", word, needless);
	return CTL_USAGE;
}

/* False: it ends here, with *ret_status. */
static bool take_option(int found, struct arguments *arguments, int *ret_status)
{
	switch (found) {
	case 'j':
		arguments->json = true;
		return true;
	case 's':
		arguments->socket = optarg;
		return true;
	case 't':
		arguments->timeout = optarg;
		return true;
	case 'a':
		arguments->action = optarg;
		return true;
	case 'c':
		arguments->comment = optarg;
		return true;
	case 'A':
		arguments->all = true;
		return true;
	case 'F':
		arguments->force = true;
		return true;
	case 'S':
		arguments->strict = true;
		return true;
	case 'i':
		arguments->config_id = optarg;
		return true;
	case 'e':
		arguments->include_check = true;
		return true;
	case 'h':
		usage(stdout);
		*ret_status = CTL_OK;
		return false;
	case 'v':
		printf("vipctl " PACKAGE_VERSION "\n");
		*ret_status = CTL_OK;
		return false;
	default:
		*ret_status = CTL_USAGE;
		return false;
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},
		{"socket", required_argument, NULL, 's'},
		{"timeout", required_argument, NULL, 't'},
		{"action", required_argument, NULL, 'a'},
		{"comment", required_argument, NULL, 'c'},
		{"all", no_argument, NULL, 'A'},
		{"force", no_argument, NULL, 'F'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},
		{"strict", no_argument, NULL, 'S'},
		{"config-id", required_argument, NULL, 'i'},
		{"all-config", no_argument, NULL, 'e'},
		{0},
	};
	struct arguments arguments = {.socket = DEFAULT_SOCKET};
	int found, status;

	while ((found = getopt_long(argc, argv, "js:t:a:c:i:ehv", options, NULL)) != -1) {
		if (!take_option(found, &arguments, &status))
			return status;
	}
	arguments.words = argv + optind;
	arguments.n_words = argc - optind;
	if (!arguments.n_words)
		return usage(stderr);
	return dispatch(&arguments);
}
