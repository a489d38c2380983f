// SPDX-License-Identifier: MIT
#include "commands.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { PASSWORD_SIZE = 1024 };

static bool read_line(FILE *file, char out[PASSWORD_SIZE])
{
    if (fgets(out, PASSWORD_SIZE, file) == NULL) {
        return false;
    }
    out[strcspn(out, "\r\n")] = '\0';
    return out[0] != '\0';
}

/// Asks the terminal, without showing what is typed.
static bool ask_terminal(const char *user, char out[PASSWORD_SIZE])
{
    FILE *terminal = fopen("/dev/tty", "r+");
    if (terminal == NULL) {
        return false;
    }
    struct termios before;
    const bool hides = tcgetattr(fileno(terminal), &before) == 0;
    if (hides) {
        struct termios hidden = before;
        hidden.c_lflag &= ~(tcflag_t)ECHO;
        (void)tcsetattr(fileno(terminal), TCSAFLUSH, &hidden);
    }
    (void)fprintf(terminal, "Password of %s: ", user);
    (void)fflush(terminal);
    const bool is_read = read_line(terminal, out);
    if (hides) {
        (void)tcsetattr(fileno(terminal), TCSAFLUSH, &before);
    }
    (void)fputc('\n', terminal);
    (void)fclose(terminal);
    return is_read;
}

static enum exit_code get_password(const struct ohm *ohm, const char *user, char out[PASSWORD_SIZE])
{
    const char *path = options_line_value(ohm->line, "password-file");
    if (path == NULL) {
        return ask_terminal(user, out)
                   ? OHM_DONE
                   : ohm_say(OHM_USAGE, "no password: there is no terminal to ask; use "
                                        "--password-file FILE, or '-' for standard input");
    }
    if (strcmp(path, "-") == 0) {
        return read_line(stdin, out) ? OHM_DONE
                                     : ohm_say(OHM_USAGE, "standard input holds no password");
    }
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return ohm_say(OHM_USAGE, "%s: %s", path, strerror(errno));
    }
    const bool is_read = read_line(file, out);
    (void)fclose(file);
    return is_read ? OHM_DONE : ohm_say(OHM_USAGE, "%s holds no password", path);
}

enum exit_code ohm_login(struct ohm *ohm)
{
    const char *named = options_line_value(ohm->line, "user");
    const char *user = named != NULL ? named : "admin";
    char password[PASSWORD_SIZE] = "";
    char fault[FLEET_FAULT_SIZE] = "";

    const enum exit_code code = get_password(ohm, user, password);
    if (code != OHM_DONE) {
        return code;
    }
    const enum status status = fleet_client_sign_in(ohm->client, user, password, fault);
    explicit_bzero(password, sizeof password);
    if (status != STATUS_OK) {
        return ohm_say(status == STATUS_IO ? OHM_UNREACHABLE : OHM_FAILED, "%s", fault);
    }
    if (session_file_save(ohm->session_path, &ohm->session) != STATUS_OK) {
        return ohm_say(OHM_FAILED, "%s: %s", ohm->session_path, strerror(errno));
    }
    (void)fprintf(stderr, "Signed in at %s as %s.\n", ohm->session.server, user);
    return OHM_DONE;
}

enum exit_code ohm_logout(struct ohm *ohm)
{
    struct fleet_answer answer;
    char fault[FLEET_FAULT_SIZE] = "";
    const enum status status =
        fleet_client_call(ohm->client, "POST", "/v1/auth/logout", NULL, &answer, fault);
    ohm->session.cookie[0] = '\0';
    ohm->session.csrf[0] = '\0';
    ohm->session.user[0] = '\0';
    if (session_file_save(ohm->session_path, &ohm->session) != STATUS_OK) {
        return ohm_say(OHM_FAILED, "%s: %s", ohm->session_path, strerror(errno));
    }
    // A session that the server has forgotten is as good as ended.
    return status == STATUS_IO
               ? ohm_say(OHM_UNREACHABLE, "forgotten here, but the server was not told: %s", fault)
               : OHM_DONE;
}
