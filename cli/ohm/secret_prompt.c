// SPDX-License-Identifier: MIT
#include "secret_prompt.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static bool read_line(FILE *file, char out[OHM_SECRET_SIZE])
{
    if (fgets(out, OHM_SECRET_SIZE, file) == NULL) {
        return false;
    }
    out[strcspn(out, "\r\n")] = '\0';
    return out[0] != '\0';
}

/// Asks the terminal, without showing what is typed.
static bool ask_terminal(const char *question, char out[OHM_SECRET_SIZE])
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
    (void)fputs(question, terminal);
    (void)fflush(terminal);
    const bool is_read = read_line(terminal, out);
    if (hides) {
        (void)tcsetattr(fileno(terminal), TCSAFLUSH, &before);
    }
    (void)fputc('\n', terminal);
    (void)fclose(terminal);
    return is_read;
}

enum exit_code ohm_read_secret(const struct ohm *ohm, const char *option, const char *question,
                               char secret[OHM_SECRET_SIZE])
{
    const char *path = options_line_value(ohm->line, option);
    if (path == NULL) {
        return ask_terminal(question, secret)
                   ? OHM_DONE
                   : ohm_say(OHM_USAGE,
                             "there is no terminal to ask; use --%s FILE, or '-' for standard "
                             "input",
                             option);
    }
    if (strcmp(path, "-") == 0) {
        return read_line(stdin, secret)
                   ? OHM_DONE
                   : ohm_say(OHM_USAGE, "standard input has no line for --%s", option);
    }
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return ohm_say(OHM_USAGE, "%s: %s", path, strerror(errno));
    }
    const bool is_read = read_line(file, secret);
    (void)fclose(file);
    return is_read ? OHM_DONE : ohm_say(OHM_USAGE, "%s: its first line is empty", path);
}
