// SPDX-License-Identifier: MIT
#pragma once

/// The commands of `ohm`: each reads its part of the command line, asks the server, and prints.
/// Results go to standard output, everything else to standard error.

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "fleet_client.h"
#include "options_line.h"
#include "session_file.h"

enum exit_code {
    OHM_DONE = 0,
    OHM_FAILED = 1,      ///< The server or the device said no.
    OHM_USAGE = 2,       ///< A wrong command line.
    OHM_SIGNED_OUT = 3,  ///< Sign in first.
    OHM_UNREACHABLE = 4, ///< No answer.
};

enum { OHM_PATH_SIZE = 512, OHM_ID_SIZE = 128 };

struct ohm {
    const struct options_line *line;
    struct cli_session session;
    char session_path[CLI_PATH_SIZE];
    struct fleet_client *client;
    bool json; ///< Print what the server said, and nothing else.
};

struct ohm_command {
    const char *name;
    const char *arguments; ///< As the help shows them.
    const char *purpose;   ///< One line.
    const char *help;      ///< More, with the options; may be NULL.
    size_t arguments_least;
    size_t arguments_most;
    const struct option_rule *options; ///< Besides the common ones; may be NULL.
    enum exit_code (*run)(struct ohm *ohm);
};

/// The `index`-th command, NULL behind the last.
const struct ohm_command *ohm_command_at(size_t index);

/// Prints "ohm: " and a sentence to standard error, and returns `code`.
enum exit_code ohm_say(enum exit_code code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/// Sends a request; on failure says why. `*answer` is valid until the next request.
enum exit_code ohm_ask(struct ohm *ohm, const char *method, const char *path, const char *body,
                       struct fleet_answer *answer);

/// GETs a path below the device that the first argument names, and parses it. With --json prints it
/// instead and leaves `*root` NULL. The caller deletes `*root`.
enum exit_code ohm_get(struct ohm *ohm, const char *rest, cJSON **root);

/// "/v1/devices/ID" + `rest` for the device that the first argument names.
bool ohm_device_path(const struct ohm *ohm, const char *rest, char path[OHM_PATH_SIZE]);

/// A member as text, fit for a terminal, or number; "" and 0 (or `missing`) where it is not there.
const char *ohm_text(const cJSON *object, const char *name);
double ohm_number(const cJSON *object, const char *name, double missing);

enum exit_code ohm_login(struct ohm *ohm);
enum exit_code ohm_enroll(struct ohm *ohm);
enum exit_code ohm_qr(struct ohm *ohm);
enum exit_code ohm_logout(struct ohm *ohm);
enum exit_code ohm_devices(struct ohm *ohm);
enum exit_code ohm_show(struct ohm *ohm);
enum exit_code ohm_relay(struct ohm *ohm);
enum exit_code ohm_registers(struct ohm *ohm);
enum exit_code ohm_preset(struct ohm *ohm);
enum exit_code ohm_harmonics(struct ohm *ohm);
enum exit_code ohm_events(struct ohm *ohm);
enum exit_code ohm_calibrate(struct ohm *ohm);
enum exit_code ohm_wiring(struct ohm *ohm);
enum exit_code ohm_linearity(struct ohm *ohm);
enum exit_code ohm_demand(struct ohm *ohm);
enum exit_code ohm_tamper(struct ohm *ohm);
enum exit_code ohm_certificates(struct ohm *ohm);
enum exit_code ohm_token(struct ohm *ohm);
enum exit_code ohm_revoke(struct ohm *ohm);
enum exit_code ohm_audit(struct ohm *ohm);
enum exit_code ohm_pki(struct ohm *ohm);
