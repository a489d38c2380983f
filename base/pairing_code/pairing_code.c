// SPDX-License-Identifier: MIT
#include "pairing_code.h"

#include <stdbool.h>
#include <string.h>

#include "base32.h"
#include "constant_time.h"
#include "hkdf.h"

const char pairing_code_password_label[] = "em/ap-psk/v1";
const char pairing_code_id_label[] = "em/pair-id/v1";

static const char prefix[] = "EM1:";

enum { PREFIX_SIZE = sizeof prefix - 1, SECRET_TEXT_SIZE = 26, NAME_DIGITS = 6 };

_Static_assert(BASE32_LENGTH(PAIRING_PASSWORD_SEED_SIZE) + 1 == PAIRING_PASSWORD_SIZE, "sixteen");
_Static_assert(BASE32_LENGTH(PAIRING_SECRET_SIZE) == SECRET_TEXT_SIZE, "twenty-six");
_Static_assert(PREFIX_SIZE + PAIRING_ID_LIMIT + 1 + SECRET_TEXT_SIZE + 1 <= PAIRING_CODE_SIZE,
               "room for the longest code");

static bool is_name(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        const char lower = (char)(text[i] | 0x20);
        if (!(text[i] >= '0' && text[i] <= '9') && !(lower >= 'a' && lower <= 'z') &&
            text[i] != '_' && text[i] != '-') {
            return false;
        }
    }
    return size >= 1 && size <= PAIRING_ID_LIMIT;
}

enum status pairing_code_write(const struct pairing_code *code, char text[PAIRING_CODE_SIZE])
{
    const size_t size = strlen(code->device_id);
    if (!is_name(code->device_id, size)) {
        return STATUS_INVALID;
    }
    memcpy(text, prefix, PREFIX_SIZE);
    memcpy(text + PREFIX_SIZE, code->device_id, size);
    text[PREFIX_SIZE + size] = ':';
    base32_encode(code->secret, sizeof code->secret, text + PREFIX_SIZE + size + 1);
    return STATUS_OK;
}

static char capital(char letter)
{
    if (letter >= 'a' && letter <= 'z') {
        return (char)(letter - ('a' - 'A'));
    }
    return letter;
}

static enum status read_parts(const char *text, size_t size, struct pairing_code *code)
{
    char secret[SECRET_TEXT_SIZE];
    size_t secret_size = 0;

    if (size <= PREFIX_SIZE + 1 + SECRET_TEXT_SIZE || memcmp(text, prefix, PREFIX_SIZE) != 0) {
        return STATUS_CORRUPT;
    }
    const size_t name_size = size - PREFIX_SIZE - 1 - SECRET_TEXT_SIZE;
    const char *rest = text + PREFIX_SIZE + name_size;
    if (!is_name(text + PREFIX_SIZE, name_size) || *rest != ':') {
        return STATUS_CORRUPT;
    }
    for (size_t i = 0; i < SECRET_TEXT_SIZE; i++) {
        secret[i] = capital(rest[1 + i]);
    }
    memcpy(code->device_id, text + PREFIX_SIZE, name_size);
    code->device_id[name_size] = '\0';
    const enum status status =
        base32_decode(secret, sizeof secret, code->secret, sizeof code->secret, &secret_size);
    constant_time_wipe(secret, sizeof secret);
    return status == STATUS_OK && secret_size == PAIRING_SECRET_SIZE ? STATUS_OK : STATUS_CORRUPT;
}

enum status pairing_code_read(const char *text, size_t size, struct pairing_code *code)
{
    const enum status status = read_parts(text, size, code);
    if (status != STATUS_OK) {
        constant_time_wipe(code, sizeof *code);
    }
    return status;
}

static enum status derive(const struct crypto *crypto, const uint8_t secret[PAIRING_SECRET_SIZE],
                          const char *label, uint8_t *out, size_t size)
{
    const struct crypto_part info = { label, strlen(label) };
    const struct hkdf hkdf = { .secret = { secret, PAIRING_SECRET_SIZE },
                               .info = &info,
                               .info_count = 1 };
    return hkdf_sha256(crypto, &hkdf, out, size);
}

enum status pairing_code_derive(const struct crypto *crypto,
                                const uint8_t secret[PAIRING_SECRET_SIZE],
                                uint8_t password_seed[PAIRING_PASSWORD_SEED_SIZE],
                                uint8_t id[PAIRING_ID_SIZE])
{
    const enum status status = derive(crypto, secret, pairing_code_password_label, password_seed,
                                      PAIRING_PASSWORD_SEED_SIZE);
    return status == STATUS_OK ? derive(crypto, secret, pairing_code_id_label, id, PAIRING_ID_SIZE)
                               : status;
}

void pairing_code_password(const uint8_t seed[PAIRING_PASSWORD_SEED_SIZE],
                           char password[PAIRING_PASSWORD_SIZE])
{
    base32_encode(seed, PAIRING_PASSWORD_SEED_SIZE, password);
}

void pairing_code_hotspot_name(const char *text, const uint8_t id[PAIRING_ID_SIZE],
                               char name[PAIRING_HOTSPOT_NAME_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    size_t size = 0;
    while (size < PAIRING_PREFIX_LIMIT && text[size] != '\0') {
        name[size] = text[size];
        size++;
    }
    name[size++] = '-';
    for (unsigned i = 0; i < NAME_DIGITS; i++) {
        const uint8_t byte = id[PAIRING_ID_SIZE - NAME_DIGITS / 2 + i / 2];
        name[size++] = digits[i % 2 == 0 ? byte >> 4 : byte & 0x0F];
    }
    name[size] = '\0';
}

/// Text that grows in fixed room.
struct line {
    char *text;
    size_t size;
    bool is_full;
};

static void add(struct line *line, char byte)
{
    if (line->size + 1 < PAIRING_JOIN_SIZE) {
        line->text[line->size++] = byte;
    } else {
        line->is_full = true;
    }
}

static void add_text(struct line *line, const char *text)
{
    for (; *text != '\0'; text++) {
        add(line, *text);
    }
}

static void add_escaped(struct line *line, const char *text)
{
    for (; *text != '\0'; text++) {
        if (strchr("\\;,:\"", *text) != NULL) {
            add(line, '\\');
        }
        add(line, *text);
    }
}

enum status pairing_code_join(const char *name, const char *password, char text[PAIRING_JOIN_SIZE])
{
    enum { NAME_LIMIT = 32, PASSWORD_LIMIT = 63 };
    struct line line = { .text = text };
    if (strlen(name) > NAME_LIMIT || strlen(password) > PASSWORD_LIMIT) {
        return STATUS_FULL;
    }
    add_text(&line, "WIFI:T:WPA;S:");
    add_escaped(&line, name);
    add_text(&line, ";P:");
    add_escaped(&line, password);
    add_text(&line, ";;");
    text[line.size] = '\0';
    return line.is_full ? STATUS_FULL : STATUS_OK;
}
