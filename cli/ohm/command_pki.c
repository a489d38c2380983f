// SPDX-License-Identifier: MIT

/// The certificate authority in a folder of this machine. The server is not asked.

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "authority.h"
#include "commands.h"

enum { DAY_S = 86400, HOSTS_SIZE = 1024 };

struct listing {
    int64_t now_s;
    cJSON *certificates; ///< NULL: print lines.
};

static void list_one(void *ctx, const struct authority_line *line)
{
    const struct listing *listing = ctx;
    const long long days = (long long)((line->not_after_s - listing->now_s) / DAY_S);
    if (listing->certificates == NULL) {
        (void)printf("%6lld days  %-12s  %-8s  %s\n", days, line->name,
                     line->has_key ? "key here" : "no key", line->subject);
        return;
    }
    cJSON *one = cJSON_CreateObject();
    (void)cJSON_AddStringToObject(one, "name", line->name);
    (void)cJSON_AddStringToObject(one, "subject", line->subject);
    (void)cJSON_AddNumberToObject(one, "not_after_ms", (double)line->not_after_s * 1000.0);
    (void)cJSON_AddNumberToObject(one, "days_left", (double)days);
    (void)cJSON_AddBoolToObject(one, "has_key", line->has_key);
    (void)cJSON_AddItemToArray(listing->certificates, one);
}

/// Lists what there is, and says what should be done soon.
static enum exit_code list_all(const struct authority *authority, int64_t now_s, bool as_json)
{
    struct listing listing = { .now_s = now_s };
    cJSON *root = as_json ? cJSON_CreateObject() : NULL;
    const char *warning = authority_warning(authority);
    enum exit_code code = OHM_DONE;
    if (as_json) {
        listing.certificates = cJSON_AddArrayToObject(root, "certificates");
    }
    authority_list(authority, list_one, &listing);
    if (as_json) {
        (void)cJSON_AddItemToObject(
            root, "warning", warning != NULL ? cJSON_CreateString(warning) : cJSON_CreateNull());
        char *text = cJSON_PrintUnformatted(root);
        code = text != NULL && puts(text) >= 0 ? OHM_DONE : OHM_FAILED;
        cJSON_free(text);
        cJSON_Delete(root);
    } else if (warning != NULL) {
        (void)ohm_say(code, "%s", warning);
    }
    return code;
}

static enum exit_code export_root(struct authority *authority, const char *to)
{
    switch (authority_export_root(authority, to)) {
    case STATUS_OK:
        (void)printf("%s: the root's key; keep it, and a copy, away from this machine\n", to);
        return OHM_DONE;
    case STATUS_MISSING:
        return ohm_say(OHM_FAILED,
                       "the root's key is not in the folder: it was moved away already");
    case STATUS_BUSY:
        return ohm_say(OHM_FAILED, "%s: there is another file of that name", to);
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
                                         .renew = options_line_value(line, "renew") != NULL,
                                         .read_only = !making };
    const char *host = options_line_value(line, "host");
    char hosts[HOSTS_SIZE];
    char *rest = NULL;
    char reason[AUTHORITY_REASON_SIZE];
    struct authority *authority = NULL;
    enum exit_code code = OHM_DONE;

    if ((!making && !exporting && strcmp(action, "status") != 0) ||
        exporting != (line->arguments == 3) || (options.renew && !making)) {
        return ohm_say(OHM_USAGE,
                       "pki wants init FOLDER [--renew], status FOLDER or export-root FOLDER FILE");
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
        code = list_all(authority, now_s, ohm->json);
    }
    authority_close(authority);
    return code;
}
