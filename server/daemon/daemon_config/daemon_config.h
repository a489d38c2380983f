// SPDX-License-Identifier: MIT
#pragma once

/// The configuration of ohmd: a file of `key = value` lines, `#` starts a comment line, and
/// environment variables OHMD_KEY override it. Secrets are names of files, never values. The keys
/// are listed once, in daemon_config.c; docs/operations.md explains them.

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { DAEMON_PATH_SIZE = 512, DAEMON_NAME_SIZE = 128 };

struct daemon_config {
    char store_path[DAEMON_PATH_SIZE];
    char accounts_path[DAEMON_PATH_SIZE];
    bool store_simulate_power_cut; ///< For tests: what is not synced is lost when the process dies.
    char broker_host[DAEMON_NAME_SIZE];
    unsigned broker_port;
    char broker_ca_file[DAEMON_PATH_SIZE];
    char broker_certificate_file[DAEMON_PATH_SIZE];
    char broker_key_file[DAEMON_PATH_SIZE];
    char command_key_file[DAEMON_PATH_SIZE];   ///< Made when there is none; empty: signs nothing.
    char identity_list_file[DAEMON_PATH_SIZE]; ///< For the broker's guard; empty: it has none.
    char identity_folder[DAEMON_PATH_SIZE];    ///< Certificates made by pki.sh; empty: none.
    char guard_socket[DAEMON_PATH_SIZE];       ///< Where the guard reports to; empty: nowhere.
    char lab_device[DAEMON_NAME_SIZE];         ///< Empty: no device speaks the flat topics.
    unsigned flood_messages_per_s;
    unsigned queue_kib;
    char https_address[DAEMON_NAME_SIZE];
    unsigned https_port;
    char https_certificate_file[DAEMON_PATH_SIZE]; ///< Empty: no HTTPS listener.
    char https_key_file[DAEMON_PATH_SIZE];
    bool http_local;
    unsigned http_local_port;
    char dashboard_folder[DAEMON_PATH_SIZE];            ///< Empty: none is served.
    char administrator_password_file[DAEMON_PATH_SIZE]; ///< Empty: the first password is logged.
    char authority_folder[DAEMON_PATH_SIZE];            ///< Empty: this server enrols nobody.
    char authority_hosts[DAEMON_PATH_SIZE]; ///< More names of this server, with spaces between.
    char crl_url[DAEMON_PATH_SIZE];         ///< What device certificates say of it; empty: nothing.
    char devices_address[DAEMON_NAME_SIZE];
    unsigned devices_port;
    unsigned certificate_life_h;
    unsigned certificate_life_s; ///< For rehearsals, instead of hours; 0: the hours count.
    unsigned token_life_s;
    unsigned renewal_grace_days;
    unsigned enrolment_burst;
    unsigned enrolment_refill_ms;
    unsigned request_burst;
    unsigned request_refill_ms;
};

/// Fills in the defaults.
void daemon_config_init(struct daemon_config *config);

/// Reads a file. @return false  and in `error` a sentence that names file, line and cause.
bool daemon_config_read(struct daemon_config *config, const char *path, char *error,
                        size_t error_size);

/// Reads from an open stream in the same way; `name` is what the sentence calls it.
bool daemon_config_read_stream(struct daemon_config *config, FILE *file, const char *name,
                               char *error, size_t error_size);

/// Takes the OHMD_… variables of `environment`, which ends with NULL. Names that begin so and are
/// no key are errors too.
bool daemon_config_read_environment(struct daemon_config *config, const char *const *environment,
                                    char *error, size_t error_size);

/// Checks what can be checked without opening anything: needed keys and their ranges.
bool daemon_config_check(const struct daemon_config *config, char *error, size_t error_size);
