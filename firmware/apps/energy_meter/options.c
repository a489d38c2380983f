// SPDX-License-Identifier: MIT
#include "options.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host_clock.h"

enum { DNS_PORT = 53 };

enum kind { TEXT, NUMBER, DECIMAL, FLAG };

struct option {
    const char *name;
    enum kind kind;
    size_t offset;
    uint32_t low;
    uint32_t high;
    const char *initial;
    const char *meaning;
};

#define TEXT_OPTION(field, initial, meaning)                                                       \
    {                                                                                              \
#field, TEXT, offsetof(struct options, field), 0, 0, initial, meaning                      \
    }
#define NUMBER_OPTION(field, low, high, initial, meaning)                                          \
    {                                                                                              \
#field, NUMBER, offsetof(struct options, field), low, high, initial, meaning               \
    }
#define DECIMAL_OPTION(field, initial, meaning)                                                    \
    {                                                                                              \
#field, DECIMAL, offsetof(struct options, field), 0, 0, initial, meaning                   \
    }
#define FLAG_OPTION(field, initial, meaning)                                                       \
    {                                                                                              \
#field, FLAG, offsetof(struct options, field), 0, 0, initial, meaning                      \
    }

static const struct option table[] = {
    TEXT_OPTION(broker_host, "localhost", "name or address of the broker"),
    NUMBER_OPTION(broker_port, 1, 65535, "8883", "port of the broker"),
    TEXT_OPTION(ca, "", "certificate of the authority that the broker's comes from (PEM)"),
    TEXT_OPTION(cert, "", "this device's certificate (PEM)"),
    TEXT_OPTION(key, "", "its key (PEM)"),
    FLAG_OPTION(provisioning, "no", "get network and identity by set-up; no cert and key then"),
    TEXT_OPTION(server_url, "", "of the fleet's listener for devices: https://NAME:PORT"),
    FLAG_OPTION(first_enrolment, "no", "ask servers that give no challenge, proving nothing"),
    TEXT_OPTION(label_file, "", "where the first start writes the device's pairing code"),
    TEXT_OPTION(keystore, "file", "where keys are made and kept: file, pkcs11 or atecc608a"),
    TEXT_OPTION(seal_key_file, "", "key of the file; without one seal.key in data_dir"),
    TEXT_OPTION(pkcs11_module, "", "library of the token, such as /usr/lib/softhsm/libsofthsm2.so"),
    TEXT_OPTION(pkcs11_token, "", "label of the token"),
    TEXT_OPTION(pkcs11_pin_file, "", "file with the PIN of the token's user, for its owner alone"),
    TEXT_OPTION(i2c_bus, "/dev/i2c-1", "bus of the ATECC608A, at 100 kHz"),
    NUMBER_OPTION(i2c_address, 8, 119, "53", "address of the ATECC608A on it, 53 is 0x35"),
    TEXT_OPTION(radio_script, "", "networks of a simulated radio; without one nmcli's"),
    TEXT_OPTION(wifi_interface, "", "of NetworkManager, for the user's network"),
    TEXT_OPTION(hotspot_interface, "", "of NetworkManager, for the hotspot"),
    TEXT_OPTION(portal_address, "127.0.0.1", "where the set-up portal listens"),
    NUMBER_OPTION(portal_port, 0, 65535, "8080", "port of the portal, 0 takes any"),
    TEXT_OPTION(portal_origin, "", "the one foreign page that may call the portal"),
    TEXT_OPTION(captive_dns, "auto",
                "port of the hotspot's name server, off, or auto: 53 by nmcli"),
    FLAG_OPTION(allow_plain, "yes", "take credentials unsealed, over the hotspot alone"),
    TEXT_OPTION(data_dir, "", "folder of the journal and all else that survives a power cut"),
    TEXT_OPTION(run_dir, "/dev/shm", "folder on a tmpfs for what survives only a restart"),
    NUMBER_OPTION(journal_kb, 64, 1048576, "16384", "size of a new journal in KB"),
    TEXT_OPTION(adc_source, "synthesizer", "synthesizer or recording"),
    NUMBER_OPTION(seed, 0, UINT32_MAX, "1", "of the synthesizer: its clouds and its noise"),
    TEXT_OPTION(disturbances, "", "of the synthesizer: a script such as dip:600 swell:1800"),
    TEXT_OPTION(recording, "", "file of the recording"),
    TEXT_OPTION(recording_format, "i16", "i16, csv or wav"),
    NUMBER_OPTION(recording_columns, 1, 64, "2", "values a frame in an i16 file"),
    TEXT_OPTION(recording_inputs, "0,1", "columns of the voltage and of the currents"),
    FLAG_OPTION(recording_units, "no", "values are volts and amperes instead of codes"),
    FLAG_OPTION(recording_loop, "no", "start again at the end of the recording"),
    FLAG_OPTION(paced, "yes", "play a recording at the pace of the clock"),
    DECIMAL_OPTION(rate_hz, "0", "frames a second, 0 takes what the source says"),
    DECIMAL_OPTION(codes_per_volt, "1", "scale of the voltage"),
    DECIMAL_OPTION(codes_per_ampere, "1", "scale of the currents"),
    NUMBER_OPTION(speed, 1, HOST_CLOCK_SPEED_LIMIT, "1", "how much faster the device's time runs"),
    FLAG_OPTION(host_time, "yes", "the host tells the time; otherwise the server alone does"),
    FLAG_OPTION(seed_profile, "no", "the cadence of the older meters; single cadences may follow"),
    TEXT_OPTION(profile, "energy_meter",
                "or smart_plug: one relay, open after each start; sizes may follow"),
    FLAG_OPTION(once, "no", "leave when the recording has been delivered and acknowledged"),
    FLAG_OPTION(real_time, "yes", "real-time priorities where the system grants them"),
    FLAG_OPTION(journal_simulate_power_cut, "no",
                "lose what is not on disk when killed, for tests"),
    TEXT_OPTION(trace_file, "", "write every reading down beside the journal, for tests"),
    TEXT_OPTION(pin_trace, "", "record the board's pins in this file on a tmpfs, for tests"),
};

enum { OPTION_COUNT = sizeof table / sizeof table[0] };

static const char *set_text(char *field, const char *text)
{
    if (strlen(text) >= OPTIONS_TEXT_SIZE) {
        return "too long";
    }
    memcpy(field, text, strlen(text) + 1);
    return NULL;
}

static const char *set_number(uint32_t *field, const struct option *option, const char *text)
{
    char *end = NULL;
    errno = 0;
    const unsigned long value = strtoul(text, &end, 10);
    if (errno != 0 || *text < '0' || *text > '9' || *end != '\0' || value < option->low ||
        value > option->high) {
        return "not a number in its range";
    }
    *field = (uint32_t)value;
    return NULL;
}

static const char *set_decimal(double *field, const char *text)
{
    char *end = NULL;
    const double value = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(value)) {
        return "not a number";
    }
    *field = value;
    return NULL;
}

static const char *set_flag(bool *field, const char *text)
{
    static const char *const words[] = { "yes", "no", "true", "false", "on", "off", "1", "0" };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(text, words[i]) == 0) {
            *field = i % 2 == 0;
            return NULL;
        }
    }
    return "neither yes nor no";
}

static const char *set_option(struct options *options, const struct option *option,
                              const char *text)
{
    void *field = (char *)options + option->offset;
    switch (option->kind) {
    case TEXT:
        return set_text(field, text);
    case NUMBER:
        return set_number(field, option, text);
    case DECIMAL:
        return set_decimal(field, text);
    case FLAG:
        return set_flag(field, text);
    }
    return "of no known kind";
}

static bool is_plug(const struct options *options)
{
    return strcmp(options->profile, "smart_plug") == 0;
}

void options_init(struct options *options)
{
    *options = (struct options){ .broker_port = 0 };
    settings_init(&options->settings);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        (void)set_option(options, &table[i], table[i].initial);
    }
}

/// What is wrong with a text that the settings refuse.
static const char *fault_of(struct options *options, const char *name, const char *text)
{
    struct time_zone zone;
    struct tariff tariff;
    struct tariff_fault fault;
    size_t good = 0;
    if (strcmp(name, "tariff") == 0 && tariff_parse(&tariff, text, &fault) != STATUS_OK) {
        (void)snprintf(options->fault, sizeof options->fault, "expected behind %zu characters: %s",
                       fault.at, fault.what);
        return options->fault;
    }
    if (strcmp(name, "time_zone") == 0 && time_zone_parse(&zone, text, &good) != STATUS_OK) {
        (void)snprintf(options->fault, sizeof options->fault,
                       "no POSIX time zone behind %zu characters", good);
        return options->fault;
    }
    return "out of its range";
}

const char *options_set(struct options *options, const char *name, const char *text)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (strcmp(table[i].name, name) == 0) {
            const char *fault = set_option(options, &table[i], text);
            if (fault == NULL && strcmp(name, "seed_profile") == 0 && options->seed_profile) {
                settings_use_seed_profile(&options->settings);
            }
            if (fault == NULL && strcmp(name, "profile") == 0 && is_plug(options)) {
                settings_use_plug_profile(&options->settings);
            }
            return fault;
        }
    }
    switch (settings_set(&options->settings, name, text)) {
    case STATUS_OK:
        return NULL;
    case STATUS_MISSING:
        return "there is no such option";
    case STATUS_INVALID:
    case STATUS_BUSY:
    case STATUS_IO:
    case STATUS_FULL:
    case STATUS_CORRUPT:
        break;
    }
    return fault_of(options, name, text);
}

enum options_keystore options_keystore(const struct options *options)
{
    static const char *const names[OPTIONS_KEYSTORE_COUNT] = {
        [OPTIONS_KEYSTORE_FILE] = "file",
        [OPTIONS_KEYSTORE_PKCS11] = "pkcs11",
        [OPTIONS_KEYSTORE_ATECC] = "atecc608a",
    };
    unsigned kind = 0;
    while (kind < OPTIONS_KEYSTORE_COUNT && strcmp(options->keystore, names[kind]) != 0) {
        kind++;
    }
    return (enum options_keystore)kind;
}

static const char *check_keystore(const struct options *options)
{
    const enum options_keystore kind = options_keystore(options);

    if (kind == OPTIONS_KEYSTORE_COUNT) {
        return "keystore is none of file, pkcs11 and atecc608a";
    }
    if (kind != OPTIONS_KEYSTORE_FILE && !options->provisioning) {
        return "a keystore other than file needs provisioning: cert and key are files";
    }
    if (kind == OPTIONS_KEYSTORE_PKCS11 &&
        (options->pkcs11_module[0] == '\0' || options->pkcs11_token[0] == '\0' ||
         options->pkcs11_pin_file[0] == '\0')) {
        return "keystore pkcs11 needs pkcs11_module, pkcs11_token and pkcs11_pin_file";
    }
    return NULL;
}

static bool has_own_port(const struct options *options)
{
    return strcmp(options->captive_dns, "auto") != 0 && strcmp(options->captive_dns, "off") != 0;
}

bool options_dns_port(const struct options *options, uint16_t *port)
{
    *port = DNS_PORT;
    if (has_own_port(options)) {
        *port = (uint16_t)strtoul(options->captive_dns, NULL, 10);
        return true;
    }
    // A simulated hotspot has no phones, and port 53 of the host belongs to others.
    return strcmp(options->captive_dns, "auto") == 0 && options->radio_script[0] == '\0' &&
           options->hotspot_interface[0] != '\0';
}

/// Checks how the device gets its identity: from files, or by set-up.
static const char *check_way_in(const struct options *options)
{
    const bool has_files = options->cert[0] != '\0' && options->key[0] != '\0';

    if (!options->provisioning && (options->ca[0] == '\0' || !has_files)) {
        return "ca, cert and key must all be set: the broker takes no device without a certificate";
    }
    if (options->provisioning && (options->ca[0] == '\0' || options->server_url[0] == '\0')) {
        return "provisioning needs ca and server_url: whom the device believes, and who signs";
    }
    if (options->provisioning && options->radio_script[0] == '\0' &&
        options->wifi_interface[0] == '\0') {
        return "provisioning needs radio_script or wifi_interface";
    }
    const struct option port = { .low = 0, .high = UINT16_MAX };
    uint32_t number = 0;
    if (has_own_port(options) && set_number(&number, &port, options->captive_dns) != NULL) {
        return "captive_dns is neither auto nor off nor a port";
    }
    return check_keystore(options);
}

const char *options_check(const struct options *options)
{
    const bool recording = strcmp(options->adc_source, "recording") == 0;

    if (options->settings.device_id[0] == '\0') {
        return "device_id is not set";
    }
    if (!is_plug(options) && strcmp(options->profile, "energy_meter") != 0) {
        return "profile is neither energy_meter nor smart_plug";
    }
    if (is_plug(options) && options->settings.restore_relays != 0) {
        return "a smart_plug is open after each start: restore_relays must be 0";
    }
    if (options->settings.demand_sub_min != 0 &&
        options->settings.demand_min % options->settings.demand_sub_min != 0) {
        return "demand_sub_min does not divide demand_min";
    }
    if (options->settings.require_signed_commands != 0 &&
        options->settings.command_key[0] == '\0') {
        return "require_signed_commands needs command_key: whose signature?";
    }
    const char *fault = check_way_in(options);
    if (fault != NULL) {
        return fault;
    }
    if (options->data_dir[0] == '\0') {
        return "data_dir is not set";
    }
    if (!recording && strcmp(options->adc_source, "synthesizer") != 0) {
        return "adc_source is neither synthesizer nor recording";
    }
    if (recording && options->recording[0] == '\0') {
        return "adc_source is recording, but recording is not set";
    }
    if (!(options->codes_per_volt != 0.0) || !(options->codes_per_ampere != 0.0)) {
        return "codes_per_volt and codes_per_ampere cannot be 0";
    }
    if (options->once && (!recording || options->recording_loop)) {
        return "once needs a recording that ends";
    }
    return NULL;
}

void options_print(FILE *out)
{
    for (size_t i = 0; settings_rule_at(i) != NULL; i++) {
        const struct settings_rule *rule = settings_rule_at(i);
        (void)fprintf(out, "  %-20s %s", rule->name, rule->meaning);
        if (!rule->is_text) {
            (void)fprintf(out, " (%u to %u, default %u)", rule->low, rule->high, rule->initial);
        }
        (void)fputc('\n', out);
    }
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const bool has_default = table[i].initial[0] != '\0';
        (void)fprintf(out, "  %-20s %s%s%s%s\n", table[i].name, table[i].meaning,
                      has_default ? " (default " : "", table[i].initial, has_default ? ")" : "");
    }
}
