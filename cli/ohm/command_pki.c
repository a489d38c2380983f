// SPDX-License-Identifier: MIT

/// The certificate authority in a folder of this machine. The server is not asked.

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "authority.h"
#include "commands.h"

enum { DAY_S = 86400, HOSTS_SIZE = 1024 };

static void print_line(void *ctx, const struct authority_line *line)
{
    const int64_t *now_s = ctx;
    (void)printf("%6lld days  %-12s  %-8s  %s\n", (long long)((line->not_after_s - *now_s) / DAY_S),
                 line->name, line->has_key ? "key here" : "no key", line->subject);
}

static enum exit_code export_root(struct authority *authority, const char *to)
{
    switch (authority_export_root(authority, to)) {
    case STATUS_OK:
        (void)printf("%s: the root's key; keep it away from this machine\n", to);
        return OHM_DONE;
    case STATUS_MISSING:
        return ohm_say(OHM_FAILED, "the root's key is not in the folder");
    case STATUS_BUSY:
        return ohm_say(OHM_FAILED, "%s: there is such a file already", to);
    case STATUS_INVALID:
    case STATUS_IO:
    case STATUS_FULL:
    case STATUS_CORRUPT:
        break;
    }
    return ohm_say(OHM_FAILED, "%s: cannot be written; the key is still in the folder", to);
}

enum exit_code ohm_pki(struct ohm *ohm)
{
    const struct options_line *line = ohm->line;
    const char *action = line->argument[0];
    const bool making = strcmp(action, "init") == 0;
    const bool exporting = strcmp(action, "export-root") == 0;
    int64_t now_s = (int64_t)time(NULL);
    struct authority_options options = { .folder = line->argument[1],
                                         .now_s = now_s,
                                         .read_only = !making };
    const char *host = options_line_value(line, "host");
    char hosts[HOSTS_SIZE];
    char *rest = NULL;
    char reason[AUTHORITY_REASON_SIZE];
    struct authority *authority = NULL;
    enum exit_code code = OHM_DONE;

    if ((!making && !exporting && strcmp(action, "status") != 0) ||
        exporting != (line->arguments == 3)) {
        return ohm_say(OHM_USAGE,
                       "pki wants init FOLDER, status FOLDER or export-root FOLDER FILE");
    }
    (void)snprintf(hosts, sizeof hosts, "%s", host != NULL ? host : "");
    for (char *name = strtok_r(hosts, " ", &rest);
         name != NULL && options.host_count < AUTHORITY_HOSTS_LIMIT;
         name = strtok_r(NULL, " ", &rest)) {
        options.hosts[options.host_count++] = name;
    }
    if (authority_open(&options, &authority, reason) != STATUS_OK) {
        return ohm_say(OHM_FAILED, "%s", reason);
    }
    if (exporting) {
        code = export_root(authority, line->argument[2]);
    } else {
        authority_list(authority, print_line, &now_s);
        if (authority_warning(authority) != NULL) {
            (void)ohm_say(code, "%s", authority_warning(authority));
        }
    }
    authority_close(authority);
    return code;
}
