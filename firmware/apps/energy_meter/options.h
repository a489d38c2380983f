// SPDX-License-Identifier: MIT
#pragma once

/// What `ohm-device` is told by its configuration file and its command line.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "settings.h"
#include "status.h"

enum { OPTIONS_TEXT_SIZE = 256, OPTIONS_FAULT_SIZE = 256 };

enum options_keystore {
    OPTIONS_KEYSTORE_FILE,
    OPTIONS_KEYSTORE_PKCS11,
    OPTIONS_KEYSTORE_ATECC,
    OPTIONS_KEYSTORE_COUNT
};

struct options {
    struct settings settings;
    char fault[96]; ///< Room for what options_set() complains about.
    char broker_host[OPTIONS_TEXT_SIZE];
    uint32_t broker_port;
    char ca[OPTIONS_TEXT_SIZE];
    char cert[OPTIONS_TEXT_SIZE];
    char key[OPTIONS_TEXT_SIZE];
    bool provisioning; ///< Network and identity come by set-up instead of files.
    char server_url[OPTIONS_TEXT_SIZE];
    bool first_enrolment; ///< Asks for certificates as the first devices did, proving nothing.
    char label_file[OPTIONS_TEXT_SIZE];
    char keystore[OPTIONS_TEXT_SIZE]; ///< See options_keystore().
    char seal_key_file[OPTIONS_TEXT_SIZE];
    char pkcs11_module[OPTIONS_TEXT_SIZE];
    char pkcs11_token[OPTIONS_TEXT_SIZE];
    char pkcs11_pin_file[OPTIONS_TEXT_SIZE]; ///< The PIN itself is no option, so that no list of
                                             ///< processes and no copy of the options shows it.
    char i2c_bus[OPTIONS_TEXT_SIZE];
    uint32_t i2c_address; ///< Of 7 bits.
    char radio_script[OPTIONS_TEXT_SIZE];
    char wifi_interface[OPTIONS_TEXT_SIZE];
    char hotspot_interface[OPTIONS_TEXT_SIZE];
    char portal_address[OPTIONS_TEXT_SIZE];
    uint32_t portal_port;
    char portal_origin[OPTIONS_TEXT_SIZE];
    char captive_dns[OPTIONS_TEXT_SIZE]; ///< "auto", "off" or a port; see options_dns_port().
    bool allow_plain;
    char data_dir[OPTIONS_TEXT_SIZE];
    char run_dir[OPTIONS_TEXT_SIZE]; ///< On a tmpfs: what outlives a restart and no power cut.
    uint32_t journal_kb;
    char adc_source[OPTIONS_TEXT_SIZE];   ///< "synthesizer" or "recording".
    char disturbances[OPTIONS_TEXT_SIZE]; ///< Of the synthesizer's supply, as disturbances.h says.
    uint32_t seed;                        ///< Of the synthesizer: its clouds and its noise.
    char recording[OPTIONS_TEXT_SIZE];
    char recording_format[OPTIONS_TEXT_SIZE]; ///< "i16", "csv" or "wav".
    uint32_t recording_columns;               ///< Values a frame in an i16 file.
    char recording_inputs[OPTIONS_TEXT_SIZE]; ///< Columns of the voltage and the currents, "1,0".
    bool recording_units;                     ///< Values are volts and amperes, not codes.
    bool recording_loop;
    bool paced;     ///< Play at the pace of the clock; otherwise as fast as it can be processed.
    double rate_hz; ///< 0: as the file says.
    double codes_per_volt;
    double codes_per_ampere;
    uint32_t speed;
    bool host_time; ///< The host tells the time; otherwise the server alone does.
    bool seed_profile;
    char profile[OPTIONS_TEXT_SIZE]; ///< "energy_meter" or "smart_plug": what the device is.
    bool once; ///< Leave when the recording has been delivered and acknowledged.
    bool real_time;
    bool journal_simulate_power_cut; ///< For tests: what is not synchronised dies with the process.
    char trace_file[OPTIONS_TEXT_SIZE];
    char pin_trace[OPTIONS_TEXT_SIZE];
};

/// Everything at its default.
void options_init(struct options *options);

/// Sets one option or setting from text. @return NULL, or what is wrong in a few words,
/// until the next call.
const char *options_set(struct options *options, const char *name, const char *text);

/// Checks what belongs together. @return NULL, or what is missing.
const char *options_check(const struct options *options);

/// Where keys are kept. @return OPTIONS_KEYSTORE_COUNT when the option names no such place.
enum options_keystore options_keystore(const struct options *options);

/// Whether names are answered beside the portal while the set-up window is open, and at which port;
/// port 0 takes any. The options have passed options_check().
bool options_dns_port(const struct options *options, uint16_t *port);

/// Prints every option with its meaning and default.
void options_print(FILE *out);
