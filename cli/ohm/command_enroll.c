// SPDX-License-Identifier: MIT
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "device_client.h"
#include "pairing_input.h"
#include "secret_prompt.h"

enum {
    POLL_S = 1,
    TOKEN_SPARE_S = 300,
    DEFAULT_WAIT_S = 180,
    WAIT_LIMIT_S = 3600,
    ADVICE_AFTER = 3,
    SILENT_LIMIT = 10
};

static const char default_address[] = "http://192.168.4.1";

/// One enrolment on its way.
struct enrolment {
    struct ohm *ohm;
    struct pairing_input input;
    struct device_client *device;
    char wifi_password[OHM_SECRET_SIZE];
    char token[OHM_SECRET_SIZE];
    char address[64]; ///< The device's, in the user's network.
    int left_s;       ///< How long may still be waited.
};

static bool wait_more(struct enrolment *e)
{
    const struct timespec pause = { .tv_sec = POLL_S };
    if (e->left_s <= 0) {
        return false;
    }
    e->left_s -= POLL_S;
    (void)nanosleep(&pause, NULL);
    return true;
}

static enum exit_code read_wait(struct enrolment *e)
{
    const char *text = options_line_value(e->ohm->line, "wait");
    double seconds = DEFAULT_WAIT_S;
    if (text != NULL && !options_number(text, 1.0, WAIT_LIMIT_S, &seconds)) {
        return ohm_say(OHM_USAGE, "--wait %s: a number of seconds from 1 to %d", text,
                       WAIT_LIMIT_S);
    }
    e->left_s = (int)seconds;
    return OHM_DONE;
}

/// A token from the file that was named, or a fresh one from the server that outlives the waiting.
static enum exit_code get_token(struct enrolment *e)
{
    struct ohm *ohm = e->ohm;
    struct fleet_answer answer;
    char path[OHM_PATH_SIZE];
    char body[64];
    if (options_line_value(ohm->line, "token-file") != NULL) {
        return ohm_read_secret(ohm, "token-file", "", e->token);
    }
    (void)snprintf(path, sizeof path, "/v1/devices/%s/enrolment", e->input.code.device_id);
    (void)snprintf(body, sizeof body, "{\"life_s\":%d,\"replaces\":%s}", e->left_s + TOKEN_SPARE_S,
                   options_line_value(ohm->line, "replace") != NULL ? "true" : "false");
    const enum exit_code code = ohm_ask(ohm, "POST", path, body, &answer);
    if (code != OHM_DONE) {
        return code;
    }
    cJSON *root = cJSON_ParseWithLength(answer.body, answer.size);
    (void)snprintf(e->token, sizeof e->token, "%s", ohm_text(root, "provisioning_token"));
    cJSON_Delete(root);
    return e->token[0] != '\0' ? OHM_DONE : ohm_say(OHM_FAILED, "the server gave no token");
}

static enum exit_code read_inputs(struct enrolment *e)
{
    const struct options_line *line = e->ohm->line;
    if (options_line_value(line, "ssid") == NULL) {
        return ohm_say(OHM_USAGE, "say which network the device shall use: --ssid NAME");
    }
    enum exit_code code = read_wait(e);
    if (code == OHM_DONE) {
        code = ohm_read_pairing(e->ohm, &e->input);
    }
    if (code == OHM_DONE && options_line_value(line, "open") == NULL) {
        code = ohm_read_secret(e->ohm, "wifi-password-file",
                               "Password of the network: ", e->wifi_password);
    }
    return code == OHM_DONE ? get_token(e) : code;
}

/// Waits until the device answers, and says how to get to it when it does not.
static enum exit_code reach_device(struct enrolment *e)
{
    struct device_answer answer;
    char fault[DEVICE_FAULT_SIZE] = "";
    int tries = 0;
    while (device_client_call(e->device, "/status", NULL, &answer, fault) != STATUS_OK) {
        if (++tries == ADVICE_AFTER) {
            (void)fprintf(stderr,
                          "Join the device's Wi-Fi %s with this computer; its password is %s.\n",
                          e->input.hotspot, e->input.password);
        }
        if (!wait_more(e)) {
            return ohm_say(OHM_UNREACHABLE, "%s", fault);
        }
    }
    return OHM_DONE;
}

static enum exit_code send_credentials(struct enrolment *e)
{
    char fault[DEVICE_FAULT_SIZE] = "";
    cJSON *root = cJSON_CreateObject();
    const bool is_made =
        cJSON_AddStringToObject(root, "ssid", options_line_value(e->ohm->line, "ssid")) != NULL &&
        cJSON_AddStringToObject(root, "password", e->wifi_password) != NULL &&
        cJSON_AddStringToObject(root, "device_id", e->input.code.device_id) != NULL &&
        cJSON_AddStringToObject(root, "provisioning_token", e->token) != NULL;
    char *text = is_made ? cJSON_PrintUnformatted(root) : NULL;
    cJSON_Delete(root);
    if (text == NULL) {
        return ohm_say(OHM_FAILED, "out of memory");
    }
    enum status status = device_client_pair(e->device, &e->input.code, fault);
    if (status == STATUS_OK) {
        status = device_client_provision(e->device, text, fault);
    }
    explicit_bzero(text, strlen(text));
    cJSON_free(text);
    if (status != STATUS_OK) {
        return ohm_say(status == STATUS_IO ? OHM_UNREACHABLE : OHM_FAILED, "%s", fault);
    }
    (void)fprintf(stderr, "%s has the credentials and tries them.\n", e->input.code.device_id);
    return OHM_DONE;
}

/// What a status of the device means.
enum outcome { TRYING, IN_NETWORK, ON_LINE, REFUSED };

static const struct {
    const char *word;
    const char *sentence;
} reasons[] = {
    { "auth_failed", "the network refused the password" },
    { "not_found", "no network of this name is in reach" },
    { "no_address", "the network gave it no address" },
    { "timed_out", "the network did not answer in time" },
    { "lost", "the connection was lost" },
    { "server_untrusted", "what answers in place of the server is not to be trusted" },
    { "token_missing", "it is new to the server and has no token" },
    { "token_expired", "its token is too old" },
    { "token_already_used", "its token was used already" },
};

static enum outcome explain(const char *reason)
{
    const char *sentence = reason;
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        sentence = strcmp(reasons[i].word, reason) == 0 ? reasons[i].sentence : sentence;
    }
    (void)ohm_say(OHM_FAILED, "the device could not get on line: %s", sentence);
    return REFUSED;
}

/// Whether a reason may still go away by itself.
static bool may_pass(const char *reason)
{
    static const char *const passing[] = { "", "server_unreachable", "server_busy",
                                           "broker_unreachable" };
    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++) {
        if (strcmp(passing[i], reason) == 0) {
            return true;
        }
    }
    return false;
}

static enum outcome read_status(struct enrolment *e, const char *body)
{
    cJSON *root = cJSON_Parse(body);
    const char *state = ohm_text(root, "state");
    const char *reason = ohm_text(root, "reason");
    const bool is_connected = strcmp(ohm_text(root, "status"), "connected") == 0;
    enum outcome outcome = TRYING;
    if (is_connected) {
        const char *ip = ohm_text(root, "ip");
        const bool is_address = ip[strspn(ip, "0123456789abcdefABCDEF.:")] == '\0';
        (void)snprintf(e->address, sizeof e->address, "%s", is_address ? ip : "");
        outcome = strcmp(state, "MQTT_CONNECTED") == 0 ? ON_LINE : IN_NETWORK;
    }
    if (!may_pass(reason) && (is_connected || strcmp(state, "AP_MODE") == 0)) {
        outcome = explain(reason);
    }
    cJSON_Delete(root);
    return outcome;
}

/// Follows the device until it is on line or, if that is enough, in the network. A device that
/// falls silent has closed its hotspot, which it does when all went well.
static enum exit_code follow_device(struct enrolment *e, bool is_network_enough)
{
    struct device_answer answer;
    char fault[DEVICE_FAULT_SIZE] = "";
    int silent = 0;
    while (silent < SILENT_LIMIT && wait_more(e)) {
        if (device_client_call(e->device, "/status", NULL, &answer, fault) != STATUS_OK) {
            silent++;
            continue;
        }
        silent = 0;
        const enum outcome outcome = read_status(e, answer.body);
        if (outcome == REFUSED) {
            return OHM_FAILED;
        }
        if (outcome == ON_LINE || (outcome == IN_NETWORK && is_network_enough)) {
            return OHM_DONE;
        }
    }
    return silent == SILENT_LIMIT ? OHM_DONE
                                  : ohm_say(OHM_UNREACHABLE, "the device is still trying; its "
                                                             "light tells how that ends");
}

/// Waits until the server has the device on line. This computer may be without network meanwhile.
static enum exit_code wait_for_server(struct enrolment *e)
{
    struct ohm *ohm = e->ohm;
    char path[OHM_PATH_SIZE];
    char fault[FLEET_FAULT_SIZE] = "";
    struct fleet_answer answer;
    (void)snprintf(path, sizeof path, "/v1/devices/%s", e->input.code.device_id);
    do {
        bool is_online = false;
        if (fleet_client_call(ohm->client, "GET", path, NULL, &answer, fault) == STATUS_OK) {
            cJSON *root = cJSON_ParseWithLength(answer.body, answer.size);
            is_online = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(root, "online"));
            cJSON_Delete(root);
        }
        if (is_online) {
            return OHM_DONE;
        }
    } while (wait_more(e));
    return ohm_say(OHM_FAILED, "%s is in the network, but the server does not have it on line yet",
                   e->input.code.device_id);
}

static enum exit_code print_result(const struct enrolment *e, bool is_online)
{
    const char *id = e->input.code.device_id;
    const int written =
        e->ohm->json ? printf("{\"device_id\":\"%s\",\"ip\":\"%s\",\"online\":%s}\n", id,
                              e->address, is_online ? "true" : "false")
                     : printf("%s is %s%s%s.\n", id, is_online ? "on line" : "in the network",
                              e->address[0] != '\0' ? ", address " : "", e->address);
    return written > 0 ? OHM_DONE : OHM_FAILED;
}

static enum exit_code enroll(struct enrolment *e)
{
    const char *address = options_line_value(e->ohm->line, "address");
    const bool waits = options_line_value(e->ohm->line, "no-wait") == NULL;
    char fault[DEVICE_FAULT_SIZE] = "";

    enum exit_code code = read_inputs(e);
    if (code != OHM_DONE) {
        return code;
    }
    if (device_client_open(address != NULL ? address : default_address, &e->device, fault) !=
        STATUS_OK) {
        return ohm_say(OHM_USAGE, "%s", fault);
    }
    code = reach_device(e);
    code = code == OHM_DONE ? send_credentials(e) : code;
    code = code == OHM_DONE ? follow_device(e, !waits) : code;
    code = code == OHM_DONE && waits ? wait_for_server(e) : code;
    return code == OHM_DONE ? print_result(e, waits) : code;
}

enum exit_code ohm_enroll(struct ohm *ohm)
{
    struct enrolment e = { .ohm = ohm };
    const enum exit_code code = enroll(&e);
    device_client_close(e.device);
    explicit_bzero(&e, sizeof e);
    return code;
}
