// SPDX-License-Identifier: MIT
#include "radio_script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_LIMIT = 80, CHANNEL_LIMIT = 177, RSSI_LEAST = -127 };

/// One word of a line, with its escapes undone.
struct word {
    char text[WORD_LIMIT + 1];
    size_t size;
    bool is_quoted;
};

struct line {
    const char *at;
    const char *fault; ///< The first one.
};

static const char *blame(struct line *line, const char *fault)
{
    if (line->fault == NULL) {
        line->fault = fault;
    }
    return line->fault;
}

static int digit_of(char byte)
{
    static const char DIGITS[] = "0123456789abcdef";
    const char lower = (char)(byte >= 'A' && byte <= 'F' ? byte + ('a' - 'A') : byte);
    const char *found = lower == '\0' ? NULL : strchr(DIGITS, lower);
    return found == NULL ? -1 : (int)(found - DIGITS);
}

/// Reads what follows a backslash.
static bool take_escape(struct line *line, char *byte)
{
    if (*line->at == '"' || *line->at == '\\') {
        *byte = *line->at++;
        return true;
    }
    const int high = *line->at == 'x' ? digit_of(line->at[1]) : -1;
    const int low = high < 0 ? -1 : digit_of(line->at[2]);
    if (low < 0) {
        return false;
    }
    *byte = (char)(high * 16 + low);
    line->at += 3;
    return true;
}

static void skip_space(struct line *line)
{
    while (*line->at == ' ' || *line->at == '\t' || *line->at == '\r' || *line->at == '\n') {
        line->at++;
    }
}

static bool is_at_end(struct line *line)
{
    skip_space(line);
    return *line->at == '\0' || *line->at == '#';
}

/// Takes the next word. @return false  there is none, or it is not right.
static bool take_word(struct line *line, struct word *word)
{
    *word = (struct word){ .size = 0 };
    if (line->fault != NULL || is_at_end(line)) {
        (void)blame(line, "something is missing at the end");
        return false;
    }
    word->is_quoted = *line->at == '"';
    line->at += word->is_quoted ? 1 : 0;
    while (word->size < WORD_LIMIT) {
        char byte = *line->at;
        if (word->is_quoted ? byte == '"' : (byte == '\0' || strchr(" \t\r\n#\"", byte) != NULL)) {
            line->at += word->is_quoted ? 1 : 0;
            return true;
        }
        if (byte == '\0') {
            (void)blame(line, "a quote is missing");
            return false;
        }
        line->at++;
        if (byte == '\\' && word->is_quoted && !take_escape(line, &byte)) {
            (void)blame(line, "after a backslash comes a quote, a backslash or xHH");
            return false;
        }
        word->text[word->size++] = byte;
    }
    (void)blame(line, "a word is too long");
    return false;
}

static bool is_word(const struct word *word, const char *text)
{
    return !word->is_quoted && strcmp(word->text, text) == 0;
}

static long take_number(struct line *line, long least, long most)
{
    struct word word;
    char *end = NULL;

    if (!take_word(line, &word)) {
        return least;
    }
    errno = 0;
    const long value = strtol(word.text, &end, 10);
    if (word.is_quoted || end == word.text || *end != '\0' || errno != 0 || value < least ||
        value > most) {
        (void)blame(line, "a number is missing or out of range");
        return least;
    }
    return value;
}

static uint32_t take_time(struct line *line)
{
    return (uint32_t)take_number(line, 0, RADIO_SCRIPT_TIME_LIMIT_MS);
}

static void take_dhcp(struct line *line, struct radio_network *network)
{
    struct line rest = *line;
    struct word word;

    network->never_dhcp = take_word(&rest, &word) && is_word(&word, "never");
    if (network->never_dhcp) {
        *line = rest;
    } else {
        network->dhcp_ms = take_time(line);
    }
}

static void take_password(struct line *line, struct radio_network *network)
{
    struct word word;

    if (!take_word(line, &word)) {
        return;
    }
    if (word.size < WIFI_PASSWORD_LEAST || word.size > WIFI_PASSWORD_LIMIT ||
        memchr(word.text, '\0', word.size) != NULL) {
        (void)blame(line, "a password has 8 to 64 characters");
        return;
    }
    memcpy(network->password, word.text, word.size + 1);
}

static void take_name(struct line *line, struct radio_network *network)
{
    struct word word;

    if (!take_word(line, &word)) {
        return;
    }
    if (!word.is_quoted || word.size == 0 || word.size > WIFI_SSID_LIMIT) {
        (void)blame(line, "a network has a name of 1 to 32 bytes in quotes");
        return;
    }
    memcpy(network->ssid, word.text, word.size);
    network->ssid_size = (uint8_t)word.size;
}

static int find(const struct radio_script *script, const struct radio_network *network)
{
    for (unsigned i = 0; i < script->network_count; i++) {
        if (script->networks[i].ssid_size == network->ssid_size &&
            memcmp(script->networks[i].ssid, network->ssid, network->ssid_size) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static void read_network(struct radio_script *script, struct line *line)
{
    struct radio_network network = { .channel = 1,
                                     .rssi_dbm = -60,
                                     .is_on = true,
                                     .join_ms = RADIO_SCRIPT_JOIN_MS,
                                     .dhcp_ms = RADIO_SCRIPT_DHCP_MS };
    struct word word;

    take_name(line, &network);
    while (line->fault == NULL && !is_at_end(line) && take_word(line, &word)) {
        if (is_word(&word, "channel")) {
            network.channel = (uint8_t)take_number(line, 1, CHANNEL_LIMIT);
        } else if (is_word(&word, "rssi")) {
            network.rssi_dbm = (int8_t)take_number(line, RSSI_LEAST, 0);
        } else if (is_word(&word, "password")) {
            take_password(line, &network);
        } else if (is_word(&word, "join_ms")) {
            network.join_ms = take_time(line);
        } else if (is_word(&word, "dhcp_ms")) {
            take_dhcp(line, &network);
        } else if (is_word(&word, "off")) {
            network.is_on = false;
        } else {
            (void)blame(line, "a network has channel, rssi, password, join_ms, dhcp_ms and off");
        }
    }
    if (find(script, &network) >= 0) {
        (void)blame(line, "there is a network of that name");
    } else if (script->network_count == RADIO_SCRIPT_NETWORKS) {
        (void)blame(line, "there are too many networks");
    }
    if (line->fault == NULL) {
        script->networks[script->network_count++] = network;
    }
}

static void read_change(struct radio_script *script, struct line *line)
{
    struct radio_change change = { .at_ms = take_time(line) };
    struct word word;

    if (!take_word(line, &word)) {
        return;
    }
    take_name(line, &change.after);
    if (is_word(&word, "off") || is_word(&word, "on")) {
        change.kind = is_word(&word, "on") ? RADIO_CHANGE_ON : RADIO_CHANGE_OFF;
    } else if (is_word(&word, "password")) {
        change.kind = RADIO_CHANGE_PASSWORD;
        take_password(line, &change.after);
    } else if (is_word(&word, "dhcp_ms")) {
        change.kind = RADIO_CHANGE_DHCP;
        take_dhcp(line, &change.after);
    } else if (is_word(&word, "rssi")) {
        change.kind = RADIO_CHANGE_RSSI;
        change.after.rssi_dbm = (int8_t)take_number(line, RSSI_LEAST, 0);
    } else {
        (void)blame(line, "at a time come off, on, password, dhcp_ms or rssi");
    }
    const int network = find(script, &change.after);
    if (network < 0) {
        (void)blame(line, "there is no network of that name");
    } else if (script->change_count == RADIO_SCRIPT_CHANGES) {
        (void)blame(line, "there are too many changes");
    } else if (script->change_count > 0 &&
               script->changes[script->change_count - 1].at_ms > change.at_ms) {
        (void)blame(line, "changes come in the order of their times");
    }
    if (line->fault == NULL && is_at_end(line)) {
        change.network = (uint8_t)network;
        script->changes[script->change_count++] = change;
    }
}

void radio_script_init(struct radio_script *script)
{
    *script = (struct radio_script){ .scan_ms = RADIO_SCRIPT_SCAN_MS };
}

const char *radio_script_line(struct radio_script *script, const char *text)
{
    struct line line = { .at = text };
    struct word word;

    if (is_at_end(&line)) {
        return NULL;
    }
    if (!take_word(&line, &word)) {
        return line.fault;
    }
    if (is_word(&word, "network")) {
        read_network(script, &line);
    } else if (is_word(&word, "at")) {
        read_change(script, &line);
    } else if (is_word(&word, "scan_ms")) {
        const uint32_t scan_ms = take_time(&line);
        if (line.fault == NULL && is_at_end(&line)) {
            script->scan_ms = scan_ms;
        }
    } else {
        return "a line begins with network, at or scan_ms";
    }
    if (line.fault == NULL && !is_at_end(&line)) {
        return "there is more than was asked for";
    }
    return line.fault;
}

enum status radio_script_load(struct radio_script *script, const char *path, char *fault,
                              size_t capacity)
{
    char line[RADIO_SCRIPT_LINE_LIMIT];
    FILE *file = fopen(path, "re");
    const char *wrong = NULL;
    unsigned number = 0;

    radio_script_init(script);
    if (file == NULL) {
        (void)snprintf(fault, capacity, "%s: %s", path, strerror(errno));
        return STATUS_IO;
    }
    while (wrong == NULL && fgets(line, sizeof line, file) != NULL) {
        number++;
        wrong = strlen(line) == sizeof line - 1 ? "the line is too long"
                                                : radio_script_line(script, line);
    }
    const bool failed = ferror(file) != 0;
    (void)fclose(file);
    if (wrong != NULL) {
        (void)snprintf(fault, capacity, "%s line %u: %s", path, number, wrong);
        return STATUS_CORRUPT;
    }
    if (failed) {
        (void)snprintf(fault, capacity, "%s cannot be read", path);
        return STATUS_IO;
    }
    return STATUS_OK;
}
