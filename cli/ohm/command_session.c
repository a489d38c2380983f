// SPDX-License-Identifier: MIT
#include "commands.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "secret_prompt.h"

enum exit_code ohm_login(struct ohm *ohm)
{
    const char *named = options_line_value(ohm->line, "user");
    const char *user = named != NULL ? named : "admin";
    char password[OHM_SECRET_SIZE] = "";
    char question[OHM_SECRET_SIZE];
    char fault[FLEET_FAULT_SIZE] = "";

    (void)snprintf(question, sizeof question, "Password of %s: ", user);
    const enum exit_code code = ohm_read_secret(ohm, "password-file", question, password);
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
