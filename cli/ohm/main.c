// SPDX-License-Identifier: MIT

/// ohm, the command line of a fleet's operators.

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "core_dump.h"

enum { RULE_LIMIT = 32, CALL_WIDTH = 30 };

/// Puts what follows a long call below it, in the column of the others.
#define OWN_LINE "\n                                "

#define DEFAULT_SERVER "https://localhost:8443"

static const struct option_rule common_options[] = {
    { "help", false },  { "version", false }, { "json", false },
    { "server", true }, { "ca", true },       { NULL, false },
};

static void print_usage(FILE *out)
{
    (void)fputs("Usage: ohm COMMAND [ARGUMENTS] [OPTIONS]\n\nLooks after a fleet of meters.\n\n",
                out);
    for (size_t n = 0; ohm_command_at(n) != NULL; n++) {
        const struct ohm_command *command = ohm_command_at(n);
        char call[64];
        (void)snprintf(call, sizeof call, "%s %s", command->name, command->arguments);
        const bool is_long = strlen(call) > CALL_WIDTH;
        (void)fprintf(out, "  %-*s%s  %s\n", CALL_WIDTH, call, is_long ? OWN_LINE : "",
                      command->purpose);
    }
    (void)fputs("\n"
                "  --server ADDRESS        the server; otherwise that of the last login\n"
                "  --ca FILE               trust this authority instead of the system's\n"
                "  --json                  print the server's JSON, for programs\n"
                "  --help                  show this text, or that of a command; so does ohm help\n"
                "  --version               show the version\n"
                "\n"
                "OHM_SERVER and OHM_CA in the environment stand for --server and --ca.\n"
                "Exit codes: 0 done, 1 the server or the device said no, 2 a wrong command line,\n"
                "3 not signed in, 4 no answer.\n",
                out);
}

static void print_command(const struct ohm_command *command)
{
    (void)printf("Usage: ohm %s %s%s[OPTIONS]\n\n%c%s.\n", command->name, command->arguments,
                 command->arguments[0] != '\0' ? " " : "",
                 toupper((unsigned char)command->purpose[0]), command->purpose + 1);
    if (command->help != NULL) {
        (void)printf("\n%s", command->help);
    }
}

static const struct ohm_command *find_command(const char *name)
{
    for (size_t n = 0; ohm_command_at(n) != NULL; n++) {
        if (strcmp(ohm_command_at(n)->name, name) == 0) {
            return ohm_command_at(n);
        }
    }
    return NULL;
}

static size_t append(struct option_rule *rules, size_t count, const struct option_rule *more)
{
    for (; more != NULL && more->name != NULL && count + 1 < RULE_LIMIT; more++) {
        rules[count++] = *more;
    }
    rules[count] = (struct option_rule){ NULL, false };
    return count;
}

/// The first word that is no option and no option's value.
static const struct ohm_command *guess_command(int argc, char *const *argv)
{
    for (int n = 1; n < argc; n++) {
        const struct ohm_command *command = find_command(argv[n]);
        if (command != NULL) {
            return command;
        }
    }
    return NULL;
}

static bool is_help(const char *command)
{
    return command != NULL && strcmp(command, "help") == 0;
}

/// The command that is meant, which "ohm help COMMAND" names behind; NULL: none.
static const char *named_command(const struct options_line *line)
{
    if (!is_help(line->command)) {
        return line->command;
    }
    return line->arguments > 0 ? line->argument[0] : NULL;
}

static bool set(char *out, size_t size, const char *value)
{
    return snprintf(out, size, "%s", value) < (int)size;
}

/// Server and authority: from the command line, else the environment, else the last session.
static enum exit_code choose_server(struct ohm *ohm)
{
    const struct options_line *line = ohm->line;
    struct cli_session *session = &ohm->session;
    if (session_file_path(ohm->session_path) != STATUS_OK) {
        return ohm_say(OHM_FAILED, "neither XDG_CONFIG_HOME nor HOME names a folder");
    }
    const enum status loaded = session_file_load(ohm->session_path, session);
    if (loaded == STATUS_CORRUPT) {
        (void)ohm_say(OHM_FAILED, "%s is not to be trusted and is ignored: sign in anew",
                      ohm->session_path);
    }
    const bool is_login = line->command != NULL && strcmp(line->command, "login") == 0;
    const char *server =
        is_login && line->arguments > 0 ? line->argument[0] : options_line_value(line, "server");
    server = server != NULL ? server : getenv("OHM_SERVER");
    const char *ca = options_line_value(line, "ca");
    ca = ca != NULL ? ca : getenv("OHM_CA");
    char chosen[CLI_SERVER_SIZE];
    bool fits = set(chosen, sizeof chosen,
                    server != NULL               ? server
                    : session->server[0] != '\0' ? session->server
                                                 : DEFAULT_SERVER);
    for (size_t end = strlen(chosen); end > 0 && chosen[end - 1] == '/'; end--) {
        chosen[end - 1] = '\0';
    }
    if (strcmp(chosen, session->server) != 0) {
        // Another server must not see this one's session.
        *session = (struct cli_session){ .server = "" };
    }
    fits = fits && set(session->server, sizeof session->server, chosen) &&
           (ca == NULL || set(session->ca, sizeof session->ca, ca));
    return fits ? OHM_DONE : ohm_say(OHM_USAGE, "the server's address or the path is too long");
}

static enum exit_code run(struct ohm *ohm, const struct ohm_command *command)
{
    char fault[FLEET_FAULT_SIZE] = "";
    enum exit_code code = choose_server(ohm);
    if (code != OHM_DONE) {
        return code;
    }
    if (fleet_client_open(&ohm->session, &ohm->client, fault) != STATUS_OK) {
        return ohm_say(OHM_USAGE, "%s", fault);
    }
    code = command->run(ohm);
    fleet_client_close(ohm->client);
    return fflush(stdout) == 0 ? code : OHM_FAILED;
}

int main(int argc, char **argv)
{
    struct option_rule rules[RULE_LIMIT];
    char fault[OPTIONS_FAULT_SIZE_CLI] = "";
    struct options_line line;
    const struct ohm_command *command = guess_command(argc, argv);
    const size_t common = append(rules, 0, common_options);
    (void)append(rules, common, command != NULL ? command->options : NULL);

    if (!core_dump_forbid()) {
        return (int)ohm_say(OHM_FAILED,
                            "core files cannot be turned off, and they would hold keys");
    }
    if (options_line_read(&line, argc, argv, rules, fault) != STATUS_OK) {
        return (int)ohm_say(OHM_USAGE, "%s; \"ohm --help\" tells what there is", fault);
    }
    if (options_line_value(&line, "version") != NULL) {
        (void)puts("ohm " OHM_VERSION);
        return OHM_DONE;
    }
    const bool wants_help = options_line_value(&line, "help") != NULL || is_help(line.command);
    const char *name = named_command(&line);
    command = name != NULL ? find_command(name) : NULL;
    if (name != NULL && command == NULL) {
        return (int)ohm_say(OHM_USAGE, "%s: there is no such command; \"ohm --help\" lists them",
                            name);
    }
    if (wants_help && command != NULL) {
        print_command(command);
        return OHM_DONE;
    }
    if (command == NULL) {
        print_usage(wants_help ? stdout : stderr);
        return wants_help ? OHM_DONE : OHM_USAGE;
    }
    if (line.arguments < command->arguments_least || line.arguments > command->arguments_most) {
        return (int)ohm_say(OHM_USAGE, "%s wants %s; see \"ohm %s --help\"", command->name,
                            command->arguments[0] != '\0' ? command->arguments : "no arguments",
                            command->name);
    }
    struct ohm ohm = { .line = &line, .json = options_line_value(&line, "json") != NULL };
    return (int)run(&ohm, command);
}
