// SPDX-License-Identifier: MIT

/// Certificates, tokens and revocation, by asking the server.

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"

static void print_certificate(const cJSON *certificate)
{
    const bool is_overdue =
        cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(certificate, "renewal_overdue"));
    (void)printf("%-32s  %-10s  %5.0f  %.12s%s\n", ohm_text(certificate, "device_id"),
                 ohm_text(certificate, "state"), ohm_number(certificate, "days_left", 0.0),
                 ohm_text(certificate, "certificate_id"), is_overdue ? "  not renewed" : "");
}

static void print_awaited(const cJSON *root)
{
    const cJSON *token = NULL;
    cJSON_ArrayForEach(token, cJSON_GetObjectItemCaseSensitive(root, "pending"))
    {
        (void)printf("%-32s  %-10s\n", ohm_text(token, "device_id"), "awaited");
    }
}

enum exit_code ohm_certificates(struct ohm *ohm)
{
    char path[OHM_PATH_SIZE] = "/v1/certificates";
    char id[OHM_ID_SIZE];
    struct fleet_answer answer;

    if (ohm->line->arguments > 0) {
        if (!fleet_client_escape(ohm->line->argument[0], id, sizeof id)) {
            return ohm_say(OHM_USAGE, "%s: no device has such a name", ohm->line->argument[0]);
        }
        (void)snprintf(path, sizeof path, "/v1/certificates?device=%s", id);
    }
    const enum exit_code code = ohm_ask(ohm, "GET", path, NULL, &answer);
    if (code != OHM_DONE) {
        return code;
    }
    if (ohm->json) {
        return puts(answer.body) < 0 ? OHM_FAILED : OHM_DONE;
    }
    cJSON *root = cJSON_ParseWithLength(answer.body, answer.size);
    const cJSON *certificate = NULL;
    unsigned overdue = 0;
    (void)printf("%-32s  %-10s  %5s  %s\n", "DEVICE", "STATE", "DAYS", "CERTIFICATE");
    cJSON_ArrayForEach(certificate, cJSON_GetObjectItemCaseSensitive(root, "certificates"))
    {
        print_certificate(certificate);
        if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(certificate, "renewal_overdue"))) {
            overdue++;
        }
    }
    print_awaited(root);
    if (overdue > 0) {
        (void)ohm_say(OHM_DONE,
                      "%u %s soon and should have been renewed by %s: is it online, and does it "
                      "reach the listener for devices?",
                      overdue, overdue == 1 ? "certificate ends" : "certificates end",
                      overdue == 1 ? "its device" : "their devices");
    }
    cJSON_Delete(root);
    return OHM_DONE;
}

/// POSTs below the device and parses the answer; with --json prints it and leaves `*root` NULL.
static enum exit_code post(struct ohm *ohm, const char *rest, cJSON *body, cJSON **root)
{
    char path[OHM_PATH_SIZE];
    struct fleet_answer answer = { .http_status = 0 };
    char *text = cJSON_PrintUnformatted(body);
    enum exit_code code = OHM_FAILED;
    cJSON_Delete(body);
    *root = NULL;
    if (!ohm_device_path(ohm, rest, path)) {
        code = ohm_say(OHM_USAGE, "%s: no device has such a name", ohm->line->argument[0]);
    } else if (text != NULL) {
        code = ohm_ask(ohm, "POST", path, text, &answer);
    }
    cJSON_free(text);
    if (code == OHM_DONE && ohm->json && answer.body != NULL) {
        return puts(answer.body) < 0 ? OHM_FAILED : OHM_DONE;
    }
    if (code == OHM_DONE && answer.body != NULL) {
        *root = cJSON_ParseWithLength(answer.body, answer.size);
    }
    return code;
}

enum exit_code ohm_token(struct ohm *ohm)
{
    const char *life = options_line_value(ohm->line, "life");
    cJSON *body = cJSON_CreateObject();
    cJSON *root = NULL;
    if (life != NULL) {
        char *end = NULL;
        const double seconds = strtod(life, &end);
        if (end == life || *end != '\0') {
            cJSON_Delete(body);
            return ohm_say(OHM_USAGE, "--life is a number of seconds, not '%s'", life);
        }
        (void)cJSON_AddNumberToObject(body, "life_s", seconds);
    }
    if (options_line_value(ohm->line, "replace") != NULL) {
        (void)cJSON_AddTrueToObject(body, "replaces");
    }
    const enum exit_code code = post(ohm, "/enrolment", body, &root);
    if (root != NULL) {
        // Alone on its line, so that a script can take it.
        (void)printf("%s\n", ohm_text(root, "provisioning_token"));
        cJSON_Delete(root);
    }
    return code;
}

/// Asks, where somebody sits at a terminal. @return false  the answer is no.
static bool may_revoke(const struct ohm *ohm)
{
    char answer[8] = "";
    if (options_line_value(ohm->line, "yes") != NULL || isatty(STDIN_FILENO) == 0) {
        return true;
    }
    (void)fprintf(stderr,
                  "Cut %s off? It comes back as a new device alone, with a new code. [y/N] ",
                  ohm->line->argument[0]);
    return fgets(answer, sizeof answer, stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

enum exit_code ohm_revoke(struct ohm *ohm)
{
    if (!may_revoke(ohm)) {
        return ohm_say(OHM_FAILED, "nothing was revoked");
    }
    const char *reason = options_line_value(ohm->line, "reason");
    cJSON *body = cJSON_CreateObject();
    cJSON *root = NULL;
    if (reason != NULL) {
        (void)cJSON_AddStringToObject(body, "reason", reason);
    }
    const enum exit_code code = post(ohm, "/revocation", body, &root);
    if (root != NULL) {
        const double count = ohm_number(root, "revoked", 0.0);
        (void)printf("%s: %.0f %s revoked\n", ohm_text(root, "device_id"), count,
                     count == 1.0 ? "certificate" : "certificates");
        cJSON_Delete(root);
    }
    return code;
}
